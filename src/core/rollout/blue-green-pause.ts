import { parseTime } from "../../lib/time.ts";
import { availableReplicas } from "../replicas/replica-set.ts";
import { isFastTrack, isHalted, isPrePromotionPassed, isReadyForPause } from "./blue-green-view.ts";
import type { BlueGreen } from "./blue-green-view.ts";
import { hasPause, withoutPause, withPause } from "./course.ts";
import type { Course } from "./course.ts";
import type { LookAgain } from "./decision.ts";

// The pause before users are switched over, and the checkpoint after which the preview grows (§2.7).

export interface PauseOutcome {
  readonly course: Course;
  /** Nothing but the pods themselves stands between the new version and the users. */
  readonly isPassed: boolean;
  readonly lookAgain: readonly LookAgain[];
}

function passed(course: Course): PauseOutcome {
  return { course: withoutPause(course, "BlueGreenPause"), isPassed: true, lookAgain: [] };
}

function waiting(course: Course, lookAgain: readonly LookAgain[] = []): PauseOutcome {
  return { course, isPassed: false, lookAgain };
}

function timeLeft(blueGreen: BlueGreen, course: Course): readonly LookAgain[] | "over" {
  const { strategy, facts } = blueGreen;
  if (!strategy.autoPromotionEnabled) return [];
  const condition = course.pauseConditions.find((c) => c.reason === "BlueGreenPause");
  const startedAtMs = parseTime(condition?.startTime) ?? facts.now;
  const endsAtMs = startedAtMs + strategy.autoPromotionSeconds * 1000;
  return endsAtMs <= facts.now ? "over" : [{ atMs: endsAtMs, why: "the preview is promoted" }];
}

function pauseOf(blueGreen: BlueGreen, course: Course): PauseOutcome {
  const { strategy, facts } = blueGreen;
  const needsPause = !strategy.autoPromotionEnabled || strategy.autoPromotionSeconds > 0;
  if (isFastTrack(blueGreen, course) || course.hasPassedCheckpoint) return passed(course);
  const isReady = isReadyForPause(blueGreen, course) && isPrePromotionPassed(blueGreen, course);
  if (!needsPause) return isReady ? passed(course) : waiting(course);
  if (hasPause(course, "BlueGreenPause")) {
    const left = timeLeft(blueGreen, course);
    return left === "over" ? passed(course) : waiting(course, left);
  }
  // A person's word stays valid when a pod happens to be missing at that moment. Before the verdict it
  // can only have been about an undecided one.
  if (course.isResumed && isPrePromotionPassed(blueGreen, course))
    return passed({ ...course, hasPassedCheckpoint: !isReady });
  if (!isReady) return waiting(course);
  const paused = withPause(course, "BlueGreenPause", facts);
  const left = timeLeft(blueGreen, paused);
  return left === "over" ? passed(course) : waiting(paused, left);
}

/** With previewReplicaCount the preview grows to full size only once everything else is passed. */
function withCheckpoint(blueGreen: BlueGreen, outcome: PauseOutcome): PauseOutcome {
  const { strategy, facts } = blueGreen;
  const { course, isPassed } = outcome;
  const preview = strategy.previewReplicaCount;
  const isReached =
    isPassed &&
    preview !== undefined &&
    !isFastTrack(blueGreen, course) &&
    isPrePromotionPassed(blueGreen, course) &&
    availableReplicas(facts.newRs) === Math.min(preview, facts.n);
  return isReached ? { ...outcome, course: { ...course, hasPassedCheckpoint: true } } : outcome;
}

export function blueGreenPause(blueGreen: BlueGreen, course: Course): PauseOutcome {
  if (course.isAborted || isHalted(blueGreen, course)) return waiting(course);
  return withCheckpoint(blueGreen, pauseOf(blueGreen, course));
}
