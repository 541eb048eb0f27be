import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import { parseTime } from "../../lib/time.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { Counters } from "./counters.ts";
import type { Facts } from "./context.ts";
import type { Course } from "./course.ts";
import { conditionOf } from "./conditions/condition-list.ts";
import type { StrategyOutcome } from "./outcome.ts";

function haveCountersMoved(before: RolloutStatus, after: Counters): boolean {
  const oldBefore = (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
  return (
    after.updated !== (before.updatedReplicas ?? 0) ||
    after.replicas - after.updated < oldBefore ||
    after.ready > (before.readyReplicas ?? 0) ||
    after.available > (before.availableReplicas ?? 0)
  );
}

/** Whether anything has come closer to the end since the status was written (§2.11). */
export function hasProgressed(
  facts: Facts,
  course: Course,
  counters: Counters,
  selectors: StrategyOutcome["selectors"],
): boolean {
  const { before } = facts;
  if (haveCountersMoved(before, counters)) return true;
  if (before.currentPodHash !== facts.newHash) return true;
  return selectors === undefined
    ? haveStepsMoved(before, course)
    : haveServicesMoved(before, selectors);
}

function haveServicesMoved(
  { blueGreen }: RolloutStatus,
  selectors: NonNullable<StrategyOutcome["selectors"]>,
): boolean {
  return (
    selectors.active !== (blueGreen?.activeSelector ?? "") ||
    selectors.preview !== (blueGreen?.previewSelector ?? "")
  );
}

function haveStepsMoved(before: RolloutStatus, course: Course): boolean {
  const { currentStepIndex: indexBefore } = before;
  const hasStepChanged =
    indexBefore !== undefined && course.stepIndex !== undefined && indexBefore !== course.stepIndex;
  return (
    hasStepChanged ||
    course.stableHash !== (before.stableRS ?? "") ||
    course.stepHash !== before.currentStepHash
  );
}

/** When the progress deadline is over, by the stored Progressing condition; undefined while it does not run. */
export function deadlineMs(facts: Facts, isInIndefiniteStep: boolean): EpochMs | undefined {
  const conditions = facts.before.conditions ?? [];
  const progressing = conditionOf(conditions, "Progressing");
  const updatedAtMs = parseTime(progressing?.lastUpdateTime);
  if (progressing === undefined || updatedAtMs === undefined || isInIndefiniteStep)
    return undefined;
  if (progressing.reason === "RolloutAborted" || progressing.reason === "RolloutPaused")
    return undefined;
  if (conditionOf(conditions, "Paused")?.status === "True") return undefined;
  return updatedAtMs + facts.spec.progressDeadlineSeconds * 1000;
}
