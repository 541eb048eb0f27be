import { pauseUntilSafePlugin } from "../../../api/argo/keys.ts";
import type { CanaryStep } from "../../../api/argo/rollout.ts";

function scaleText(step: Extract<CanaryStep, { readonly kind: "setCanaryScale" }>): string {
  switch (step.mode) {
    case "replicas":
      return `setCanaryScale{replicas: ${String(step.replicas)}}`;
    case "weight":
      return `setCanaryScale{weight: ${String(step.weight)}}`;
    case "matchTrafficWeight":
      return "setCanaryScale{matchTrafficWeight: true}";
  }
}

/** A step in the words of the event RolloutStepCompleted (§1.8). */
export function stepText(step: CanaryStep): string {
  switch (step.kind) {
    case "setWeight":
      return `setWeight: ${String(step.weight)}`;
    case "pause":
      return step.durationText === undefined ? "pause" : `pause: ${step.durationText}`;
    case "setCanaryScale":
      return scaleText(step);
    case "analysis":
    case "experiment":
      return step.kind;
    case "pauseUntilSafe":
      return `plugin: ${pauseUntilSafePlugin}`;
    case "plugin":
    case "setHeaderRoute":
    case "setMirrorRoute":
      return `${step.kind}: ${step.name}`;
  }
}
