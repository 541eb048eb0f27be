import type { Counters } from "../counters.ts";
import type { Facts } from "../context.ts";
import { isFullyPromoted } from "../course.ts";
import { scaleDownDeadlineOf } from "../../replicas/replica-set.ts";
import type { StrategyOutcome } from "../outcome.ts";
import { deadlineMs, hasProgressed } from "../progress.ts";
import { rolesOf } from "../context.ts";
import { withAvailable } from "./available.ts";
import { withCompleted } from "./completed.ts";
import { conditionOf, withoutCondition } from "./condition-list.ts";
import type { Conditions } from "./condition-list.ts";
import { withHealthy } from "./healthy.ts";
import { withPaused } from "./paused.ts";
import { withProgressing } from "./progressing.ts";
import { withReplicaFailure } from "./replica-failure.ts";

function isTimedOut(facts: Facts, outcome: StrategyOutcome): boolean {
  const before = conditionOf(facts.before.conditions ?? [], "Progressing");
  if (before?.reason === "ProgressDeadlineExceeded") return true;
  const endsAtMs = deadlineMs(facts, outcome.isInIndefiniteStep);
  const { others } = rolesOf(facts, outcome.course.stableHash);
  const isWaitingForScaleDown = others.some((rs) => scaleDownDeadlineOf(rs) !== undefined);
  return endsAtMs !== undefined && endsAtMs < facts.now && !isWaitingForScaleDown;
}

/** Every pod is of this version and available, and the strategy has nothing left to do (§2.11). */
export function isHealthy(facts: Facts, outcome: StrategyOutcome, counters: Counters): boolean {
  return (
    counters.updated === facts.n &&
    counters.available === facts.n &&
    outcome.isStrategyDone &&
    !outcome.course.isAborted
  );
}

/** All conditions after this pass, in the order Argo works them out: Healthy, Progressing, Available, ReplicaFailure, Completed. */
export function conditionsAfter(
  facts: Facts,
  outcome: StrategyOutcome,
  counters: Counters,
): Conditions {
  const { course, selectors } = outcome;
  const { now } = facts;
  const isPaused = course.pauseConditions.length > 0 || facts.spec.paused;
  const isCompleted = isFullyPromoted(facts, course);
  const healthy = isHealthy(facts, outcome, counters);
  const stored = withoutCondition(facts.before.conditions ?? [], "InvalidSpec");
  const wasFine =
    conditionOf(stored, "Healthy")?.status === "True" ||
    conditionOf(stored, "Progressing")?.reason === "NewReplicaSetAvailable";
  const wasPaused = conditionOf(stored, "Paused")?.status === "True";
  const paused = withPaused(stored, isPaused, course.isAborted, now);
  const withHealth = withHealthy(paused, healthy && !isPaused, now);
  const progressing = withProgressing(withHealth, {
    facts,
    course,
    isPaused,
    isCompleted,
    isHealthy: healthy,
    hasProgressed: hasProgressed(facts, course, counters, selectors),
    hasBecomeUnhealthy: wasFine && !healthy,
    hasJustResumed: wasPaused && !isPaused,
    isTimedOut: isTimedOut(facts, outcome),
  });
  const available = withAvailable(progressing, outcome.isAvailable, now);
  const others = facts.replicaSets.filter((rs) => rs !== facts.newRs);
  return withCompleted(withReplicaFailure(available, [facts.newRs, ...others]), isCompleted, now);
}
