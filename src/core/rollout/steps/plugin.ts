import type { PluginStep } from "../../../api/argo/rollout.ts";
import { complete } from "./step-outcome.ts";
import type { AtStep, StepOutcome } from "./step-outcome.ts";

/**
 * Done when whoever runs step plugins has recorded success, or has disabled the plugin. We run none:
 * without such a record the rollout stops here and says so; it never passes by itself.
 */
export function pluginOutcome(step: PluginStep, at: AtStep): StepOutcome {
  const status = at.course.stepPlugins.find(
    (candidate) => candidate.index === at.stepIndex && candidate.operation === "Run",
  );
  if (status?.disabled === true || status?.phase === "Successful") return complete;
  if (status?.phase === "Failed" || status?.phase === "Error") {
    const message = `Step Plugin ${String(at.stepIndex + 1)} (${step.name}) failed: ${status.message ?? ""}`;
    return { kind: "abort", message };
  }
  const place = `step ${String(at.stepIndex + 1)}`;
  return {
    kind: "stuck",
    why: `${place} is not carried out: nobody runs the step plugin ${step.name} here; promote to skip it, abort to go back`,
  };
}
