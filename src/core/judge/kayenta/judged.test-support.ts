// Series and settings to judge. Only for tests.
import fc from "fast-check";
import { createRng, next } from "../../../lib/rng.ts";
import { judgeKayenta, type KayentaEvidence } from "./kayenta.ts";
import {
  defaultAnalysis,
  type JudgedMetric,
  type KayentaSettings,
  type MetricAnalysis,
  type MetricSeries,
} from "./settings.ts";

export type Mode = KayentaSettings["mode"];

export const analysis = (more: Partial<MetricAnalysis> = {}): MetricAnalysis => ({
  ...defaultAnalysis,
  ...more,
});
export const metric = (
  name: string,
  more: Partial<MetricAnalysis> = {},
  groups = ["g"],
): JudgedMetric => ({
  name,
  groups,
  analysis: analysis(more),
});
export const series = (
  name: string,
  experiment: readonly number[],
  control: readonly number[],
): MetricSeries => ({ metric: name, tags: "", experiment, control });

export function judge(
  mode: Mode,
  metrics: readonly JudgedMetric[],
  all: readonly MetricSeries[],
  groupWeights: KayentaSettings["groupWeights"] = {},
) {
  const thresholds = { pass: 95, marginal: 75 };
  return judgeKayenta({ mode, metrics, groupWeights, thresholds }, all);
}

export function judgeOne(
  mode: Mode,
  experiment: readonly number[],
  control: readonly number[],
  more: Partial<MetricAnalysis> = {},
) {
  const judgement = judge(mode, [metric("m", more)], [series("m", experiment, control)]);
  const [one] = judgement.evidence.metrics;
  if (one === undefined) throw new Error("nothing was judged");
  return { ...judgement, one };
}

export const labelIn = (...args: Parameters<typeof judgeOne>) => judgeOne(...args).one.label;

/** Sixty points around a mean, always the same for a seed. */
export function points(mean: number, spread: number, seed: number, count = 60): readonly number[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => {
    const sum = next(rng) + next(rng) + next(rng) + next(rng) - 2;
    return mean + spread * sum * Math.sqrt(3);
  });
}
export const times = (count: number, value: number): readonly number[] =>
  Array<number>(count).fill(value);

export const steady = points(10, 1, 1);
export const alike = points(10, 1, 2);
export const higher = points(15, 1, 3);

export const wholes = fc.array(
  fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constant(Number.NaN)),
  {
    maxLength: 40,
  },
);
export const anything = fc.array(
  fc.oneof(
    fc.double(),
    fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE),
  ),
  { maxLength: 30 },
);
export const settingsOf = fc.record({
  direction: fc.constantFrom("increase", "decrease", "either"),
  nanStrategy: fc.constantFrom("remove", "replace"),
  critical: fc.boolean(),
  mustHaveData: fc.boolean(),
  outliers: fc.record({
    strategy: fc.constantFrom("keep", "remove"),
    outlierFactor: fc.constant(3),
  }),
}) as fc.Arbitrary<Partial<MetricAnalysis>>;

export function comparable({ metrics, score }: KayentaEvidence) {
  return { score, labels: metrics.map(({ label, isCritical }) => ({ label, isCritical })) };
}
