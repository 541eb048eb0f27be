import type { Metric } from "../../api/argo/analysis.ts";
import type { IntOrString } from "../../api/kubernetes/pod.ts";
import { isJudgedSequentially } from "../../api/argo/metric-plugin.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";

export interface Limits {
  /** Finished measurements after which the metric is complete; undefined = measured until stopped. */
  readonly count: number | undefined;
  /** -1 = off. */
  readonly failure: number;
  readonly inconclusive: number;
  readonly consecutiveError: number;
  /** 0 = off. */
  readonly consecutiveSuccess: number;
}

/** A whole number as people may write it; text that is none counts as 0 (§1.5). */
export function integerOf(value: IntOrString | undefined, absent: number): number {
  if (value === undefined) return absent;
  if (typeof value === "number") return Math.trunc(value);
  return /^[+-]?\d+$/.test(value) ? Number(value) : 0;
}

const defaultConsecutiveErrorLimit = 4;

function countOf(metric: Metric): number | undefined {
  const count = integerOf(metric.count, 0);
  if (count > 0) return count;
  return hasInterval(metric) ? undefined : 1;
}

function hasInterval({ interval }: Metric): boolean {
  return interval !== undefined && interval !== "";
}

/** The limits of a metric whose arguments are put in, defaults filled in. */
export function limitsOf(metric: Metric): Limits {
  return {
    count: countOf(metric),
    failure: integerOf(metric.failureLimit, 0),
    inconclusive: integerOf(metric.inconclusiveLimit, 0),
    consecutiveError: integerOf(metric.consecutiveErrorLimit, defaultConsecutiveErrorLimit),
    consecutiveSuccess: integerOf(metric.consecutiveSuccessLimit, 0),
  };
}

const afterErrorMs = 10_000;
/** Times in a status have whole seconds, so measurements cannot be closer than that. */
const shortestIntervalMs = 1000;

/**
 * Milliseconds from the end of one measurement to the start of the next. After an error at most
 * 10 s, but never later than the next measurement would have been: a metric asked each second must
 * not look away for ten (Argo waits 10 s whatever the interval).
 */
export function pauseAfterMs(metric: Metric, lastWasError: boolean): number {
  // A judge that looks at every moment: one measurement lasts an interval, and the next follows at once.
  if (isJudgedSequentially(metric)) return shortestIntervalMs;
  if (!hasInterval(metric)) return afterErrorMs;
  const parsed = parseGoDuration(metric.interval ?? "");
  if (!parsed.ok) return afterErrorMs;
  const intervalMs = Math.max(shortestIntervalMs, parsed.ms);
  return lastWasError ? Math.min(afterErrorMs, intervalMs) : intervalMs;
}

/** Milliseconds from the start of the run to the first measurement. */
export function initialDelayMs({ initialDelay = "" }: Metric): number {
  const parsed = parseGoDuration(initialDelay);
  return parsed.ok ? Math.max(0, parsed.ms) : 0;
}
