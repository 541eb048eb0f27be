import type { LookAgain, RolloutEvent } from "./decision.ts";
import { samePlan } from "../traffic/plan.ts";
import { abortWith } from "./abort.ts";
import { missingEvidence } from "./background-evidence.ts";
import { decideTraffic } from "./canary-traffic.ts";
import type { TrafficDecision } from "./canary-traffic.ts";
import { currentStep, isNewFullyAvailable, wantsAll } from "./canary-view.ts";
import type { Canary } from "./canary-view.ts";
import { hasPause, isInconclusive, rolloutEvent, withPause, withoutPause } from "./course.ts";
import { pauseMessage } from "./phase.ts";
import type { Course } from "./course.ts";
import { canaryAndStableServices } from "./service-names.ts";
import { selectedHash } from "./services.ts";
import { outcomeOf } from "./steps/step-handlers.ts";
import type { StepOutcome } from "./steps/step-outcome.ts";
import { stepText } from "./steps/step-text.ts";

/** How far the steps lead in this pass. */
export interface Walk {
  readonly course: Course;
  readonly events: readonly RolloutEvent[];
  /** What the routers are to be told in this pass. */
  readonly traffic: TrafficDecision;
  /** A step was counted as done because the routers are told in this very pass: tell them first. */
  readonly reliesOnTraffic: boolean;
  readonly lookAgain: LookAgain | undefined;
  readonly why: string | undefined;
}

function start(canary: Canary, course: Course): Walk {
  return {
    course,
    events: [],
    traffic: decideTraffic(canary, course),
    reliesOnTraffic: false,
    lookAgain: undefined,
    why: undefined,
  };
}

/** Steps rest while somebody has paused the rollout, nobody could judge it, or it is on another way. */
function mayWalk(canary: Canary, course: Course): boolean {
  return (
    !canary.facts.spec.paused &&
    !course.isAborted &&
    !isInconclusive(course) &&
    !wantsAll(canary, course)
  );
}

function afterCompletion(canary: Canary, walk: Walk, text: string): Walk {
  const { course, traffic } = walk;
  const index = course.stepIndex ?? 0;
  const total = canary.strategy.steps.length;
  const message = `Rollout step ${String(index + 1)}/${String(total)} completed (${text})`;
  const event = rolloutEvent(
    canary.facts,
    course,
    "RolloutStepCompleted",
    message,
    `${String(index)}/completed`,
  );
  const next: Course = {
    ...withoutPause(course, "CanaryPauseStep"),
    pauseText: undefined,
    stepIndex: index + 1,
    isResumed: false,
    stepRun: undefined,
    experiment: undefined,
  };
  const mustTellFirst = traffic.plan !== undefined && !traffic.isInForce;
  return {
    ...walk,
    course: { ...next, controllerPause: next.pauseConditions.length > 0 && next.controllerPause },
    events: [...walk.events, event],
    reliesOnTraffic: walk.reliesOnTraffic || mustTellFirst,
  };
}

/** Told when it gets there; from then on the message says it. */
function stuckEvent({ facts }: Canary, course: Course, why: string): RolloutEvent | undefined {
  if (facts.before.message === why) return undefined;
  const occasion = `${String(course.stepIndex ?? 0)}/stuck`;
  return rolloutEvent(facts, course, "ReconciliationError", why, occasion);
}

function paused(
  canary: Canary,
  walk: Walk,
  { reason, lookAgain, text, isOverdue }: Extract<StepOutcome, { kind: "pause" }>,
): Walk {
  const { facts } = canary;
  const course = { ...withPause(walk.course, reason, facts), pauseText: text };
  // Told when it comes to that; from then on the message says it.
  const isNews = isOverdue === true && facts.before.message !== pauseMessage(reason, text);
  const occasion = `${String(course.stepIndex ?? 0)}/not shown safe`;
  const events =
    isNews && text !== undefined
      ? [...walk.events, rolloutEvent(facts, course, "NotShownSafe", text, occasion)]
      : walk.events;
  return { ...walk, course, events, lookAgain };
}

function stopped(
  canary: Canary,
  walk: Walk,
  outcome: Exclude<StepOutcome, { kind: "complete" }>,
): Walk {
  switch (outcome.kind) {
    case "waiting": {
      const { why, lookAgain, isHeld } = outcome;
      const course = isHeld === true ? { ...walk.course, held: why } : walk.course;
      return { ...walk, course, why, lookAgain };
    }
    case "stuck": {
      const { course } = walk;
      const event = stuckEvent(canary, course, outcome.why);
      const events = event === undefined ? walk.events : [...walk.events, event];
      return { ...walk, events, why: outcome.why, course: { ...course, held: outcome.why } };
    }
    case "pause":
      return paused(canary, walk, outcome);
    case "abort": {
      const course = abortWith(walk.course, outcome.message, canary.facts);
      return { ...start(canary, course), events: walk.events };
    }
  }
}

/**
 * Goes on as long as each step's own condition is met by what is observed now. Traffic changes at
 * most once in a pass: a step that would need another plan waits for the next.
 */
export function walkSteps(canary: Canary, from: Course): Walk {
  let walk = start(canary, from);
  if (!mayWalk(canary, from)) return walk;
  for (;;) {
    const { course } = walk;
    const traffic = decideTraffic(canary, course);
    if (walk.reliesOnTraffic && !samePlan(walk.traffic.plan, traffic.plan)) {
      // Another plan follows in the next pass: until then nobody loses the pods this one needs.
      return { ...walk, traffic: { ...walk.traffic, isSettled: false } };
    }
    walk = { ...walk, traffic };
    const step = currentStep(canary, course);
    if (step === undefined || course.stepIndex === undefined) return walk;
    const outcome = outcomeOf(step, { canary, course, stepIndex: course.stepIndex, traffic });
    if (outcome.kind !== "complete") return stopped(canary, walk, outcome);
    const isLast = course.stepIndex === canary.strategy.steps.length - 1;
    // A person who says "go on" has the last word.
    const missing = isLast && !course.isResumed ? missingEvidence(canary, course) : undefined;
    if (missing !== undefined)
      return { ...walk, course: { ...course, held: missing }, why: missing };
    walk = afterCompletion(canary, walk, stepText(step));
  }
}

/**
 * The stable Service leads to the new version already: a pass that had seen everything settled was
 * cut short before its status. Going on is right; going back would move users to and fro.
 */
export function hasSwitchedBefore({ facts, strategy }: Canary, course: Course): boolean {
  const service = canaryAndStableServices(strategy, course).stable;
  const isOtherwise = strategy.pingPong !== undefined || service === undefined;
  if (isOtherwise || course.isAborted || course.stableHash === "") return false;
  return selectedHash(facts.observed.services[service]) === facts.newHash;
}

/** Whether the new version has earned all of the traffic: nothing is left but to call it stable. */
export function hasEarnedPromotion(canary: Canary, walk: Walk): boolean {
  const { course, traffic } = walk;
  // Where nobody confirms, a weight counts once it is written: all of the traffic has to be, before.
  const hasTraffic = traffic.held === undefined && traffic.isSettled && traffic.isInForce;
  const isHeld = canary.facts.spec.paused || course.pauseConditions.length > 0;
  // A stable version that cannot serve is no reason to wait where nothing more was to move before.
  const isFreed =
    traffic.held !== undefined && (course.isPromoteFull || canary.strategy.steps.length === 0);
  return (
    !course.isAborted &&
    !isHeld &&
    !walk.reliesOnTraffic &&
    (hasSwitchedBefore(canary, course) || hasTraffic || isFreed) &&
    isNewFullyAvailable(canary) &&
    !hasPause(course, "InconclusiveAnalysisRun")
  );
}
