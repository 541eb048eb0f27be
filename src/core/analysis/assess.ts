import {
  isAnalysisCompleted,
  type AnalysisPhase,
  type AnalysisRun,
  type AnalysisRunStatus,
  type Metric,
  type MetricResult,
} from "../../api/argo/analysis.ts";
import { invariant } from "../../lib/invariant.ts";
import { formatTime, parseTime, type EpochMs } from "../../lib/time.ts";
import { integerOf } from "./limits.ts";
import { measurementOf, withMeasurement, withRecord, type Answered } from "./measurement.ts";
import { dueAtMs, hasBadMetric, inFlight, resultOf, type Plan } from "./plan.ts";
import { redactorOf } from "../../lib/redact.ts";
import { expiryOf } from "./time-to-live.ts";
import { standingOf } from "../judge/recorded/record.ts";
import { metricsHitBy } from "./validate-metrics.ts";
import { metricVerdict, runVerdict, summaryOf, type Assessed } from "./verdict.ts";

export interface RunEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly cause: string;
}

export interface Answers {
  readonly answered: readonly Answered[];
  /** Masked in everything that is written. */
  readonly secretValues: readonly string[];
}

export interface Assessment {
  /** The whole new status; equal to the run's own when nothing changed. */
  readonly status: AnalysisRunStatus;
  readonly events: readonly RunEvent[];
  readonly next: { readonly atMs: EpochMs; readonly why: string } | undefined;
  /** Metrics with more measurements than are kept: the provider may clear away after itself. */
  readonly overfull: readonly { readonly metric: Metric; readonly limit: number }[];
  /** The time to live is over. */
  readonly expired: boolean;
}

const measurementsKept = 10;

function keptOf(run: AnalysisRun, metric: Metric): number {
  const rules = run.spec.measurementRetention ?? [];
  const rule = rules.findLast((candidate) => metricsHitBy(candidate, [metric]).length > 0);
  const limit = integerOf(rule?.limit, 0);
  return limit > 0 ? limit : measurementsKept;
}

function isBad(phase: AnalysisPhase): boolean {
  return phase === "Failed" || phase === "Error" || phase === "Inconclusive";
}

/** Results with the new measurements counted, in order of first measurement. */
function resultsAfter(
  run: AnalysisRun,
  { answered, secretValues }: Answers,
  dryRun: readonly string[],
): readonly MetricResult[] {
  const redactor = redactorOf(secretValues);
  const results = new Map((run.status?.metricResults ?? []).map((result) => [result.name, result]));
  for (const one of answered) {
    const { name } = one.task.metric;
    const fresh: MetricResult = {
      name,
      phase: "Pending",
      ...(dryRun.includes(name) ? { dryRun: true } : {}),
      ...(one.description === undefined ? {} : { metadata: redactor.metadata(one.description) }),
    };
    const measurement = measurementOf(one, redactor);
    const after = withMeasurement(results.get(name) ?? fresh, measurement);
    results.set(name, withRecord(after, one.answer.record));
  }
  return [...results.values()];
}

interface Judged {
  readonly result: MetricResult;
  readonly reason: string | undefined;
}

function messageOf(result: MetricResult, phase: AnalysisPhase, reason?: string): string {
  if (result.dryRun === true && isBad(phase)) {
    return `Metric assessed ${phase} due to ${reason ?? "its limits"}`;
  }
  return result.measurements?.at(-1)?.message ?? "";
}

/** A metric's result with its phase and message; a completed one keeps its own. */
function judged(metric: Metric, result: MetricResult, terminating: boolean): Judged {
  const { phase, reason } = metricVerdict(metric, result, terminating);
  if (isAnalysisCompleted(result.phase)) return { result, reason };
  const { message: _before, ...rest } = result;
  const message = messageOf(result, phase, reason);
  return { result: { ...rest, phase, ...(message === "" ? {} : { message }) }, reason };
}

interface Going {
  readonly run: AnalysisRun;
  readonly plan: Extract<Plan, { kind: "going" }>;
}

function judgeAll(
  { run, plan }: Going,
  results: readonly MetricResult[],
  terminating: boolean,
): readonly Assessed[] {
  return plan.metrics.map((metric): Assessed => {
    const dryRun = plan.dryRun.includes(metric.name);
    const result = results.find(({ name }) => name === metric.name);
    if (result === undefined) return { metric, result, reason: undefined, dryRun };
    const after = judged(metric, result, terminating);
    const measurements = (after.result.measurements ?? []).slice(-keptOf(run, metric));
    return { metric, result: { ...after.result, measurements }, reason: after.reason, dryRun };
  });
}

function metricEvents(run: AnalysisRun, metrics: readonly Assessed[]): readonly RunEvent[] {
  return metrics.flatMap(({ metric, result }): readonly RunEvent[] => {
    const wasCompleted = isAnalysisCompleted(resultOf(run.status, metric.name)?.phase);
    if (result === undefined || wasCompleted || !isAnalysisCompleted(result.phase)) return [];
    return [metricEvent(result)];
  });
}

function eventOf(reason: string, phase: AnalysisPhase, message: string): RunEvent {
  const type = phase === "Failed" || phase === "Error" ? "Warning" : "Normal";
  return { type, reason, message, cause: "completed" };
}

function runEvents(phase: AnalysisPhase): readonly RunEvent[] {
  if (!isAnalysisCompleted(phase)) return [];
  return [eventOf(`AnalysisRun${phase}`, phase, `Analysis Completed. Result: ${phase}`)];
}

/** Everything there is to tell about a run that has ended, from its status alone. */
export function completionEvents(status: AnalysisRunStatus): readonly RunEvent[] {
  const completed = (status.metricResults ?? []).filter(({ phase }) => isAnalysisCompleted(phase));
  const ofMetrics = completed.map((result) => metricEvent(result));
  return status.phase === undefined ? ofMetrics : [...ofMetrics, ...runEvents(status.phase)];
}

/** What a judge could not decide waits for a person, who is told the reason (Argo's event has none, and is no warning). */
function metricEvent({ name, phase, metadata, message = "" }: MetricResult): RunEvent {
  const text = `Metric '${name}' Completed. Result: ${phase}`;
  if (standingOf(metadata) === undefined || phase !== "Inconclusive" || message === "")
    return eventOf(`Metric${phase}`, phase, text);
  return { ...eventOf(`Metric${phase}`, phase, `${text}: ${message}`), type: "Warning" };
}

function nextLook(
  { plan }: Going,
  metrics: readonly Assessed[],
  terminating: boolean,
  now: EpochMs,
): Assessment["next"] {
  const startedAtMs = parseTime(plan.startedAt) ?? now;
  let next: Assessment["next"];
  for (const { metric, result } of metrics) {
    const isBeingStopped = terminating && inFlight(result) !== undefined;
    const atMs = isBeingStopped ? now : dueAtMs(metric, result, startedAtMs);
    if (atMs === undefined || (next !== undefined && next.atMs <= atMs)) continue;
    next = { atMs, why: `metric ${metric.name} is due` };
  }
  return next;
}

/** Results in order of first measurement, as `before` has them. */
function inOrder(
  before: readonly MetricResult[],
  metrics: readonly Assessed[],
): readonly MetricResult[] {
  return before.map(({ name }, index) => {
    const assessed = metrics.find(({ metric }) => metric.name === name);
    return assessed?.result ?? before[index] ?? { name, phase: "Pending" };
  });
}

/** Phase and message change together, and only when the phase does. */
function phaseFields(
  run: AnalysisRun,
  verdict: ReturnType<typeof runVerdict>,
  now: EpochMs,
): Pick<AnalysisRunStatus, "phase" | "message" | "completedAt"> {
  const before = run.status ?? {};
  if (verdict.phase === before.phase) {
    return {
      phase: verdict.phase,
      ...(before.message === undefined ? {} : { message: before.message }),
    };
  }
  const stopped = isAnalysisCompleted(verdict.phase) && run.spec.terminate === true;
  const message = verdict.message ?? (stopped ? "Run Terminated" : undefined);
  return {
    phase: verdict.phase,
    ...(message === undefined ? {} : { message }),
    ...(isAnalysisCompleted(verdict.phase) ? { completedAt: formatTime(now) } : {}),
  };
}

function assessGoing(going: Going, answers: Answers, now: EpochMs): Assessment {
  const { run, plan } = going;
  const measured = resultsAfter(run, answers, plan.dryRun);
  const asked = run.spec.terminate === true;
  const first = judgeAll(going, measured, asked);
  const terminating = asked || hasBadMetric(first.flatMap(({ result }) => result ?? []));
  const metrics = terminating === asked ? first : judgeAll(going, measured, terminating);
  const verdict = runVerdict(metrics, terminating);
  const [forShow, real] = [true, false].map((isDryRun) =>
    metrics.filter(({ dryRun }) => dryRun === isDryRun),
  );
  const status: AnalysisRunStatus = {
    ...run.status,
    ...phaseFields(run, verdict, now),
    startedAt: plan.startedAt,
    runSummary: summaryOf(real ?? []),
    ...(forShow === undefined || forShow.length === 0 ? {} : { dryRunSummary: summaryOf(forShow) }),
    ...(measured.length > 0 ? { metricResults: inOrder(measured, metrics) } : {}),
  };
  const completed = isAnalysisCompleted(verdict.phase);
  const overfull = metrics.flatMap(({ metric, result }) => {
    const limit = keptOf(run, metric);
    return (result?.count ?? 0) + (result?.error ?? 0) > limit ? [{ metric, limit }] : [];
  });
  return {
    status,
    events: [...metricEvents(run, metrics), ...runEvents(verdict.phase)],
    next: completed
      ? expiryOf({ ...run, status }, now)
      : nextLook(going, metrics, terminating, now),
    overfull,
    expired: false,
  };
}

/** A run that cannot go on ends as Error. Unlike Argo, with completedAt, so that its time to live counts. */
function assessInvalid(
  run: AnalysisRun,
  plan: Extract<Plan, { kind: "invalid" }>,
  answers: Answers,
  now: EpochMs,
): Assessment {
  const dryRun = (run.status?.metricResults ?? []).filter(({ dryRun: only }) => only === true);
  const results = resultsAfter(
    run,
    answers,
    dryRun.map(({ name }) => name),
  );
  const status: AnalysisRunStatus = {
    ...run.status,
    phase: "Error",
    message: plan.message,
    completedAt: formatTime(now),
    ...(results.length > 0 ? { metricResults: results } : {}),
    runSummary: run.status?.runSummary ?? {},
  };
  const next = expiryOf({ ...run, status }, now);
  return { status, events: runEvents("Error"), next, overfull: [], expired: false };
}

/**
 * The run after its tasks were answered: measurements judged and counted, the phases of metrics
 * and run, events, and when to look again. `plan` must be what planRun made of this very run, with
 * one answer for each of its tasks (tasks without an answer stay as they were).
 */
export function assessRun(
  run: AnalysisRun,
  plan: Plan,
  answers: Answers,
  now: EpochMs,
): Assessment {
  switch (plan.kind) {
    case "completed": {
      invariant(run.status !== undefined, "a completed AnalysisRun has a status");
      const next = expiryOf(run, now);
      const expired = next !== undefined && next.atMs <= now;
      return { status: run.status, events: [], next, overfull: [], expired };
    }
    case "invalid":
      return assessInvalid(run, plan, answers, now);
    case "going":
      return assessGoing({ run, plan }, answers, now);
  }
}
