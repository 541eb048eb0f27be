// core/analysis: from templates to a run (compose.ts), from a run to measurements (this file) and
// from measurements to a verdict (assess.ts, judge-value.ts). Pure: a controller reads secrets and
// asks providers between planRun and assessRun. "Terminating" means: nothing new is measured and
// what is in flight is stopped. Imports lib and api. Rules: argo-rollouts-algorithms.md §2.13.
import {
  isAnalysisCompleted,
  type AnalysisRun,
  type AnalysisRunStatus,
  type Measurement,
  type Metric,
  type MetricResult,
} from "../../api/argo/analysis.ts";
import { formatTime, parseTime, type EpochMs } from "../../lib/time.ts";
import { initialDelayMs, limitsOf, pauseAfterMs } from "./limits.ts";
import { resolveArgs, secretKeysOf, type SecretKey } from "./resolve.ts";
import { metricsHitBy, validateMetrics, validateRules } from "./validate-metrics.ts";

/** One question to a provider. `metric` has its arguments put in, secrets excepted. */
export type Task =
  | { readonly kind: "measure"; readonly metric: Metric }
  | {
      readonly kind: "resume" | "terminate";
      readonly metric: Metric;
      readonly measurement: Measurement;
    };

export type Plan =
  /** The run has ended; only its time to live counts. */
  | { readonly kind: "completed" }
  /** The run cannot go on; `tasks` stop what is in flight. */
  | { readonly kind: "invalid"; readonly message: string; readonly tasks: readonly Task[] }
  | {
      readonly kind: "going";
      readonly startedAt: string;
      /** Arguments put in, secrets excepted. */
      readonly metrics: readonly Metric[];
      /** Names of metrics that only count for show. */
      readonly dryRun: readonly string[];
      readonly tasks: readonly Task[];
      /** To be read before the tasks are carried out; empty without tasks. */
      readonly secretKeys: readonly SecretKey[];
    };

export function resultOf(
  status: AnalysisRunStatus | undefined,
  name: string,
): MetricResult | undefined {
  return status?.metricResults?.find((result) => result.name === name);
}

export function lastMeasurement(result: MetricResult | undefined): Measurement | undefined {
  return result?.measurements?.at(-1);
}

/** The measurement that a provider still works on. */
export function inFlight(result: MetricResult | undefined): Measurement | undefined {
  const last = lastMeasurement(result);
  return last !== undefined && last.finishedAt === undefined ? last : undefined;
}

/** Fail fast: one metric that ended badly ends the run, unless it is a dry run. */
export function hasBadMetric(results: readonly MetricResult[]): boolean {
  return results.some(
    ({ phase, dryRun }) =>
      dryRun !== true && (phase === "Failed" || phase === "Error" || phase === "Inconclusive"),
  );
}

/** When the metric is to be measured or resumed; undefined = never again. */
export function dueAtMs(
  metric: Metric,
  result: MetricResult | undefined,
  startedAtMs: EpochMs,
): EpochMs | undefined {
  if (isAnalysisCompleted(result?.phase)) return undefined;
  const last = lastMeasurement(result);
  if (last === undefined) return startedAtMs + initialDelayMs(metric);
  if (last.finishedAt === undefined) return parseTime(last.resumeAt) ?? startedAtMs;
  const { count } = limitsOf(metric);
  if (count !== undefined && (result?.count ?? 0) >= count) return undefined;
  const finishedAtMs = parseTime(last.finishedAt) ?? startedAtMs;
  return finishedAtMs + pauseAfterMs(metric, last.phase === "Error");
}

interface Situation {
  readonly status: AnalysisRunStatus | undefined;
  readonly startedAtMs: EpochMs;
  readonly terminating: boolean;
  readonly now: EpochMs;
  readonly ready: readonly string[];
}

function taskOf(metric: Metric, situation: Situation): Task | undefined {
  const result = resultOf(situation.status, metric.name);
  if (isAnalysisCompleted(result?.phase)) return undefined;
  const measurement = inFlight(result);
  if (situation.terminating) {
    return measurement === undefined ? undefined : { kind: "terminate", metric, measurement };
  }
  const due = dueAtMs(metric, result, situation.startedAtMs);
  const isReady = measurement !== undefined && situation.ready.includes(metric.name);
  if (due === undefined || (due > situation.now && !isReady)) return undefined;
  return measurement === undefined
    ? { kind: "measure", metric }
    : { kind: "resume", metric, measurement };
}

/** The metrics as written, for stopping what is in flight in a run that cannot be resolved any more. */
function invalid(run: AnalysisRun, message: string, metrics: readonly Metric[]): Plan {
  const tasks = metrics.flatMap((metric): readonly Task[] => {
    const measurement = inFlight(resultOf(run.status, metric.name));
    return measurement === undefined ? [] : [{ kind: "terminate", metric, measurement }];
  });
  return { kind: "invalid", message, tasks };
}

interface Checked {
  readonly metrics: readonly Metric[];
  /** Why the run cannot go on. */
  readonly problem?: string;
}

/** The metrics with arguments put in, and what is wrong with them or with the rules about them. */
function checkedMetrics(run: AnalysisRun, { problem: unreadable }: PlanFacts): Checked {
  const resolved = resolveArgs(run);
  if (!resolved.ok) {
    const problem = `Unable to resolve metric arguments: ${resolved.message}`;
    return { metrics: run.spec.metrics, problem };
  }
  const { metrics } = resolved;
  const problem = unreadable ?? validateMetrics({ metrics }) ?? validateRules(run.spec, metrics);
  return problem === undefined
    ? { metrics }
    : { metrics, problem: `Analysis spec invalid: ${problem}` };
}

/** What else is known of a run when it is planned. */
export interface PlanFacts {
  /** Metrics whose measurement in flight has come to its end (their Job has): not to be waited for. */
  readonly ready?: readonly string[];
  /** What in the spec could not be read, for people. Leaving it out might turn a condition off. */
  readonly problem?: string | undefined;
}

/**
 * What to ask now. Level-based: the same run at the same time gives the same plan, so a plan that
 * was lost in a crash is made again.
 */
export function planRun(run: AnalysisRun, now: EpochMs, facts: PlanFacts = {}): Plan {
  const { status } = run;
  if (isAnalysisCompleted(status?.phase)) return { kind: "completed" };
  const { metrics, problem } = checkedMetrics(run, facts);
  if (problem !== undefined) return invalid(run, problem, metrics);

  const startedAt = status?.startedAt ?? formatTime(now);
  const terminating = run.spec.terminate === true || hasBadMetric(status?.metricResults ?? []);
  const situation = {
    status,
    startedAtMs: parseTime(startedAt) ?? now,
    terminating,
    now,
    ready: facts.ready ?? [],
  };
  const tasks = metrics.map((metric) => taskOf(metric, situation)).filter((t) => t !== undefined);
  return {
    kind: "going",
    startedAt,
    metrics,
    dryRun: (run.spec.dryRun ?? []).flatMap((rule) => metricsHitBy(rule, metrics)),
    tasks,
    secretKeys: tasks.length > 0 ? secretKeysOf(run) : [],
  };
}

/** The plan of a run whose secrets turned out to be missing: it ends, and what is in flight is stopped. */
export function planWithoutSecrets(run: AnalysisRun, plan: Plan, cause: string): Plan {
  if (plan.kind !== "going") return plan;
  return invalid(run, `Unable to resolve metric arguments: ${cause}`, plan.metrics);
}
