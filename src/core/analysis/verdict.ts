import {
  isAnalysisCompleted,
  type AnalysisPhase,
  type Metric,
  type MetricResult,
  type RunSummary,
} from "../../api/argo/analysis.ts";
import { limitsOf, type Limits } from "./limits.ts";
import { inFlight } from "./plan.ts";

/** A metric's phase and, where a limit decided it, the words for it. */
export interface MetricVerdict {
  readonly phase: AnalysisPhase;
  readonly reason?: string;
}

type Counts = Required<
  Pick<
    MetricResult,
    "count" | "successful" | "failed" | "inconclusive" | "consecutiveError" | "consecutiveSuccess"
  >
>;

function countsOf(result: MetricResult): Counts {
  const { count = 0, successful = 0, failed = 0, inconclusive = 0 } = result;
  const { consecutiveError = 0, consecutiveSuccess = 0 } = result;
  return { count, successful, failed, inconclusive, consecutiveError, consecutiveSuccess };
}

function overLimit(counts: Counts, limits: Limits): MetricVerdict | undefined {
  const { consecutiveError, inconclusive, failed } = counts;
  if (consecutiveError > limits.consecutiveError) {
    const limit = `consecutiveErrorLimit (${limits.consecutiveError})`;
    return { phase: "Error", reason: `consecutiveErrors (${consecutiveError}) > ${limit}` };
  }
  if (inconclusive > limits.inconclusive) {
    const limit = `inconclusiveLimit (${limits.inconclusive})`;
    return { phase: "Inconclusive", reason: `inconclusive (${inconclusive}) > ${limit}` };
  }
  if (limits.failure >= 0 && failed > limits.failure) {
    const limit = `failureLimit (${limits.failure})`;
    return { phase: "Failed", reason: `failed (${failed}) > ${limit}` };
  }
  return undefined;
}

/**
 * The metric has been measured often enough and no limit was exceeded. Unlike in Argo, limits alone
 * do not make a pass: without one successful measurement there is nothing to pass on.
 */
function atCount(counts: Counts, limits: Limits): MetricVerdict {
  const { consecutiveSuccess: reached, successful, failed, count } = counts;
  if (limits.consecutiveSuccess > 0) {
    const limit = `consecutiveSuccessLimit (${limits.consecutiveSuccess})`;
    const reason = `consecutiveSuccesses (${reached}) < ${limit}`;
    return { phase: limits.failure >= 0 ? "Inconclusive" : "Failed", reason };
  }
  if (successful > 0) return { phase: "Successful" };
  const reason = `none of ${count} measurements successful`;
  return { phase: failed > 0 ? "Failed" : "Inconclusive", reason };
}

/**
 * The phase of a metric that has been measured (algorithms §2.13 "Metric phase"). When several
 * limits are exceeded: Error before Inconclusive before Failed.
 */
export function metricVerdict(
  metric: Metric,
  result: MetricResult,
  terminating: boolean,
): MetricVerdict {
  if (inFlight(result) !== undefined) return { phase: "Running" };
  const limits = limitsOf(metric);
  const counts = countsOf(result);
  const over = overLimit(counts, limits);
  if (over !== undefined) return over;
  const { consecutiveSuccess: needed } = limits;
  if (needed > 0 && counts.consecutiveSuccess >= needed) return { phase: "Successful" };
  if (limits.count !== undefined && counts.count >= limits.count) return atCount(counts, limits);
  const nothingCounted = counts.count === 0 && counts.consecutiveError === 0;
  const endsHere = terminating && (limits.count === undefined || nothingCounted);
  return { phase: endsHere ? "Successful" : "Running" };
}

/** What a run may end with besides success, the worst first. */
const worstFirst = ["Failed", "Error", "Inconclusive"] as const;

/** A metric of a run with what is known about it. */
export interface Assessed {
  readonly metric: Metric;
  readonly result: MetricResult | undefined;
  readonly reason: string | undefined;
  readonly dryRun: boolean;
}

/** `Metric "x" assessed Failed due to failed (1) > failureLimit (0): "Error Message: …"`. */
function runMessage({ metric, result, reason }: Assessed): string {
  const text = `Metric "${metric.name}" assessed ${result?.phase ?? "Pending"} due to ${reason ?? "its limits"}`;
  const message = result?.message ?? "";
  return message === "" ? text : `${text}: "Error Message: ${message}"`;
}

/** Phase and message of the whole run: the worst completed metric that is no dry run. */
export function runVerdict(
  metrics: readonly Assessed[],
  terminating: boolean,
): { readonly phase: AnalysisPhase; readonly message?: string } {
  const isOpen = metrics.some(({ result }) => !isAnalysisCompleted(result?.phase));
  const isStopping = metrics.some(({ result }) => inFlight(result) !== undefined);
  if (isOpen && (!terminating || isStopping)) return { phase: "Running" };
  const worst = worstOf(metrics);
  return worst === undefined
    ? { phase: "Successful" }
    : { phase: worst.phase, message: runMessage(worst.assessed) };
}

/** The first of the worst metrics that ended badly and count; undefined if none did. */
function worstOf(
  metrics: readonly Assessed[],
): { readonly phase: AnalysisPhase; readonly assessed: Assessed } | undefined {
  for (const phase of worstFirst) {
    const assessed = metrics.find(({ result, dryRun }) => !dryRun && result?.phase === phase);
    if (assessed !== undefined) return { phase, assessed };
  }
  return undefined;
}

/** Zero is left out, as Argo writes it. */
function withoutZeros(summary: Required<RunSummary>): RunSummary {
  return Object.fromEntries(Object.entries(summary).filter(([, value]) => value > 0));
}

const summaryField = {
  Successful: "successful",
  Failed: "failed",
  Error: "error",
  Inconclusive: "inconclusive",
} as const;

/** How many metrics there are, and how many completed which way. */
export function summaryOf(metrics: readonly Assessed[]): RunSummary {
  const summary = {
    count: metrics.length,
    successful: 0,
    failed: 0,
    inconclusive: 0,
    error: 0,
  };
  for (const { result } of metrics) {
    const phase = result?.phase;
    if (phase === undefined || phase === "Pending" || phase === "Running") continue;
    summary[summaryField[phase]] += 1;
  }
  return withoutZeros(summary);
}
