// Latency histograms with logarithmic buckets, and the arithmetic on snapshots of cumulative counters.
// A writer keeps one Float64Array per series and adds one to `bucketOf(ms)`; a reader takes sparse
// snapshots, subtracts an earlier one and asks for quantiles of the difference. Every value read back is
// within 1 % of the value recorded (the DDSketch guarantee), so histograms of equal layout add up exactly.

/** Half the width of a bucket relative to its value: the largest error of a quantile read back. */
const relativeError = 0.01;
/** The ratio of two neighbouring bucket borders. */
const gamma = (1 + relativeError) / (1 - relativeError);
const logGamma = Math.log(gamma);
/** Everything up to 10 microseconds shares the first bucket. */
const smallestMs = 0.01;
const offset = Math.ceil(Math.log(smallestMs) / logGamma);
/** 1,024 buckets reach past two hours; slower values share the last one. */
export const latencyBucketCount = 1024;

/**
 * A histogram as it travels. Bucket `index` holds values in milliseconds in the half-open interval
 * (gamma^(index + offset - 1), gamma^(index + offset)]; `counts` lists the non-empty buckets by rising index.
 */
export interface LatencyHistogram {
  readonly gamma: number;
  readonly offset: number;
  readonly counts: readonly (readonly [index: number, count: number])[];
}

/** One row of counters that only ever grow while the writer's epoch stays the same. */
export interface CounterSeries {
  readonly backend: string;
  readonly version: string;
  readonly counters: Readonly<Record<string, number>>;
  readonly latency: LatencyHistogram;
}

/** Everything a writer has counted since it started, at one moment. */
export interface CounterSnapshot {
  /** Names one life of the writer; counters of different epochs have nothing to do with each other. */
  readonly epoch: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly series: readonly CounterSeries[];
}

/** What happened between two snapshots. `restarted`: the writer began anew in between, and what it counted before that is gone. */
export interface CounterDelta {
  readonly restarted: boolean;
  readonly fromMs: number;
  readonly toMs: number;
  readonly series: readonly CounterSeries[];
}

/** What was counted from one moment to another; series without anything are left out. */
export interface CounterInterval {
  readonly fromMs: number;
  readonly toMs: number;
  readonly series: readonly CounterSeries[];
}

/** What a writer remembers of its recent past, oldest first. The last interval ends where `snapshot` was taken. */
export interface CounterPast {
  readonly intervals: readonly CounterInterval[];
  readonly snapshot: CounterSnapshot;
}

/** Whether anything at all was counted. */
export function hasCounts({ counters }: CounterSeries): boolean {
  return Object.values(counters).some((value) => value > 0);
}

/** The bucket of a duration in milliseconds, 0 to `latencyBucketCount - 1`. Not a number counts as the shortest. */
export function latencyBucketOf(valueMs: number): number {
  if (!(valueMs > smallestMs)) return 0;
  const index = Math.ceil(Math.log(valueMs) / logGamma) - offset;
  return index < latencyBucketCount ? Math.max(index, 0) : latencyBucketCount - 1;
}

/** The travelling form of a full row of buckets. */
export function latencyHistogramOf(buckets: Float64Array): LatencyHistogram {
  const counts: (readonly [number, number])[] = [];
  buckets.forEach((count, index) => {
    if (count > 0) counts.push([index, count]);
  });
  return { gamma, offset, counts };
}

/** How many values were recorded. */
export function latencyCount(histogram: LatencyHistogram): number {
  return histogram.counts.reduce((sum, [, count]) => sum + count, 0);
}

/**
 * The value in milliseconds below which the share `quantile` (0 to 1) of the recorded values lies,
 * within 1 %; undefined when nothing was recorded. Ranks are `quantile × (n − 1)`, rounded down.
 */
export function latencyQuantileMs(
  histogram: LatencyHistogram,
  quantile: number,
): number | undefined {
  const total = latencyCount(histogram);
  if (total === 0) return undefined;
  const rank = Math.floor(Math.min(Math.max(quantile, 0), 1) * (total - 1));
  let seen = 0;
  for (const [index, count] of histogram.counts) {
    seen += count;
    if (seen > rank) return latencyBucketMiddleMs(histogram, index);
  }
  return undefined;
}

/** The share (0 to 1) of recorded values at or below `limitMs`, to a bucket's width; undefined when nothing was recorded. */
export function latencyShareWithin(
  histogram: LatencyHistogram,
  limitMs: number,
): number | undefined {
  const total = latencyCount(histogram);
  if (total === 0) return undefined;
  const within = histogram.counts.filter(
    ([index]) => latencyBucketMiddleMs(histogram, index) <= limitMs,
  );
  return within.reduce((sum, [, count]) => sum + count, 0) / total;
}

/** The point of a bucket in milliseconds that is at most 1 % from everything in it. */
export function latencyBucketMiddleMs(histogram: LatencyHistogram, index: number): number {
  return (2 * histogram.gamma ** (index + histogram.offset)) / (histogram.gamma + 1);
}

/** Adds histograms of one layout, for example those of several versions. An empty list gives an empty histogram. */
export function addLatencies(histograms: readonly LatencyHistogram[]): LatencyHistogram {
  const sums = new Map<number, number>();
  const [first] = histograms;
  for (const histogram of histograms) {
    if (first && !isSameLayout(first, histogram)) {
      throw new RangeError("latency histograms of different layouts cannot be added");
    }
    for (const [index, count] of histogram.counts) sums.set(index, (sums.get(index) ?? 0) + count);
  }
  return {
    gamma: first?.gamma ?? gamma,
    offset: first?.offset ?? offset,
    counts: sortedCounts(sums),
  };
}

/** What was recorded after `before` and up to `after`. A histogram of another layout is taken as recorded anew. */
export function subtractLatencies(
  after: LatencyHistogram,
  before: LatencyHistogram,
): LatencyHistogram {
  if (!isSameLayout(after, before)) return after;
  const differences = new Map(after.counts);
  for (const [index, count] of before.counts) {
    differences.set(index, (differences.get(index) ?? 0) - count);
  }
  return { gamma: after.gamma, offset: after.offset, counts: sortedCounts(differences) };
}

function isSameLayout(a: LatencyHistogram, b: LatencyHistogram): boolean {
  return a.gamma === b.gamma && a.offset === b.offset;
}

function sortedCounts(counts: ReadonlyMap<number, number>): readonly (readonly [number, number])[] {
  return [...counts].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
}

/**
 * What was counted between two snapshots of one writer, oldest first. A series missing from `before` began
 * at zero. After a restart (another epoch) everything in `after` is new, and the delta starts at the new life's start.
 * A series whose `requests`-like counters shrank was dropped and begun again in between; it counts from zero.
 */
export function subtractSnapshots(after: CounterSnapshot, before: CounterSnapshot): CounterDelta {
  if (after.epoch !== before.epoch) {
    const { startedAtMs, nowMs, series } = after;
    return { restarted: true, fromMs: startedAtMs, toMs: nowMs, series };
  }
  const earlier = new Map(before.series.map((series) => [keyOf(series), series]));
  const series = after.series.map((now) => subtractSeries(now, earlier.get(keyOf(now))));
  return { restarted: false, fromMs: before.nowMs, toMs: after.nowMs, series };
}

function keyOf(series: CounterSeries): string {
  return JSON.stringify([series.backend, series.version]);
}

function subtractSeries(after: CounterSeries, before: CounterSeries | undefined): CounterSeries {
  if (!before || hasShrunk(after, before)) return after;
  const counters = Object.fromEntries(
    Object.entries(after.counters).map(([name, value]) => [
      name,
      value - (before.counters[name] ?? 0),
    ]),
  );
  return { ...after, counters, latency: subtractLatencies(after.latency, before.latency) };
}

function hasShrunk(after: CounterSeries, before: CounterSeries): boolean {
  return Object.entries(after.counters).some(
    ([name, value]) => value < (before.counters[name] ?? 0),
  );
}
