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

/** Stages of equal share, those that last no time left out. Throws a CliError where there are none. */
export function stepsToPlan({ metadata, spec: { strategy } }: Rollout): StepsToPlan {
  if (strategy.kind !== "canary" || strategy.steps.length === 0)
    throw new CliError(`rollout '${metadata.name}' has no canary steps: there is nothing to plan`);
  const stages: Stage[] = [];
  const notes: string[] = [];
  let share = 0;
  for (const [index, step] of strategy.steps.entries()) {
    if (step.kind === "setWeight") share = step.weight / 100;
    const seconds = secondsOf(step);
    if (seconds === undefined)
      notes.push(
        `step ${String(index + 1)} (${step.kind}) lasts as long as it lasts: counted as nothing`,
      );
    const last = stages.at(-1);
    if (last?.share === share) last.seconds += seconds ?? 0;
    else stages.push({ share, seconds: seconds ?? 0 });
  }
  const steps = stages.filter((stage) => stage.seconds > 0);
  if (steps.length === 0)
    throw new CliError(
      `rollout '${metadata.name}' has no pauses of known length: there is nothing to plan`,
    );
  return { steps, notes };
}
