import type { RecreateStrategy } from "../../api/argo/rollout.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { controllerOf } from "../../api/meta/object.ts";
import { availableReplicas, specReplicas, statusReplicas, sumOf } from "../replicas/replica-set.ts";
import { abortWith, settleAbort } from "./abort.ts";
import { timeOutText } from "./conditions/progressing.ts";
import { rolesOf } from "./context.ts";
import type { Facts } from "./context.ts";
import { courseOf, hasNewStable, isFullyPromoted, rolloutEvent } from "./course.ts";
import type { Course, Turn } from "./course.ts";
import { countersOf } from "./counters.ts";
import type { StrategyOutcome } from "./outcome.ts";
import { deadlineMs, hasProgressed } from "./progress.ts";
import { promoteStable } from "./promote.ts";
import { resetByTemplate } from "./reset.ts";
import type { ReplicaSetChange } from "./replica-set-changes.ts";

// Recreate: every pod of the other versions is gone before the first of this one starts. An abort
// is the same thing in the other direction.

/** The version that is to run. */
function target(facts: Facts, course: Course): ReplicaSet {
  const { newRs, stableRs } = rolesOf(facts, course.stableHash);
  return course.isAborted && stableRs !== undefined ? stableRs : newRs;
}

/** Its pods are gone, also those that were still stopping. */
function isGone(facts: Facts, rs: ReplicaSet): boolean {
  const hasPods = facts.observed.pods.some((pod) => controllerOf(pod)?.uid === rs.metadata.uid);
  return specReplicas(rs) === 0 && statusReplicas(rs) === 0 && !hasPods;
}

function sizes(facts: Facts, course: Course): readonly ReplicaSetChange[] {
  if (facts.spec.paused && !course.isAborted) return [];
  const wanted = target(facts, course);
  const others = [...facts.replicaSets, facts.newRs].filter((rs) => rs !== wanted);
  const isFree = others.every((rs) => isGone(facts, rs));
  const down = others.map((rs) => ({ name: rs.metadata.name, replicas: 0 }));
  const isRunning = specReplicas(wanted) > 0;
  const up = isFree || isRunning ? [{ name: wanted.metadata.name, replicas: facts.n }] : [];
  return [...down, ...up];
}

function promoteIfAvailable(facts: Facts, course: Course): Turn {
  const { newRs, n } = facts;
  if (course.stableHash === "") return promoteStable(facts, course, "Initial deploy");
  const isReady =
    !course.isAborted &&
    !facts.spec.paused &&
    availableReplicas(newRs) >= n &&
    specReplicas(newRs) >= n;
  if (!isReady) return { course, events: [] };
  return promoteStable(facts, course, "Completed recreate update");
}

function abortIfTimedOut(facts: Facts, course: Course): Turn {
  const endsAtMs = deadlineMs(facts, false);
  const isOver = endsAtMs !== undefined && endsAtMs < facts.now;
  const isExempt =
    course.isAborted || isFullyPromoted(facts, course) || !facts.spec.progressDeadlineAbort;
  if (
    !isOver ||
    isExempt ||
    hasProgressed(facts, course, countersOf(facts, undefined), undefined)
  ) {
    return { course, events: [] };
  }
  const message = timeOutText(facts);
  const event = rolloutEvent(facts, course, "RolloutAborted", message, "timed out");
  return { course: abortWith(course, message, facts), events: [event] };
}

export function conductRecreate(facts: Facts, _strategy: RecreateStrategy): StrategyOutcome {
  const begun = settleAbort(resetByTemplate(facts, courseOf(facts)), facts);
  const promoted = promoteIfAvailable(facts, begun);
  const { course, events } = abortIfTimedOut(facts, promoted.course);
  const { replicas } = countersOf(facts, undefined);
  return {
    course,
    groundwork: [],
    hasTurned: hasNewStable(facts, course),
    story: [...promoted.events, ...events],
    actions: [],
    changes: sizes(facts, course),
    lookAgain: [],
    weights: undefined,
    selectors: undefined,
    wasIncomplete: !isFullyPromoted(facts, begun),
    why: undefined,
    isStrategyDone: isFullyPromoted(facts, course) && replicas === facts.n,
    isAvailable: sumOf(facts.replicaSets, availableReplicas) >= facts.n,
    isInIndefiniteStep: false,
  };
}
