// From the classifications of all series to one score: groups, weights, and what takes it to 0.
import type { Classification, Label } from "./classification.ts";
import type { JudgedMetric, KayentaSettings } from "./settings.ts";

export interface ClassifiedSeries extends Classification {
  readonly metric: JudgedMetric;
  readonly tags: string;
}

export interface GroupScore {
  readonly name: string;
  /** 0 to 100. */
  readonly score: number;
  /** The share of the whole, in percent. */
  readonly weight: number;
  /** Series that counted, for or against. */
  readonly counted: number;
}

export interface Score {
  /** 0 to 100, to two places. */
  readonly score: number;
  readonly groups: readonly GroupScore[];
  /** What took it to 0, if something did. */
  readonly zeroedBy?: string;
}

/** What each label is worth: 1 = passed, 0 = not passed, undefined = does not count. */
export type Worth = Readonly<Record<Label, 0 | 1 | undefined>>;

const decided = { Pass: 1, High: 0, Low: 0, NodataFailMetric: 0 } as const;
export const worthInKayenta: Worth = { ...decided, Nodata: undefined, Error: undefined };
/** The least and the most a score can be when it is not known how metrics without data would have done. */
export const worthAtLeast: Worth = { ...decided, Nodata: 0, Error: 0 };
export const worthAtMost: Worth = { ...decided, Nodata: 1, Error: 0 };

/** The names of groups in the order the metrics name them. */
function groupsOf(series: readonly ClassifiedSeries[]): readonly string[] {
  return [...new Set(series.flatMap(({ metric }) => metric.groups))];
}

function groupScore(
  name: string,
  series: readonly ClassifiedSeries[],
  worth: Worth,
): Omit<GroupScore, "weight"> {
  const counting = series
    .filter(({ metric }) => metric.groups.includes(name))
    .flatMap(({ label }) => worth[label] ?? []);
  const passed = counting.reduce<number>((sum, one) => sum + one, 0);
  const counted = counting.length;
  // Kayenta takes a group in which nothing counted for a good one.
  return { name, counted, score: counted === 0 ? 100 : (100 * passed) / counted };
}

type Weights = KayentaSettings["groupWeights"];

function withWeights(
  groups: readonly Omit<GroupScore, "weight">[],
  weights: Weights,
): readonly GroupScore[] {
  const known = (name: string): number | undefined =>
    Object.hasOwn(weights, name) ? weights[name] : undefined;
  const rest = 100 - Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  const sharing = groups.filter(({ name }) => known(name) === undefined).length;
  return groups.map((group) => ({ ...group, weight: known(group.name) ?? rest / sharing }));
}

/** Half a hundredth goes up, by the number as it is written: 33.335 becomes 33.34. */
function toTwoPlaces(value: number): number {
  const scaled = Number(`${value}e2`);
  return Number.isNaN(scaled) ? Math.round(value * 100) / 100 : Math.round(scaled) / 100;
}

/** The critical metric that did not pass. */
export function criticalFailure(series: readonly ClassifiedSeries[]): string | undefined {
  const critical = series.find(({ isCritical, label }) => isCritical && label !== "Pass");
  return critical && `${critical.metric.name} is critical`;
}

/** Kayenta's rule for half of the metrics without data. */
export function missingHalf(series: readonly ClassifiedSeries[]): string | undefined {
  const missing = series.filter(({ label }) => label === "Nodata").length;
  if (missing === 0 || missing / series.length < 0.5) return undefined;
  return `${missing} of ${series.length} metrics have no data`;
}

/** The score of these series, none of them muted. */
export function scoreOf(
  series: readonly ClassifiedSeries[],
  weights: Weights,
  worth: Worth,
  zeroedBy?: string,
): Score {
  const groups = withWeights(
    groupsOf(series).map((name) => groupScore(name, series, worth)),
    weights,
  );
  if (zeroedBy !== undefined) return { score: 0, groups, zeroedBy };
  const sum = groups.reduce((total, { score, weight }) => total + score * (weight / 100), 0);
  return { score: toTwoPlaces(sum), groups };
}
