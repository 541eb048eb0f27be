// From a Rollout to what `haldane plan` plays: its shares and how long each lasts.
import type { CanaryStep, Rollout } from "../../api/argo/rollout.ts";
import type { PlannedStep } from "../../core/judge/plan.ts";
import { CliError } from "../command.ts";

export interface StepsToPlan {
  readonly steps: readonly PlannedStep[];
  /** What the plan could not know, for people. */
  readonly notes: readonly string[];
}

interface Stage {
  share: number;
  seconds: number;
}

/** How long a step keeps things as they are; undefined = nobody can say. */
function secondsOf(step: CanaryStep): number | undefined {
  switch (step.kind) {
    case "pause":
      return step.durationSeconds;
    case "pauseUntilSafe":
      return step.maxSeconds;
    case "analysis":
    case "experiment":
    case "plugin":
      return undefined;
    case "setWeight":
    case "setCanaryScale":
    case "setHeaderRoute":
    case "setMirrorRoute":
      return 0;
  }
}

/**
 * Stages of equal share, those that last no time left out; a step whose end nobody knows lasts `openSeconds`. Throws a
 * CliError where there are none.
 */
export function stepsToPlan(
  { metadata, spec: { strategy } }: Rollout,
  openSeconds: number,
): StepsToPlan {
  if (strategy.kind !== "canary" || strategy.steps.length === 0)
    throw new CliError(`rollout '${metadata.name}' has no canary steps: there is nothing to plan`);
  const stages: Stage[] = [];
  const notes: string[] = [];
  let share = 0;
  for (const [index, step] of strategy.steps.entries()) {
    if (step.kind === "setWeight") share = step.weight / 100;
    const known = secondsOf(step);
    const seconds = known ?? openSeconds;
    if (known === undefined)
      notes.push(
        `step ${String(index + 1)} (${step.kind}) does not say how long it lasts: counted as ${String(seconds)} s (--open-step)`,
      );
    const last = stages.at(-1);
    if (last?.share === share) last.seconds += seconds;
    else stages.push({ share, seconds });
  }
  const steps = stages.filter((stage) => stage.seconds > 0);
  if (steps.length === 0)
    throw new CliError(`rollout '${metadata.name}' has no pauses: there is nothing to plan`);
  return { steps, notes };
}
