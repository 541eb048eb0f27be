import type { PauseUntilSafeStep } from "../../../api/argo/rollout.ts";
import { parseTime } from "../../../lib/time.ts";
import { observedRun } from "../judge-runs.ts";
import { isShownSafe } from "../shown-safe.ts";
import { complete } from "./step-outcome.ts";
import type { AtStep, StepOutcome } from "./step-outcome.ts";

function isSafe({ canary, course }: AtStep): boolean {
  const run = observedRun(canary.facts, course.backgroundRun?.name);
  return run !== undefined && isShownSafe(run);
}

/**
 * Done as soon as the sequential judge in the background has shown the canary to be safe, or when a
 * person goes on. When `max` is over without that, nothing has been proven: it goes on waiting, for a
 * person now, unless the step says `atMax: proceed`.
 */
export function pauseUntilSafeOutcome(step: PauseUntilSafeStep, at: AtStep): StepOutcome {
  const { course, canary, stepIndex } = at;
  if (course.isResumed || isSafe(at)) return complete;
  const reason = "CanaryPauseStep";
  if (step.maxSeconds === undefined || step.maxText === undefined)
    return { kind: "pause", reason, text: "until the canary is shown to be safe" };
  const condition = course.pauseConditions.find((each) => each.reason === reason);
  const startedAtMs = parseTime(condition?.startTime) ?? canary.facts.now;
  const endsAtMs = startedAtMs + step.maxSeconds * 1000;
  const lookAgain = { atMs: endsAtMs, why: `pause step ${String(stepIndex + 1)} has had its time` };
  if (endsAtMs > canary.facts.now) {
    const text = `until the canary is shown to be safe, for ${step.maxText} at most`;
    return { kind: "pause", reason, lookAgain, text };
  }
  if (step.atMax === "proceed") return complete;
  const text = `the canary was not shown to be safe within ${step.maxText}: promote to go on all the same, abort to go back`;
  return { kind: "pause", reason, text, isOverdue: true };
}
