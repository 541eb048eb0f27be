import type { PauseStep } from "../../../api/argo/rollout.ts";
import { parseTime } from "../../../lib/time.ts";
import { complete } from "./step-outcome.ts";
import type { AtStep, StepOutcome } from "./step-outcome.ts";

/** Done when its time is over, or when a person has cleared the pause condition (§2.10). */
export function pauseOutcome(step: PauseStep, at: AtStep): StepOutcome {
  const { course, stepIndex, canary } = at;
  if (course.isResumed) return complete;
  const condition = course.pauseConditions.find((c) => c.reason === "CanaryPauseStep");
  const startedAtMs = parseTime(condition?.startTime) ?? canary.facts.now;
  if (step.durationSeconds === undefined) return { kind: "pause", reason: "CanaryPauseStep" };
  const endsAtMs = startedAtMs + step.durationSeconds * 1000;
  if (endsAtMs <= canary.facts.now) return complete;
  const lookAgain = { atMs: endsAtMs, why: `pause step ${String(stepIndex + 1)} ends` };
  return { kind: "pause", reason: "CanaryPauseStep", lookAgain };
}
