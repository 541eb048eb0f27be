// What the sequential judge is given: counts of both versions over a stretch of EVENT time.
import type { EpochMs } from "../../../lib/time.ts";

/** Metrics of kind `errors` and `count`: how many of `total` were counted. Whole numbers. */
export interface CountSample {
  /** Requests, visits, probes. */
  readonly total: number;
  /** Those of them that failed (`errors`), or that are counted (`count`: conversions, clicks). */
  readonly count: number;
}

/** Metrics of kind `latency`: requests per bucket, not cumulative, whole numbers. */
export interface LatencySample {
  /**
   * One more than the metric has edges: `buckets[0]` holds durations ≤ edgesMs[0], `buckets[i]` those in
   * (edgesMs[i−1], edgesMs[i]], the last one everything slower than the last edge.
   */
  readonly buckets: readonly number[];
}

/** Metrics of kind `mean`: values seen in this stretch (one per request, pod or scrape). */
export interface MeanSample {
  readonly values: number;
  readonly sum: number;
}

/** Metrics of kind `slope`: the level at the end of this stretch (memory of a version's pods, averaged). */
export interface LevelSample {
  readonly level: number;
}

export type Sample = CountSample | LatencySample | MeanSample | LevelSample;

export interface BothSamples {
  readonly canary: Sample;
  readonly stable: Sample;
}

export interface Tick {
  readonly fromMs: EpochMs;
  /** After `fromMs`. A metric counts a stretch only if it begins at or after the end of the last it counted. */
  readonly toMs: EpochMs;
  /** Requests of both versions, for the sample-ratio guard; leave out when unknown. */
  readonly requests?: { readonly canary: number; readonly stable: number };
  /** The share of requests the canary should have got, 0 to 1 (its weight); leave out in a tick in which it changed. */
  readonly canaryShare?: number;
  /** By the metric's name. A metric that is left out has no data in this stretch: never zero. */
  readonly samples: Readonly<Record<string, BothSamples>>;
}
