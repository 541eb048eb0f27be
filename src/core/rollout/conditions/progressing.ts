import type { RolloutCondition } from "../../../api/argo/rollout-status.ts";
import type { Facts } from "../context.ts";
import type { Course } from "../course.ts";
import { conditionOf, rewriteCondition, setCondition } from "./condition-list.ts";
import type { Conditions, ConditionState } from "./condition-list.ts";

/** What the Progressing condition is chosen from; computed once in all-conditions.ts. */
export interface ProgressFacts {
  readonly facts: Facts;
  readonly course: Course;
  readonly isPaused: boolean;
  readonly isCompleted: boolean;
  readonly isHealthy: boolean;
  readonly hasProgressed: boolean;
  readonly hasBecomeUnhealthy: boolean;
  /** The time of a pause is not counted against progress: the deadline starts anew. */
  readonly hasJustResumed: boolean;
  readonly isTimedOut: boolean;
}

function state(status: ConditionState["status"], reason: string, message: string): ConditionState {
  return { type: "Progressing", status, reason, message };
}

export function abortedState({
  facts,
  course,
}: Pick<ProgressFacts, "facts" | "course">): ConditionState {
  const suffix = course.abortMessage === undefined ? "" : `: ${course.abortMessage}`;
  const message = `Rollout aborted update to revision ${String(facts.revision)}${suffix}`;
  return state("False", "RolloutAborted", message);
}

export function timeOutText(facts: Facts): string {
  return `ReplicaSet "${facts.newRs.metadata.name}" has timed out progressing.`;
}

/** A condition that only says how things stand is rewritten on every progress, to restart the deadline. */
function progressState(at: ProgressFacts): ConditionState {
  const { facts, isCompleted, hasBecomeUnhealthy } = at;
  const name = facts.newRs.metadata.name;
  if (!facts.newRsExists)
    return state("True", "NewReplicaSetCreated", `Created new replica set "${name}"`);
  if (hasBecomeUnhealthy && isCompleted) {
    return state("True", "ReplicaSetNotAvailable", "Rollout does not have minimum availability");
  }
  return state("True", "ReplicaSetUpdated", `ReplicaSet "${name}" is progressing.`);
}

/** The rollout rests: what it has been doing shows in the reason it had. */
function restingState(
  before: RolloutCondition | undefined,
  at: ProgressFacts,
): ConditionState | undefined {
  switch (before?.reason) {
    case "RolloutPaused":
      return state("Unknown", "RolloutResumed", "Rollout is resumed");
    case "RolloutAborted":
      return state("Unknown", "RolloutRetry", "Retrying Rollout after abort");
    default:
      return at.isTimedOut && !at.hasJustResumed
        ? state("False", "ProgressDeadlineExceeded", timeOutText(at.facts))
        : undefined;
  }
}

/** What overrides any progress; undefined if nothing does. */
function overridingState(
  before: RolloutCondition | undefined,
  at: ProgressFacts,
): ConditionState | undefined {
  const { facts } = at;
  const name = facts.newRs.metadata.name;
  if (at.course.isAborted) return abortedState(at);
  if (at.isHealthy) {
    return state(
      "True",
      "NewReplicaSetAvailable",
      `ReplicaSet "${name}" has successfully progressed.`,
    );
  }
  if (at.isPaused && !at.isCompleted) return state("Unknown", "RolloutPaused", "Rollout is paused");
  const isAdopted = before === undefined && facts.newRsExists;
  return isAdopted
    ? state("True", "FoundNewReplicaSet", `Found new replica set "${name}"`)
    : undefined;
}

/** Order of precedence: aborted, healthy, paused, found, progress, resumed or retried, timed out (§1.4, §2.2 step 1). */
export function withProgressing(list: Conditions, at: ProgressFacts): Conditions {
  const { now } = at.facts;
  const before = conditionOf(list, "Progressing");
  const overriding = overridingState(before, at);
  if (overriding !== undefined) return setCondition(list, overriding, now);
  if (at.hasProgressed || at.hasBecomeUnhealthy)
    return rewriteCondition(list, progressState(at), now);
  const resting = restingState(before, at);
  if (resting !== undefined) return setCondition(list, resting, now);
  return at.hasJustResumed ? rewriteCondition(list, progressState(at), now) : list;
}
