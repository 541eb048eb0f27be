// The settings of the sequential judge. All of them are fixed before the first tick is seen: a margin, an
// edge or a warm-up chosen after a look at the data would void the promise about false alarms.

interface MetricBase {
  /** The key of its samples in a tick. */
  readonly name: string;
  /** Its share of the whole verdict; weights are divided by their sum. Default 1. */
  readonly weight?: number;
  /** How much worse the canary may be before that counts, as a share: .2 = 20 %. Default: the judge's. */
  readonly margin?: number;
  /** Ticks that begin earlier than this after the first one are seen but not counted. Default: the judge's. */
  readonly warmUpMs?: number;
}

/** Bad events among requests: 5xx answers, failed probes (availability). Fewer is better. */
export interface ErrorsMetric extends MetricBase {
  readonly kind: "errors";
  /** The share of bad events (0 to 1) that users tolerate. A breach on stable, too, is a shared outage. */
  readonly objective?: { readonly share: number };
  /**
   * A share of bad events (0 to 1) that is nobody's trouble: the canary is safe, too, when it is shown to fail less than R₀
   * times this. Without it a version that never fails beside one that never fails is never shown to be safe.
   */
  readonly negligible?: number;
}

/** Counted events among visits: conversions, clicks, sign-ups. More is better unless said otherwise. */
export interface CountMetric extends MetricBase {
  readonly kind: "count";
  readonly better?: "higher" | "lower";
}

/** Durations of requests in buckets. */
export interface LatencyMetric extends MetricBase {
  readonly kind: "latency";
  /** Rising borders of the buckets, 2 to 64 of them; at most 16 are compared. Default: `defaultEdgesMs`. */
  readonly edgesMs?: readonly number[];
  /**
   * What `margin` allows. `odds` (default): at each edge the odds of a slower request may be 1 + margin times
   * stable's. `slower`: every request may take 1 + margin times as long (needs edges of one ratio).
   */
  readonly marginOf?: "odds" | "slower";
  /** At most `share` (0 to 1) of the requests may be slower than `slowerThanMs`, one of the edges. */
  readonly objective?: { readonly slowerThanMs: number; readonly share: number };
}

/** The mean of values that are 0 or more: engagement, CPU, memory, a model's score. Say which way is better. */
export interface MeanMetric extends MetricBase {
  readonly kind: "mean";
  readonly better: "higher" | "lower";
  /** No tick's mean can exceed this (a limit, the best score): the test is then exact. Without: see the page. */
  readonly atMost?: number;
  /** Ticks are summed up to stretches of this length before they count. Default 10,000. */
  readonly blockMs?: number;
}

/** Growth of a level, such as memory: the canary may grow by `marginPerHour` (a share of stable's level) faster. */
export interface SlopeMetric extends MetricBase {
  readonly kind: "slope";
  /** Default .05: 5 % of stable's level in an hour. */
  readonly marginPerHour?: number;
  /** Levels are averaged over stretches of this length. Default 30,000. */
  readonly blockMs?: number;
}

export type SequentialMetric =
  ErrorsMetric | CountMetric | LatencyMetric | MeanMetric | SlopeMetric;

export interface SequentialConfig {
  readonly metrics: readonly SequentialMetric[];
  /** Of all rollouts of a version that is no worse, at most this share is ever called worse. Default .01. */
  readonly alpha?: number;
  /** The margin of metrics that do not name one. Default .2. */
  readonly margin?: number;
  /** Worth K: one metric is blamed by name when its evidence reaches K / alpha. Default: the number of metrics. */
  readonly blameFactor?: number;
  /** R₀: the canary is safe when it is shown to be less than this many times as bad as stable. Default 2. */
  readonly safeRatio?: number;
  /** The warm-up of metrics that do not name one. Default 0. */
  readonly warmUpMs?: number;
  /** Errors may come in clumps: evidence is divided by their measured dispersion. `off`: errors are independent. */
  readonly clumps?: "guarded" | "off";
  /** Both versions have as many replicas and requests: a test that needs no model of the errors is used. */
  readonly baseline?: "stable" | "equal-sized";
  /** False alarms of the sample-ratio guard. Default .001; 0 turns it off. */
  readonly sampleRatioLevel?: number;
  /** How long both versions may lack data before that is said. Default 60,000. */
  readonly noDataAfterMs?: number;
}
