// core/rollout/steps: one file per kind of step, each a pure question: given what is observed, is
// this step complete, waiting, pausing, or a reason to abort? To add a kind: a file here, a line in
// the record below, a text in step-text.ts, and its type in api/argo/rollout.ts.
import type { CanaryStep } from "../../../api/argo/rollout.ts";
import { analysisOutcome } from "./analysis.ts";
import { experimentOutcome } from "./experiment.ts";
import { pauseOutcome } from "./pause.ts";
import { pauseUntilSafeOutcome } from "./pause-until-safe.ts";
import { pluginOutcome } from "./plugin.ts";
import { routeOutcome } from "./routes.ts";
import { setCanaryScaleOutcome } from "./set-canary-scale.ts";
import { setWeightOutcome } from "./set-weight.ts";
import type { AtStep, StepHandlers, StepOutcome } from "./step-outcome.ts";

export const stepHandlers: StepHandlers = {
  setWeight: setWeightOutcome,
  pause: pauseOutcome,
  setCanaryScale: setCanaryScaleOutcome,
  analysis: analysisOutcome,
  experiment: experimentOutcome,
  setHeaderRoute: routeOutcome,
  setMirrorRoute: routeOutcome,
  plugin: pluginOutcome,
  pauseUntilSafe: pauseUntilSafeOutcome,
};

function handle<K extends CanaryStep["kind"]>(
  kind: K,
  step: Extract<CanaryStep, { readonly kind: K }>,
  at: AtStep,
): StepOutcome {
  return stepHandlers[kind](step, at);
}

export function outcomeOf(step: CanaryStep, at: AtStep): StepOutcome {
  switch (step.kind) {
    case "setWeight":
      return handle(step.kind, step, at);
    case "pause":
      return handle(step.kind, step, at);
    case "setCanaryScale":
      return handle(step.kind, step, at);
    case "analysis":
      return handle(step.kind, step, at);
    case "experiment":
      return handle(step.kind, step, at);
    case "setHeaderRoute":
      return handle(step.kind, step, at);
    case "setMirrorRoute":
      return handle(step.kind, step, at);
    case "plugin":
      return handle(step.kind, step, at);
    case "pauseUntilSafe":
      return handle(step.kind, step, at);
  }
}
