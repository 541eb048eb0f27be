// Histograms as Prometheus has them, classic (a counter for each `le`) and native, as counters of the judge's own
// buckets. Where a bucket lies across a border of the judge's, it goes where its (geometric) middle is. Pure.
import { isJsonArray, ownProperty, type Json, type JsonObject } from "../../lib/json.ts";
import type { EpochMs } from "../../lib/time.ts";
import { UnreadableAnswer, type RangeSeries, type Sample } from "../prometheus-answer.ts";
import type { CounterSeries } from "./increments.ts";

/** The judge's borders and the unit of the histogram: how many milliseconds its 1 is. */
export interface Buckets {
  readonly edgesMs: readonly number[];
  readonly unitMs: number;
}

/** Borders that differ by less are the same: 0.005 s and 5 ms. */
const sameBorder = 1e-9;

/** Which of the judge's buckets values in (low, high] go to. */
function placeOf(low: number, high: number, { edgesMs, unitMs }: Buckets): number {
  const [from, to] = [low * unitMs, high * unitMs];
  const isWithin = (edge: number): boolean => to <= edge * (1 + sameBorder);
  const whole = edgesMs.findIndex(isWithin);
  const crosses = whole > 0 && from < (edgesMs[whole - 1] ?? 0) * (1 - sameBorder);
  if (whole !== -1 && !crosses) return whole;
  const middle = from > 0 ? Math.sqrt(from * to) : to / 2;
  const found = edgesMs.findIndex((edge) => middle <= edge);
  return found === -1 ? edgesMs.length : found;
}

interface Counted {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

function asBuckets(counted: readonly Counted[], buckets: Buckets): readonly number[] {
  const sums = Array<number>(buckets.edgesMs.length + 1).fill(0);
  for (const { low, high, count } of counted) {
    const place = placeOf(low, high, buckets);
    sums[place] = (sums[place] ?? 0) + count;
  }
  return sums;
}

function borderOf(text: string | undefined): number {
  return text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text ?? Number.NaN);
}

/** The counters of one series of buckets at one scrape, by rising border. */
type Cumulative = readonly (readonly [le: number, count: number])[];

function classicCounts(cumulative: Cumulative): readonly Counted[] {
  return cumulative.map(([high, count], index) => {
    const [low, before] = cumulative[index - 1] ?? [0, 0];
    // Scraped while it was being written to, a bucket may be behind the one below it.
    return { low: Math.max(0, low), high, count: Math.max(0, count - before) };
  });
}

function withoutLe({ labels }: RangeSeries): string {
  const names = Object.keys(labels).filter((name) => name !== "le");
  return JSON.stringify(names.sort().map((name) => [name, labels[name]]));
}

function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()];
}

function classicSeries(
  group: readonly RangeSeries[],
  target: string,
  buckets: Buckets,
): CounterSeries {
  const at = new Map<EpochMs, [number, number][]>();
  for (const { labels, values } of group) {
    const le = borderOf(labels["le"]);
    if (Number.isNaN(le)) throw new UnreadableAnswer(`le="${labels["le"] ?? ""}" is no number`);
    for (const { atMs, value } of values) {
      const counters = at.get(atMs) ?? [];
      counters.push([le, value]);
      at.set(atMs, counters);
    }
  }
  const samples = [...at]
    .sort(([a], [b]) => a - b)
    .map(([atMs, counters]) => {
      const rising = counters.sort(([a], [b]) => a - b);
      return { atMs, value: asBuckets(classicCounts(rising), buckets) };
    });
  return { target, samples };
}

function numberAt(list: readonly Json[], index: number): number {
  const text = list[index];
  const value = typeof text === "string" ? borderOf(text.replace(/^\+?Inf$/, "+Inf")) : Number.NaN;
  if (Number.isNaN(value)) throw new UnreadableAnswer("bad_response: a bucket that is none");
  return value;
}

/** `[rule, "left", "right", "count"]` each; durations are not negative. */
function nativeCounts(histogram: JsonObject): readonly Counted[] {
  const buckets = ownProperty(histogram, "buckets") ?? [];
  if (!isJsonArray(buckets)) throw new UnreadableAnswer("bad_response: buckets that are no list");
  return buckets.map((bucket) => {
    const list = isJsonArray(bucket) ? bucket : [];
    const [low, high, count] = [numberAt(list, 1), numberAt(list, 2), numberAt(list, 3)];
    return { low: Math.max(0, low), high: Math.max(0, high), count };
  });
}

function nativeSeries(series: RangeSeries, target: string, buckets: Buckets): CounterSeries {
  const samples = series.histograms.map(({ atMs, value }): Sample<readonly number[]> => ({
    atMs,
    value: asBuckets(nativeCounts(value), buckets),
  }));
  return { target, samples, regroups: true };
}

/** The counters of all histograms in an answer. Throws an UnreadableAnswer for what is no histogram. */
export function histogramCounters(
  all: readonly RangeSeries[],
  targetOf: (series: RangeSeries) => string,
  buckets: Buckets,
): readonly CounterSeries[] {
  const native = all.filter(({ histograms }) => histograms.length > 0);
  const classic = all.filter(
    ({ histograms, values }) => histograms.length === 0 && values.length > 0,
  );
  const plain = classic.find(({ labels }) => !Object.hasOwn(labels, "le"));
  if (plain !== undefined) {
    const name = plain.labels["__name__"] ?? "a series";
    throw new UnreadableAnswer(`${name} has no label le: it is no histogram; ask for its _bucket`);
  }
  const grouped = groupedBy(classic, withoutLe).flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [classicSeries(group, targetOf(first), buckets)];
  });
  return [...grouped, ...native.map((series) => nativeSeries(series, targetOf(series), buckets))];
}

/** The borders of the classic histograms in an answer, to tell whether two versions have the same. */
export function classicBorders(all: readonly RangeSeries[]): readonly number[] {
  const borders = all.flatMap(({ labels }) =>
    labels["le"] === undefined ? [] : [borderOf(labels["le"])],
  );
  return [...new Set(borders)].sort((a, b) => a - b);
}
