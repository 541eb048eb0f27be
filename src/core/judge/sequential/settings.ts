// The settings with everything filled in and prepared, and what can be wrong with them.
import { fnv1a32Text } from "../../../lib/fnv.ts";
import { invariant } from "../../../lib/invariant.ts";
import type {
  CountMetric,
  ErrorsMetric,
  LatencyMetric,
  MeanMetric,
  SequentialConfig,
  SequentialMetric,
  SlopeMetric,
} from "./config.ts";
import { comparedEdges, edgeProblems, type ComparedEdge } from "./edges.ts";

/** 16 borders from 5 ms to 5 s, each 1.585 times the last: five to a power of ten. */
export const defaultEdgesMs: readonly number[] = Array.from({ length: 16 }, (_, index) =>
  Number((5 * 10 ** (index / 5)).toPrecision(4)),
);

interface Common {
  readonly name: string;
  /** Its share of the whole, 0 to 1. */
  readonly weight: number;
  readonly margin: number;
  readonly warmUpMs: number;
}

export type MetricSettings =
  | (Common & {
      readonly kind: "errors" | "count";
      readonly better: "higher" | "lower";
      readonly objective: number | undefined;
      readonly negligible: number | undefined;
    })
  | (Common & {
      readonly kind: "latency";
      readonly edgesMs: readonly number[];
      readonly compared: readonly ComparedEdge[];
      readonly marginOf: "odds" | "slower";
      readonly objective: { readonly edge: number; readonly share: number } | undefined;
    })
  | (Common & {
      readonly kind: "mean";
      readonly better: "higher" | "lower";
      readonly atMost: number | undefined;
      readonly blockMs: number;
    })
  | (Common & { readonly kind: "slope"; readonly blockMs: number });

export interface Settings {
  readonly alpha: number;
  /** log(1 / alpha): what the whole evidence must reach. */
  readonly threshold: number;
  /** log(K / alpha): what the evidence of one metric must reach for it to be blamed. */
  readonly blameThreshold: number;
  readonly safeRatio: number;
  readonly guarded: boolean;
  readonly equalSized: boolean;
  /** log(1 / level); Infinity when the guard is off. */
  readonly sampleRatioThreshold: number;
  readonly noDataAfterMs: number;
  readonly metrics: readonly MetricSettings[];
  readonly fingerprint: string;
}

const defaults = {
  alpha: 0.01,
  margin: 0.2,
  safeRatio: 2,
  warmUpMs: 0,
  sampleRatioLevel: 0.001,
  noDataAfterMs: 60_000,
  meanBlockMs: 10_000,
  slopeBlockMs: 30_000,
  marginPerHour: 0.05,
} as const;

interface Bounds {
  readonly above?: number;
  readonly least?: number;
  readonly below?: number;
  readonly most?: number;
}

function boundsText({ above, least, below, most }: Bounds): string {
  const lower = above === undefined ? `from ${least ?? 0}` : `more than ${above}`;
  if (below !== undefined) return `${lower} and less than ${below}`;
  return most === undefined ? lower : `${lower} to ${most}`;
}

function numberProblem(
  where: string,
  value: number | undefined,
  bounds: Bounds,
): readonly string[] {
  if (value === undefined) return [];
  const { above = -Infinity, least = -Infinity, below = Infinity, most = Infinity } = bounds;
  const isInside = value > above && value >= least && value < below && value <= most;
  return isInside && Number.isFinite(value)
    ? []
    : [`${where} is ${value}; use a number ${boundsText(bounds)}.`];
}

/** Counted events are good ones unless said otherwise. Then a margin of everything would allow everything. */
function isHigherBetter(metric: SequentialMetric): boolean {
  if (metric.kind === "count") return metric.better !== "lower";
  return metric.kind === "mean" && metric.better === "higher";
}

/** `judge`: where its margin and its R₀ come from, if it names none. */
function metricProblems(
  metric: SequentialMetric,
  where: string,
  judge: SequentialConfig,
): readonly string[] {
  const { margin = defaults.margin, safeRatio = defaults.safeRatio } = judge;
  const common = [
    ...(metric.name === "" ? [`${where}.name is empty; give the metric a name.`] : []),
    ...numberProblem(`${where}.weight`, metric.weight, { above: 0 }),
    ...numberProblem(`${where}.warmUpMs`, metric.warmUpMs, { least: 0 }),
    ...numberProblem(
      metric.margin === undefined ? "margin" : `${where}.margin`,
      metric.margin ?? margin,
      {
        least: 0,
        ...(isHigherBetter(metric) ? { below: 1 } : {}),
      },
    ),
  ];
  switch (metric.kind) {
    case "errors":
      return [
        ...common,
        ...numberProblem(`${where}.objective.share`, metric.objective?.share, {
          above: 0,
          most: 1,
        }),
        ...numberProblem(`${where}.negligible`, metric.negligible, {
          above: 0,
          below: 1 / safeRatio,
        }),
      ];
    case "latency":
      return [
        ...common,
        ...numberProblem(`${where}.objective.share`, metric.objective?.share, {
          above: 0,
          most: 1,
        }),
        ...edgeProblems({ edgesMs: defaultEdgesMs, margin, ...metric }, where),
      ];
    case "mean":
      return [
        ...common,
        ...numberProblem(`${where}.atMost`, metric.atMost, { above: 0 }),
        ...numberProblem(`${where}.blockMs`, metric.blockMs, { above: 0 }),
      ];
    case "slope":
      return [
        ...common,
        ...numberProblem(`${where}.marginPerHour`, metric.marginPerHour, { least: 0 }),
        ...numberProblem(`${where}.blockMs`, metric.blockMs, { above: 0 }),
      ];
    case "count":
      return common;
  }
}

/** What is wrong with the settings, one sentence each: where · what · what to do. Empty = nothing. */
export function problemsOf(config: SequentialConfig): readonly string[] {
  const names = config.metrics.map(({ name }) => name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...(names.length === 0 ? ["metrics is empty; name at least one metric to judge by."] : []),
    ...twice.map((name) => `metrics: ${name} is there twice; give each metric a name of its own.`),
    ...numberProblem("alpha", config.alpha, { above: 0, below: 1 }),
    ...numberProblem("blameFactor", config.blameFactor, { least: 1 }),
    ...numberProblem("safeRatio", config.safeRatio, { above: 1 }),
    ...numberProblem("warmUpMs", config.warmUpMs, { least: 0 }),
    ...numberProblem("sampleRatioLevel", config.sampleRatioLevel, { least: 0, below: 1 }),
    ...numberProblem("noDataAfterMs", config.noDataAfterMs, { above: 0 }),
    ...config.metrics.flatMap((metric, index) =>
      metricProblems(metric, `metrics[${index}]`, config),
    ),
  ];
}

function latencySettings(metric: LatencyMetric, common: Common): MetricSettings {
  const edgesMs = metric.edgesMs ?? defaultEdgesMs;
  const marginOf = metric.marginOf ?? "odds";
  const { objective } = metric;
  return {
    ...common,
    kind: "latency",
    edgesMs,
    marginOf,
    compared: comparedEdges(edgesMs, marginOf === "slower" ? common.margin : 0),
    objective:
      objective === undefined
        ? undefined
        : { edge: edgesMs.indexOf(objective.slowerThanMs), share: objective.share },
  };
}

function countSettings(metric: ErrorsMetric | CountMetric, common: Common): MetricSettings {
  const { kind } = metric;
  if (kind === "count") {
    const better = isHigherBetter(metric) ? "higher" : "lower";
    return { ...common, kind, better, objective: undefined, negligible: undefined };
  }
  const { objective, negligible } = metric;
  return { ...common, kind, better: "lower", objective: objective?.share, negligible };
}

function meanSettings(metric: MeanMetric, common: Common): MetricSettings {
  const { better, atMost, blockMs = defaults.meanBlockMs } = metric;
  return { ...common, kind: "mean", better, atMost, blockMs };
}

function slopeSettings(metric: SlopeMetric, common: Common): MetricSettings {
  const { marginPerHour = defaults.marginPerHour, blockMs = defaults.slopeBlockMs } = metric;
  return { ...common, kind: "slope", margin: marginPerHour, blockMs };
}

function metricSettings(
  metric: SequentialMetric,
  config: SequentialConfig,
  sum: number,
): MetricSettings {
  const margin = metric.margin ?? config.margin ?? defaults.margin;
  const warmUpMs = metric.warmUpMs ?? config.warmUpMs ?? defaults.warmUpMs;
  const common = { name: metric.name, weight: (metric.weight ?? 1) / sum, margin, warmUpMs };
  switch (metric.kind) {
    case "errors":
    case "count":
      return countSettings(metric, common);
    case "latency":
      return latencySettings(metric, common);
    case "mean":
      return meanSettings(metric, common);
    case "slope":
      return slopeSettings(metric, common);
  }
}

function prepared(config: SequentialConfig): Settings {
  const [problem] = problemsOf(config);
  invariant(problem === undefined, `settings of the sequential judge: ${problem ?? ""}`);
  const { alpha = defaults.alpha, sampleRatioLevel = defaults.sampleRatioLevel } = config;
  const sum = config.metrics.reduce((all, { weight = 1 }) => all + weight, 0);
  // In the order of names, so that sums of floating-point numbers do not depend on the order in the manifest.
  const byName = config.metrics.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const settings = {
    alpha,
    threshold: -Math.log(alpha),
    blameThreshold: Math.log((config.blameFactor ?? config.metrics.length) / alpha),
    safeRatio: config.safeRatio ?? defaults.safeRatio,
    guarded: config.clumps !== "off",
    equalSized: config.baseline === "equal-sized",
    sampleRatioThreshold: -Math.log(sampleRatioLevel),
    noDataAfterMs: config.noDataAfterMs ?? defaults.noDataAfterMs,
    metrics: byName.map((metric) => metricSettings(metric, config, sum)),
  };
  const fingerprint = fnv1a32Text(JSON.stringify(settings)).toString(16).padStart(8, "0");
  return { ...settings, fingerprint };
}

const known = new WeakMap<SequentialConfig, Settings>();

/** The settings of a configuration, prepared once for each object. Throws when `problemsOf` names a problem. */
export function settingsOf(config: SequentialConfig): Settings {
  const before = known.get(config);
  if (before !== undefined) return before;
  const settings = prepared(config);
  known.set(config, settings);
  return settings;
}
