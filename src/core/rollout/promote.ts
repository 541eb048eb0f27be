import type { Canary } from "./canary-view.ts";
import { areStepsDone, isNewFullyAvailable } from "./canary-view.ts";
import type { Facts } from "./context.ts";
import { rolloutEvent, withoutAnyPause } from "./course.ts";
import type { Course, Turn } from "./course.ts";
import { isFastRollback, isWithinRollbackWindow } from "./rollback.ts";
import { hasEarnedPromotion, hasSwitchedBefore } from "./walk-steps.ts";
import type { Walk } from "./walk-steps.ts";

/** Makes the new version the stable one (§2.8 promoteStable). */
export function promoteStable(facts: Facts, course: Course, reason: string): Turn {
  const promoted: Course = {
    ...withoutAnyPause(course),
    isAborted: false,
    abortedAt: undefined,
    isPromoteFull: false,
    hasPassedCheckpoint: false,
    stableHash: facts.newHash,
  };
  if (course.stableHash === facts.newHash) return { course: promoted, events: [] };
  const message = `Rollout completed update to revision ${String(facts.revision)} (${facts.newHash}): ${reason}`;
  return {
    course: promoted,
    events: [rolloutEvent(facts, course, "RolloutCompleted", message, "promoted")],
  };
}

function promoteCanary(canary: Canary, course: Course, reason: string): Turn {
  const { facts, strategy } = canary;
  const turn = promoteStable(facts, course, reason);
  const isNewStable = course.stableHash !== facts.newHash;
  const isFlipping = strategy.pingPong !== undefined && isNewStable;
  const flipped = course.stablePingPong === "ping" ? "pong" : "ping";
  const hasSteps = strategy.steps.length > 0;
  const next: Course = {
    ...turn.course,
    stepIndex: hasSteps ? strategy.steps.length : undefined,
    stablePingPong: isFlipping ? flipped : course.stablePingPong,
    stepRun: undefined,
    backgroundRun: undefined,
    experiment: undefined,
  };
  return { course: next, events: turn.events };
}

function fastReason(facts: Facts, course: Course): string | undefined {
  if (course.isPromoteFull) return "Full promotion requested";
  if (isWithinRollbackWindow(facts, course)) return "Rollback within window";
  return isFastRollback(facts, course) ? "Fast rollback" : undefined;
}

/** With steps the last share is all of it, before the name changes; without steps, and without pods, there is none to move. */
function hasAllTraffic(canary: Canary, { course, traffic }: Walk): boolean {
  const { isRouted, strategy, facts, maxWeight } = canary;
  if (!isRouted || strategy.steps.length === 0 || facts.n === 0) return true;
  return hasSwitchedBefore(canary, course) || traffic.plan?.canary.weight === maxWeight;
}

/** shouldFullPromote of a canary; undefined = not yet. */
function reasonToPromote(canary: Canary, walk: Walk): string | undefined {
  const { facts, strategy } = canary;
  const { course } = walk;
  if (course.stableHash === "") return "Initial deploy";
  if (course.isAborted || !isNewFullyAvailable(canary)) return undefined;
  if (course.stableHash === facts.newHash) return "Fast rollback";
  if (!hasEarnedPromotion(canary, walk)) return undefined;
  const fast = fastReason(facts, course);
  if (fast !== undefined) return fast;
  if (!areStepsDone(canary, course) || !hasAllTraffic(canary, walk)) return undefined;
  return `Completed all ${String(strategy.steps.length)} canary steps`;
}

/** The canary's promotion, if it has come to that; otherwise the course as it was. */
export function promoteIfEarned(canary: Canary, walk: Walk): Turn {
  const reason = reasonToPromote(canary, walk);
  return reason === undefined
    ? { course: walk.course, events: [] }
    : promoteCanary(canary, walk.course, reason);
}

/**
 * promote --full and a rollback within the window leave steps, pauses and aborts behind at once; so
 * does a promotion that was cut short after users had been switched.
 */
export function skipStepsIfForced(canary: Canary, course: Course): Course {
  const isForced =
    course.isPromoteFull ||
    isWithinRollbackWindow(canary.facts, course) ||
    hasSwitchedBefore(canary, course);
  if (!isForced) return course;
  const hasSteps = canary.strategy.steps.length > 0;
  return {
    ...withoutAnyPause(course),
    isAborted: false,
    abortedAt: undefined,
    stepIndex: hasSteps ? canary.strategy.steps.length : undefined,
  };
}
