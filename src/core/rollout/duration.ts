import type { RolloutDuration } from "../../api/argo/rollout-status.ts";
import { formatTime, parseTime } from "../../lib/time.ts";
import { availableReplicas } from "../replicas/replica-set.ts";
import type { Facts } from "./context.ts";
import { isFullyPromoted } from "./course.ts";
import type { Course } from "./course.ts";
import { isFastRollback, isRollback } from "./rollback.ts";

// status.duration: how long one attempt at a version took, and how it ended (§1.4).

function isRunning(duration: RolloutDuration | undefined): boolean {
  return duration?.rolloutStartedAt !== undefined && duration.finishedAt === undefined;
}

function isAtGoal(facts: Facts, course: Course): boolean {
  return isFullyPromoted(facts, course) && availableReplicas(facts.newRs) >= facts.n;
}

function started(facts: Facts, course: Course): RolloutDuration | undefined {
  const { before, now } = facts;
  const isFirst = before.duration === undefined;
  const running = isRunning(before.duration);
  const wasAtGoal = before.stableRS === facts.newHash && availableReplicas(facts.newRs) >= facts.n;
  const fresh: RolloutDuration = { rolloutStartedAt: formatTime(now) };
  if (!isFirst && !course.isNewAttempt) return before.duration;
  if (!running) return wasAtGoal ? before.duration : fresh;
  const isOtherTemplate = before.currentPodHash !== facts.newHash;
  if (!isOtherTemplate || !isRollback(facts, course)) return fresh;
  const completionStatus = isFastRollback(facts, course) ? "FastRolledBack" : "RolledBack";
  return { ...before.duration, completionStatus };
}

/** A person is being waited for. */
function isManuallyPaused(facts: Facts, course: Course): boolean {
  const { spec } = facts;
  if (spec.paused) return true;
  const { strategy } = spec;
  return course.pauseConditions.some(({ reason }) => {
    switch (reason) {
      case "InconclusiveAnalysisRun":
      case "InconclusiveExperiment":
        return true;
      case "BlueGreenPause":
        return strategy.kind === "blueGreen" && !strategy.autoPromotionEnabled;
      case "CanaryPauseStep": {
        const step = strategy.kind === "canary" ? strategy.steps[course.stepIndex ?? 0] : undefined;
        return step?.kind === "pause" && step.durationSeconds === undefined;
      }
    }
  });
}

function withManualPause(duration: RolloutDuration, facts: Facts, course: Course): RolloutDuration {
  const { manualPauseStartedAt, ...rest } = duration;
  const isPaused = isManuallyPaused(facts, course);
  if (isPaused)
    return { ...duration, manualPauseStartedAt: manualPauseStartedAt ?? formatTime(facts.now) };
  const sinceMs = parseTime(manualPauseStartedAt);
  if (sinceMs === undefined) return rest;
  const seconds = Math.floor((facts.now - sinceMs) / 1000);
  const total = (duration.totalManualPauseDurationSeconds ?? 0) + seconds;
  return total === 0 ? rest : { ...rest, totalManualPauseDurationSeconds: total };
}

function finished(duration: RolloutDuration, facts: Facts, course: Course): RolloutDuration {
  const finishedAt = formatTime(facts.now);
  if (course.isAborted) {
    return { ...duration, finishedAt, completionStatus: duration.completionStatus ?? "Aborted" };
  }
  const hasSwitched = course.stableHash !== (facts.before.stableRS ?? "");
  const promoted = facts.before.promoteFull === true ? "FastPromoted" : "Promoted";
  const completionStatus = duration.completionStatus ?? (hasSwitched ? promoted : undefined);
  const ended = completionStatus === undefined ? duration : { ...duration, completionStatus };
  return isAtGoal(facts, course) ? { ...ended, finishedAt } : ended;
}

/** The account of the current attempt after this pass; frozen once it is finished. */
export function durationAfter(facts: Facts, course: Course): RolloutDuration | undefined {
  const duration = started(facts, course);
  if (duration === undefined || !isRunning(duration)) return duration;
  return finished(withManualPause(duration, facts, course), facts, course);
}
