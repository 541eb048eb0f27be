import { formatTime } from "../../lib/time.ts";
import { specReplicas } from "../replicas/replica-set.ts";
import { stepsHash } from "../replicas/pod-template-hash.ts";
import type { Canary } from "./canary-view.ts";
import type { Facts } from "./context.ts";
import { rolloutEvent, withoutAnyPause } from "./course.ts";
import type { Course, Turn } from "./course.ts";
import { isWithinRollbackWindow } from "./rollback.ts";

/** What a new version starts from: no pauses, no abort, no verdicts of the one before (§2.10). */
function forgotten(facts: Facts, course: Course): Course {
  const { restartAtMs } = facts.spec;
  return {
    ...withoutAnyPause(course),
    isAborted: false,
    abortMessage: undefined,
    abortedAt: undefined,
    isPromoteFull: false,
    hasPassedCheckpoint: false,
    restartedAt: restartAtMs === undefined ? undefined : formatTime(restartAtMs),
    stepRun: undefined,
    backgroundRun: undefined,
    prePromotionRun: undefined,
    postPromotionRun: undefined,
    experiment: undefined,
    stepPlugins: [],
    isNewAttempt: true,
  };
}

function skipped(
  canary: Canary,
  course: Course,
): { readonly index: number; readonly text: string | undefined } {
  const { facts, strategy } = canary;
  const all = strategy.steps.length;
  if (course.stableHash !== "" && course.stableHash === facts.newHash) {
    return { index: all, text: "Rollback to stable ReplicaSets" };
  }
  if (isWithinRollbackWindow(facts, course) && specReplicas(facts.newRs) > 0) {
    return { index: all, text: "Rollback to active ReplicaSets within RollbackWindow" };
  }
  return { index: 0, text: undefined };
}

/** Starts over when the pod template or the steps have changed since the status was written. */
export function resetCanary(canary: Canary, course: Course): Turn {
  const { facts, strategy } = canary;
  const hash = stepsHash(strategy.stepsAsWritten);
  const hasSteps = strategy.steps.length > 0;
  const isChanged =
    facts.before.currentStepHash !== hash || facts.before.currentPodHash !== facts.newHash;
  if (!isChanged) {
    // An index that somebody has taken out of the status must not count as "all steps are done".
    const stepIndex = hasSteps ? (course.stepIndex ?? skipped(canary, course).index) : undefined;
    return { course: { ...course, stepIndex, stepHash: hash }, events: [] };
  }
  const start = { ...forgotten(facts, course), stepHash: hash };
  if (!hasSteps) return { course: { ...start, stepIndex: undefined }, events: [] };
  const { index, text } = skipped(canary, start);
  const next = { ...start, stepIndex: index };
  const events = text === undefined ? [] : [rolloutEvent(facts, next, "SkipSteps", text, "skip")];
  return { course: next, events };
}

/** Blue-green and recreate: only the template counts, and the first version is no change. */
export function resetByTemplate(facts: Facts, course: Course): Course {
  const hash = facts.before.currentPodHash ?? "";
  const isChanged = hash !== "" && hash !== facts.newHash;
  const next = isChanged ? forgotten(facts, course) : course;
  return { ...next, stepIndex: undefined, stepHash: undefined };
}
