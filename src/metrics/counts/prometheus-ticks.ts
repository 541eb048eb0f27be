// From the raw samples of both versions to ticks. Pure.
import type { BothSamples, Sample, Tick } from "../../core/judge/sequential/tick.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import type { EpochMs } from "../../lib/time.ts";
import { UnreadableAnswer, type RangeSeries } from "../prometheus-answer.ts";
import { classicBorders, histogramCounters } from "./histograms.ts";
import {
  incrementsOf,
  scrapesOf,
  stretchesOf,
  type CounterSeries,
  type Scrapes,
} from "./increments.ts";
import type { Counting } from "./prometheus-config.ts";
import {
  countedIn,
  exact,
  gridOf,
  isWatched,
  knownUntil,
  whole,
  type Stretch,
} from "./tick-grid.ts";

/** The series of one metric and one version, by what they are for. */
export type Arm = Readonly<
  Partial<
    Record<"total" | "part" | "histogram" | "sum" | "count" | "gauge", readonly RangeSeries[]>
  >
>;

export interface AnsweredCounting {
  readonly counting: Counting;
  readonly canary: Arm;
  readonly stable: Arm;
}

/** What is scraped at once: a series disappears and appears with the others of its target. */
function targetOf({ labels }: RangeSeries): string {
  return JSON.stringify([labels["job"] ?? "", labels["instance"] ?? "", labels["pod"] ?? ""]);
}

function counters(series: readonly RangeSeries[] = []): readonly CounterSeries[] {
  return series.map((one) => {
    const bad = one.values.find(({ value }) => !(value >= 0 && value < Infinity));
    if (bad !== undefined) {
      const name = one.labels["__name__"] ?? "a series";
      throw new UnreadableAnswer(`${name} is ${bad.value} at a time, which no counter is`);
    }
    const samples = one.values.map(({ atMs, value }) => ({ atMs, value: [value] }));
    return { target: targetOf(one), samples };
  });
}

/** What an arm says of a stretch; undefined = nobody looked. */
interface Reading {
  readonly scrapes: ReadonlyMap<string, Scrapes>;
  readonly read: (stretch: Stretch) => Sample | undefined;
}

/** The sum of what all series counted in a stretch. */
function summed(
  all: readonly CounterSeries[],
  scrapes: ReadonlyMap<string, Scrapes>,
  width: number,
  rounding = whole,
): (stretch: Stretch) => readonly number[] {
  const increments = all.map((series) => {
    const known = scrapes.get(series.target);
    return known === undefined ? [] : incrementsOf(series, known);
  });
  return (stretch) => countedIn(stretch, increments.flat(), width, rounding);
}

function watchedBy(scrapes: ReadonlyMap<string, Scrapes>): (stretch: Stretch) => boolean {
  const watched = [...scrapes.values()].flatMap(stretchesOf);
  return (stretch) => isWatched(stretch, watched);
}

function shareReading(arm: Arm): Reading {
  const [all, parts] = [counters(arm.total), counters(arm.part)];
  const scrapes = scrapesOf(all);
  const [total, part] = [summed(all, scrapes, 1), summed(parts, scrapes, 1)];
  const isSeen = watchedBy(scrapes);
  const read = (stretch: Stretch): Sample | undefined => {
    if (!isSeen(stretch)) return undefined;
    const [of = 0] = total(stretch);
    const [counted = 0] = part(stretch);
    // Counters of their own may be rounded apart by one.
    return { total: of, count: Math.min(of, counted) };
  };
  return { scrapes, read };
}

function histogramReading(arm: Arm, counting: Extract<Counting, { kind: "histogram" }>): Reading {
  const all = histogramCounters(arm.histogram ?? [], targetOf, counting);
  const scrapes = scrapesOf(all);
  const buckets = summed(all, scrapes, counting.edgesMs.length + 1);
  const isSeen = watchedBy(scrapes);
  return {
    scrapes,
    read: (stretch) => (isSeen(stretch) ? { buckets: buckets(stretch) } : undefined),
  };
}

function meanReading(arm: Arm): Reading {
  const [counts, sums] = [counters(arm.count), counters(arm.sum)];
  const scrapes = scrapesOf(counts);
  const count = summed(counts, scrapes, 1);
  const sum = summed(sums, scrapes, 1, exact);
  const isSeen = watchedBy(scrapes);
  const read = (stretch: Stretch): Sample | undefined => {
    if (!isSeen(stretch)) return undefined;
    const [values = 0] = count(stretch);
    const [total = 0] = sum(stretch);
    return { values, sum: values === 0 ? 0 : total };
  };
  return { scrapes, read };
}

/** A gauge may be unknown for a while; what it is then is no data. */
function known({ labels, values, histograms }: RangeSeries): RangeSeries {
  return { labels, histograms, values: values.filter(({ value }) => Number.isFinite(value)) };
}

function gaugeTargets(all: readonly RangeSeries[]): ReadonlyMap<string, Scrapes> {
  return scrapesOf(
    all.map((one) => ({
      target: targetOf(one),
      samples: one.values.map(({ atMs }) => ({ atMs, value: [] })),
    })),
  );
}

function gaugeReading(arm: Arm, kind: "values" | "level"): Reading {
  const all = (arm.gauge ?? []).map(known);
  const read = (stretch: Stretch): Sample | undefined => {
    const seen = all
      .map(({ values }) =>
        values.filter(({ atMs }) => atMs > stretch.fromMs && atMs <= stretch.toMs),
      )
      .filter((values) => values.length > 0);
    if (seen.length === 0) return undefined;
    if (kind === "values") {
      const values = seen.flat();
      return { values: values.length, sum: values.reduce((sum, { value }) => sum + value, 0) };
    }
    const last = seen.map((values) => values.at(-1)?.value ?? 0);
    return { level: last.reduce((sum, value) => sum + value, 0) / last.length };
  };
  return { scrapes: gaugeTargets(all), read };
}

function readingOf(counting: Counting, arm: Arm): Reading {
  switch (counting.kind) {
    case "share":
      return shareReading(arm);
    case "histogram":
      return histogramReading(arm, counting);
    case "mean":
      return meanReading(arm);
    case "values":
    case "level":
      return gaugeReading(arm, counting.kind);
  }
}

interface BothReadings {
  readonly counting: Counting;
  readonly canary: Reading;
  readonly stable: Reading;
}

function tickOf(stretch: Stretch, readings: readonly BothReadings[]): Tick | undefined {
  const entries = readings.flatMap(({ counting, canary, stable }): [string, BothSamples][] => {
    const both = { canary: canary.read(stretch), stable: stable.read(stretch) };
    if (both.canary === undefined || both.stable === undefined) return [];
    return [[counting.name, { canary: both.canary, stable: both.stable }]];
  });
  if (entries.length === 0) return undefined;
  const errors = readings.find(({ counting }) => counting.kind === "share" && counting.isErrors);
  const samples = Object.fromEntries(entries);
  const counted = errors && samples[errors.counting.name];
  if (counted === undefined || !("total" in counted.canary) || !("total" in counted.stable)) {
    return { ...stretch, samples };
  }
  const requests = { canary: counted.canary.total, stable: counted.stable.total };
  return { ...stretch, requests, samples };
}

/** Histograms whose borders differ cannot be compared: that is said, and their metric has no data. */
function bordersProblem({ counting, canary, stable }: AnsweredCounting): string | undefined {
  const [before, after] = [stable, canary].map(({ histogram = [] }) => classicBorders(histogram));
  if (before?.length === 0 || after?.length === 0 || deepEqual(before, after)) return undefined;
  return `${counting.name}: canary and stable count in different buckets (le ${(after ?? []).join(" ")} and ${(before ?? []).join(" ")})`;
}

export interface Ticks {
  readonly ticks: readonly Tick[];
  readonly problem?: string;
}

/** The whole ticks since `sinceMs` of which all is known. Throws an UnreadableAnswer. */
export function ticksOf(
  answers: readonly AnsweredCounting[],
  {
    sinceMs,
    now,
    tickMs,
  }: { readonly sinceMs: EpochMs; readonly now: EpochMs; readonly tickMs: number },
): Ticks {
  const problems = answers.flatMap((answer) => bordersProblem(answer) ?? []);
  const comparable = answers.filter((answer) => bordersProblem(answer) === undefined);
  const readings = comparable.map(({ counting, canary, stable }) => ({
    counting,
    canary: readingOf(counting, canary),
    stable: readingOf(counting, stable),
  }));
  const targets = readings.flatMap(({ canary, stable }) => [
    ...canary.scrapes.values(),
    ...stable.scrapes.values(),
  ]);
  const untilMs = knownUntil(targets, tickMs);
  const grid = untilMs === undefined ? [] : gridOf(sinceMs, Math.min(untilMs, now), tickMs);
  const ticks = grid.flatMap((stretch) => tickOf(stretch, readings) ?? []);
  return problems.length === 0 ? { ticks } : { ticks, problem: problems.join("; ") };
}
