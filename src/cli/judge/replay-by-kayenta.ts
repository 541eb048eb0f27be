// Recorded ticks as Kayenta would have seen them: points of ten seconds of both versions, compared metric by metric.
import { recordedTicks } from "../../core/judge/recorded/record.ts";
import { judgeKayenta } from "../../core/judge/kayenta/kayenta.ts";
import {
  defaultAnalysis,
  effectSizeWithDefaults,
  type Direction,
  type JudgedMetric,
  type KayentaSettings,
  type MetricSeries,
} from "../../core/judge/kayenta/settings.ts";
import type { SequentialMetric } from "../../core/judge/sequential/config.ts";
import { defaultEdgesMs } from "../../core/judge/sequential/settings.ts";
import type { BothSamples, Sample, Tick } from "../../core/judge/sequential/tick.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { JsonObject } from "../../lib/json.ts";
import { sequentialSettingsOf } from "../../metrics/sequential/config.ts";
import { CliError } from "../command.ts";
import { formatTable } from "../render/table.ts";
import type { ReadMetric } from "./judged-run.ts";

const pointMs = 10_000;
const quantile = 0.95;
/** What Kayenta's own page puts in. */
const thresholds = { pass: 95, marginal: 75 };

/** The edge below which 95 % of the requests lie. */
function slowEdgeMs(buckets: readonly number[], edgesMs: readonly number[]): number {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return NaN;
  let seen = 0;
  const index = buckets.findIndex((count) => (seen += count) >= total * quantile);
  return edgesMs[Math.min(index, edgesMs.length - 1)] ?? NaN;
}

/** One point of one version from the samples of its stretch; NaN = no data. */
function pointOf(samples: readonly Sample[], metric: SequentialMetric): number {
  let [over, under] = [0, 0];
  const buckets: number[] = [];
  for (const sample of samples) {
    if ("buckets" in sample)
      sample.buckets.forEach((count, index) => (buckets[index] = (buckets[index] ?? 0) + count));
    else if ("count" in sample) [over, under] = [over + sample.count, under + sample.total];
    else if ("sum" in sample) [over, under] = [over + sample.sum, under + sample.values];
    else [over, under] = [over + sample.level, under + 1];
  }
  if (metric.kind === "latency") return slowEdgeMs(buckets, metric.edgesMs ?? defaultEdgesMs);
  return under === 0 ? NaN : over / under;
}

function seriesOf(ticks: readonly Tick[], metric: SequentialMetric): MetricSeries {
  const stretches = new Map<number, BothSamples[]>();
  for (const { fromMs, samples } of ticks) {
    const both = samples[metric.name];
    if (both === undefined) continue;
    const key = Math.floor(fromMs / pointMs);
    stretches.set(key, [...(stretches.get(key) ?? []), both]);
  }
  const points = (arm: "canary" | "stable"): readonly number[] =>
    [...stretches.values()].map((all) =>
      pointOf(
        all.map((both) => both[arm]),
        metric,
      ),
    );
  return { metric: metric.name, tags: "", control: points("stable"), experiment: points("canary") };
}

function worseOf(metric: SequentialMetric): Direction {
  if (metric.kind === "count") return metric.better === "lower" ? "increase" : "decrease";
  return metric.kind === "mean" && metric.better === "higher" ? "decrease" : "increase";
}

/** As much change is allowed as the sequential judge would: its margin. */
function kayentaMetric(metric: SequentialMetric, margin: number): JudgedMetric {
  const allowed = metric.margin ?? margin;
  const effectSize = effectSizeWithDefaults({
    allowedIncrease: 1 + allowed,
    allowedDecrease: Math.max(0, 1 - allowed),
  });
  const analysis = { ...defaultAnalysis, direction: worseOf(metric), effectSize };
  return { name: metric.name, groups: [metric.name], analysis };
}

/** The record as the Kayenta judge sees it. Throws a CliError when there is none. */
export function judgeByKayenta(
  { metric, record }: ReadMetric,
  mode: KayentaSettings["mode"],
): { readonly lines: readonly string[]; readonly json: JsonObject } {
  if (record === undefined)
    throw new CliError(`metric ${metric.name}: nothing has been recorded yet`);
  const { judge } = sequentialSettingsOf(metric);
  const read = recordedTicks(judge, record);
  if (read === undefined)
    throw new CliError(`metric ${metric.name}: what was recorded is damaged, it cannot be read`);
  const ticks = [...read.older, ...read.exact];
  const metrics = judge.metrics.map((each) => kayentaMetric(each, judge.margin ?? 0.2));
  const settings: KayentaSettings = { metrics, groupWeights: {}, thresholds, mode };
  const series = judge.metrics.map((each) => seriesOf(ticks, each));
  const judgement = judgeKayenta(settings, series);
  const { evidence, sentence, verdict } = judgement;
  const rows = evidence.metrics.map(({ metric: { name }, label, reason }) => [name, label, reason]);
  const points = Math.max(0, ...series.map(({ experiment }) => experiment.length));
  return {
    lines: [
      `metric ${metric.name}, as the Kayenta judge sees it (${mode}, ${String(points)} points of ${String(pointMs / 1000)} s): ${verdict}`,
      `  ${sentence}`,
      "",
      ...formatTable([["METRIC", "RESULT", "WHY"], ...rows]).map((line) => `  ${line}`),
    ],
    json: asJson({ name: metric.name, judge: "kayenta", mode, points, ...judgement }),
  };
}
