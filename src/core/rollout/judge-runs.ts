import type { AnalysisRun } from "../../api/argo/analysis.ts";
import type { RecordedRun } from "../../api/argo/rollout-status.ts";
import { abortWith } from "./abort.ts";
import type { Facts } from "./context.ts";
import { hasPause, withPause } from "./course.ts";
import type { Course, Turn } from "./course.ts";
import type { RolloutEvent } from "./decision.ts";
import { evidenceUntilMs } from "./shown-safe.ts";

export const runTypes = ["Step", "Background", "PrePromotion", "PostPromotion"] as const;
/** The value of the label rollout-type. */
export type RunType = (typeof runTypes)[number];

const courseKeys = {
  Step: "stepRun",
  Background: "backgroundRun",
  PrePromotion: "prePromotionRun",
  PostPromotion: "postPromotionRun",
} as const satisfies Record<RunType, keyof Course>;

export function recordedRun(course: Course, type: RunType): RecordedRun | undefined {
  return course[courseKeys[type]];
}

export function withRun(course: Course, type: RunType, run: RecordedRun | undefined): Course {
  return { ...course, [courseKeys[type]]: run };
}

export function observedRun(facts: Facts, name: string | undefined): AnalysisRun | undefined {
  return facts.observed.analysisRuns.find((run) => run.metadata.name === name);
}

function phaseEvent(
  type: RunType,
  before: RecordedRun,
  after: RecordedRun,
): RolloutEvent | undefined {
  if (after.status === "" || after.status === before.status) return undefined;
  const isBad = after.status === "Failed" || after.status === "Error";
  const message = `${type} Analysis Run '${after.name}' Status New: '${after.status}' Previous: '${before.status}'`;
  return {
    type: isBad ? "Warning" : "Normal",
    reason: `AnalysisRun${after.status}`,
    message,
    cause: `${after.name}/${after.status}`,
  };
}

const subjects = {
  Step: "Step-based analysis",
  Background: "Background analysis",
  PrePromotion: "Blue/green pre-promotion analysis",
  PostPromotion: "Blue/green post-promotion analysis",
} as const satisfies Record<RunType, string>;

/** A person has seen the inconclusive verdict and said: go on. A new run judges again. */
function isToBeRepeated(course: Course, before: RecordedRun): boolean {
  return (
    course.isResumed &&
    before.status === "Inconclusive" &&
    !hasPause(course, "CanaryPauseStep") &&
    !hasPause(course, "BlueGreenPause")
  );
}

/** It waits for a person, who is told what a judge could not decide. */
function held(facts: Facts, course: Course, run: RecordedRun): Course {
  const paused = withPause(course, "InconclusiveAnalysisRun", facts);
  const observed = observedRun(facts, run.name);
  const isJudged = observed !== undefined && evidenceUntilMs(observed) !== undefined;
  return isJudged ? { ...paused, pauseText: run.message } : paused;
}

function withVerdict(
  facts: Facts,
  course: Course,
  type: RunType,
  run: RecordedRun,
  before: RecordedRun,
): Course {
  const suffix = run.message === undefined || run.message === "" ? "" : `: ${run.message}`;
  switch (run.status) {
    case "Failed":
    case "Error": {
      const message = `${subjects[type]} phase error/failed${suffix}`;
      return abortWith(course, message, facts);
    }
    case "Inconclusive":
      return isToBeRepeated(course, before)
        ? withRun(course, type, undefined)
        : held(facts, course, run);
    case "":
    case "Pending":
    case "Running":
    case "Successful":
      return course;
  }
}

/** Takes over what the recorded run of this type has found out, and acts on its verdict (§2.10, §2.13). */
export function judgeRun(facts: Facts, course: Course, type: RunType): Turn {
  const before = recordedRun(course, type);
  const run = observedRun(facts, before?.name);
  if (before === undefined || run === undefined || course.isAborted) return { course, events: [] };
  const message = run.status?.message ?? "";
  const after: RecordedRun = {
    name: before.name,
    status: run.status?.phase ?? "",
    ...(message === "" ? {} : { message }),
  };
  const event = phaseEvent(type, before, after);
  const next = withVerdict(facts, withRun(course, type, after), type, after, before);
  return { course: next, events: event === undefined ? [] : [event] };
}
