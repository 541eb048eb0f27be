// Where the traffic provider gets its counts: from the embedded gateway (history.ts, fed once a
// second), or in a simulation from a described world.
import type { LatencyHistogram } from "../../lib/latency-histogram.ts";
import type { EpochMs } from "../../lib/time.ts";

/** Whose traffic: `service` and `version` (a pod-template hash) narrow it down; absent = all. */
export interface TrafficFilter {
  readonly namespace: string;
  readonly service?: string;
  readonly version?: string;
}

/** What was counted from `fromMs` to `toMs`. */
export interface TrafficCounts {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  /** Finished requests; clients that went away before an answer are not among them. */
  readonly requests: number;
  /** Begun requests that the weights of a route divided between several Services, for the sample-ratio guard. */
  readonly divided: number;
  /** Answers of class 5xx and requests the gateway had to answer in the version's place. */
  readonly failed: number;
  /** The part of `failed` that the gateway answered itself. */
  readonly gatewayErrors: number;
  /** Answers of the version by the first digit of the status. */
  readonly byClass: Readonly<Record<"1xx" | "2xx" | "3xx" | "4xx" | "5xx", number>>;
  readonly latency: LatencyHistogram;
}

export interface TrafficSource {
  /**
   * The counts of the last `windowMs` before `now`. undefined = nobody watched during a part of
   * that window: a gap is never read as "no failures".
   */
  window(filter: TrafficFilter, windowMs: number, now: EpochMs): TrafficCounts | undefined;
  /**
   * The counts since `sinceMs` as they were watched, about a second each, oldest first: what began at
   * or after `sinceMs` and had ended by `now`. Where one does not begin at the end of the one before,
   * nobody watched in between. Whatever the filter, the times are the same; with nothing to count
   * there are zeros.
   */
  ticks(filter: TrafficFilter, sinceMs: EpochMs, now: EpochMs): readonly TrafficCounts[];
}
