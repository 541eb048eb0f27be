// Series as Prometheus returns them, on one grid of time and in pairs of control and experiment.
import type { KayentaSettings, MetricSeries } from "../../core/judge/kayenta/settings.ts";
import type { EpochMs } from "../../lib/time.ts";
import { UnreadableAnswer, type RangeSeries } from "../prometheus-answer.ts";

/** `count` points from `startMs` on, one each `stepMs`. */
export interface Grid {
  readonly startMs: EpochMs;
  readonly stepMs: number;
  readonly count: number;
}

/** The last whole steps before `now` that lie within `lookbackMs`: the same for all who ask within one step. */
export function gridBefore(now: EpochMs, stepMs: number, lookbackMs: number): Grid {
  const endMs = Math.floor(now / stepMs) * stepMs;
  const count = Math.floor(lookbackMs / stepMs);
  return { startMs: endMs - (count - 1) * stepMs, stepMs, count };
}

export function endOf({ startMs, stepMs, count }: Grid): EpochMs {
  return startMs + (count - 1) * stepMs;
}

/** The points of one series; NaN where there is none. */
function onGrid({ values, histograms }: RangeSeries, grid: Grid): readonly number[] {
  if (histograms.length > 0) {
    throw new UnreadableAnswer(
      "the query gives native histograms, not numbers; ask for histogram_quantile or histogram_avg of them",
    );
  }
  const points = Array<number>(grid.count).fill(Number.NaN);
  for (const { atMs, value } of values) {
    const index = Math.round((atMs - grid.startMs) / grid.stepMs);
    if (index >= 0 && index < grid.count) points[index] = value;
  }
  return points;
}

function tagsOf({ labels }: RangeSeries): string {
  const names = Object.keys(labels).sort();
  const pairs = names.map((name) => `${name}=${JSON.stringify(labels[name])}`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** What was answered for one metric. */
export interface AnsweredMetric {
  readonly metric: string;
  readonly scopeName: string;
  readonly control: readonly RangeSeries[];
  readonly experiment: readonly RangeSeries[];
}

/**
 * One series on either side is a pair, whatever their labels; more are paired by their labels, and one that has no
 * partner is a metric without data on the other side.
 */
function paired(
  { metric, control, experiment }: AnsweredMetric,
  grid: Grid,
): readonly MetricSeries[] {
  const points = (series: RangeSeries | undefined): readonly number[] =>
    series === undefined ? [] : onGrid(series, grid);
  if (control.length <= 1 && experiment.length <= 1) {
    return [{ metric, tags: "", control: points(control[0]), experiment: points(experiment[0]) }];
  }
  const [before, after] = [control, experiment].map(
    (side) => new Map(side.map((series) => [tagsOf(series), series])),
  );
  const all = [...new Set([...control, ...experiment].map(tagsOf))].sort();
  return all.map((tags) => ({
    metric,
    tags,
    control: points(before?.get(tags)),
    experiment: points(after?.get(tags)),
  }));
}

type Side = "control" | "experiment";

/** The points of the grid at which a side has a value in any of its series. */
function aliveAt(all: readonly MetricSeries[], side: Side, { count }: Grid): readonly boolean[] {
  return Array.from({ length: count }, (_, index) =>
    all.some((series) => !Number.isNaN(series[side][index] ?? Number.NaN)),
  );
}

/** Without the moments at which nothing at all was measured of a side: a zero would be invented there. */
function whileAlive(all: readonly MetricSeries[], grid: Grid): readonly MetricSeries[] {
  const alive = {
    control: aliveAt(all, "control", grid),
    experiment: aliveAt(all, "experiment", grid),
  };
  const kept = (series: MetricSeries, side: Side): readonly number[] =>
    series[side].filter((_, index) => alive[side][index]);
  return all.map((series) => ({
    ...series,
    control: kept(series, "control"),
    experiment: kept(series, "experiment"),
  }));
}

/** All that was answered, ready to be judged. Throws an UnreadableAnswer for what is no number. */
export function seriesOf(
  answers: readonly AnsweredMetric[],
  grid: Grid,
  mode: KayentaSettings["mode"],
): readonly MetricSeries[] {
  const scopes = [...new Set(answers.map(({ scopeName }) => scopeName))];
  return scopes.flatMap((scope) => {
    const of = answers.filter(({ scopeName }) => scopeName === scope);
    const all = of.flatMap((answer) => paired(answer, grid));
    return mode === "strict" ? whileAlive(all, grid) : all;
  });
}
