import type { Measurement, Metric, MetricResult } from "../../api/argo/analysis.ts";
import type { StringMap } from "../../api/meta/object.ts";
import type { ExprInput } from "../../lib/expr/expr.ts";
import { unreachable } from "../../lib/invariant.ts";
import { formatTime, type EpochMs } from "../../lib/time.ts";
import { judgeValue } from "./judge-value.ts";
import { lastMeasurement, type Task } from "./plan.ts";
import type { Redactor } from "../../lib/redact.ts";

/** What a provider said; metrics/provider.ts' answers have this shape. */
export type Answer = Said & { readonly record?: StringMap };

type Said =
  | {
      readonly kind: "value";
      readonly text: string;
      readonly result: ExprInput;
      readonly metadata?: StringMap;
    }
  | { readonly kind: "running"; readonly resumeAtMs: EpochMs; readonly metadata?: StringMap }
  | {
      readonly kind: "phase";
      readonly phase: "Successful" | "Failed" | "Inconclusive";
      readonly text?: string;
      readonly message?: string;
      readonly metadata?: StringMap;
    }
  | {
      readonly kind: "error";
      readonly message: string;
      readonly text?: string;
      readonly metadata?: StringMap;
    };

/** One task with its answer and when it was asked and answered. */
export interface Answered {
  readonly task: Task;
  readonly answer: Answer;
  readonly startedAtMs: EpochMs;
  readonly finishedAtMs: EpochMs;
  /** metricResult.metadata, used when this is the metric's first measurement. */
  readonly description?: StringMap | undefined;
  /** The conditions with secrets put in, where the run has any: the task's own hold placeholders. */
  readonly conditions?: Conditions | undefined;
}

type Conditions = Pick<Metric, "successCondition" | "failureCondition">;

const secondMs = 1000;

/**
 * Times have whole seconds: one that is not after this would be due at once and again. The first
 * may be, since Jobs are looked at right after they were made.
 */
function resumeAt({ task, finishedAtMs }: Answered, wantedMs: EpochMs): string {
  if (task.kind === "measure" && wantedMs <= finishedAtMs) return formatTime(wantedMs);
  const nextSecondMs = (Math.floor(finishedAtMs / secondMs) + 1) * secondMs;
  const atMs = Math.max(wantedMs, task.kind === "measure" ? 0 : nextSecondMs);
  return formatTime(Math.ceil(atMs / secondMs) * secondMs);
}

function metadataOf(answered: Answered, redactor: Redactor): { readonly metadata?: StringMap } {
  const { task, answer } = answered;
  const before = task.kind === "measure" ? undefined : task.measurement.metadata;
  if (answer.metadata === undefined) return before === undefined ? {} : { metadata: before };
  const shown = Object.entries(redactor.metadata(answer.metadata)).map(([key, text]) => [
    key,
    shortened(text),
  ]);
  return { metadata: { ...before, ...(Object.fromEntries(shown) as StringMap) } };
}

/** A status holds many measurements, and an object of a cluster has room for a megabyte or so. */
const longestText = 8192;

/** What was measured is judged whole; what is shown of it has a limit. */
function shortened(text: string): string {
  if (text.length <= longestText) return text;
  return `${text.slice(0, longestText)}… (${text.length} characters)`;
}

interface Verdict {
  readonly phase: Measurement["phase"];
  readonly message?: string | undefined;
  readonly text?: string | undefined;
}

const terminatedMessage = "Metric Terminated";

function verdictOf(
  conditions: Conditions,
  answer: Exclude<Answer, { kind: "running" }>,
  now: EpochMs,
): Verdict {
  switch (answer.kind) {
    case "value": {
      const { successCondition, failureCondition } = conditions;
      const judgement = judgeValue({
        successCondition,
        failureCondition,
        result: answer.result,
        now,
      });
      return { ...judgement, text: answer.text };
    }
    case "phase":
      return { phase: answer.phase, message: answer.message, text: answer.text };
    case "error":
      return { phase: "Error", message: answer.message, text: answer.text };
    default:
      return unreachable(answer);
  }
}

/** The measurement an answer makes, with secrets masked. */
export function measurementOf(answered: Answered, redactor: Redactor): Measurement {
  const { task, answer, finishedAtMs } = answered;
  const startedAt = task.kind === "measure" ? undefined : task.measurement.startedAt;
  const base = {
    startedAt: startedAt ?? formatTime(answered.startedAtMs),
    ...metadataOf(answered, redactor),
  };
  if (answer.kind === "running") {
    return { ...base, phase: "Running", resumeAt: resumeAt(answered, answer.resumeAtMs) };
  }
  const conditions = answered.conditions ?? task.metric;
  const { phase, message, text } = verdictOf(conditions, answer, finishedAtMs);
  const wasStopped =
    task.kind === "terminate" && (phase === "Successful" || phase === "Inconclusive");
  const shown = wasStopped ? terminatedMessage : message;
  return {
    ...base,
    phase,
    finishedAt: formatTime(finishedAtMs),
    ...(shown === undefined || shown === "" ? {} : { message: shortened(redactor.message(shown)) }),
    ...(text === undefined || text === "" ? {} : { value: shortened(redactor.value(text)) }),
  };
}

type Counters = Omit<MetricResult, "name" | "phase" | "measurements" | "message" | "metadata">;

/** A measurement stopped half-way says nothing about the version: it is shown and not counted. */
function isStopped({ phase, message }: Measurement): boolean {
  return phase === "Inconclusive" && message === terminatedMessage;
}

function counted(result: MetricResult, measurement: Measurement): Counters {
  const { phase } = measurement;
  const plusOne = (value: number | undefined): number => (value ?? 0) + 1;
  if (isStopped(measurement)) return {};
  switch (phase) {
    case "Successful":
      return {
        count: plusOne(result.count),
        successful: plusOne(result.successful),
        consecutiveError: 0,
        consecutiveSuccess: plusOne(result.consecutiveSuccess),
      };
    case "Failed":
    case "Inconclusive": {
      const own = phase === "Failed" ? "failed" : "inconclusive";
      const broken = { consecutiveError: 0, consecutiveSuccess: 0 };
      return { count: plusOne(result.count), [own]: plusOne(result[own]), ...broken };
    }
    case "Error":
      return {
        error: plusOne(result.error),
        consecutiveError: plusOne(result.consecutiveError),
        consecutiveSuccess: 0,
      };
    case "Pending":
    case "Running":
      return {};
    default:
      return unreachable(phase);
  }
}

/**
 * The result with what the provider keeps beside the measurements, which come and go. Its entries
 * hold figures only, never texts from outside, so there is nothing in them to mask.
 */
export function withRecord(result: MetricResult, record: StringMap | undefined): MetricResult {
  return record === undefined ? result : { ...result, metadata: { ...result.metadata, ...record } };
}

/** The result with one more measurement, or with the one in flight replaced. Phase and message stay. */
export function withMeasurement(result: MetricResult, measurement: Measurement): MetricResult {
  const before = result.measurements ?? [];
  const replaces = lastMeasurement(result)?.finishedAt === undefined && before.length > 0;
  const measurements = [...(replaces ? before.slice(0, -1) : before), measurement];
  return { ...result, ...counted(result, measurement), measurements };
}
