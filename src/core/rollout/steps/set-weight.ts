import type { SetWeightStep } from "../../../api/argo/rollout.ts";
import { isAtDesiredCounts } from "../canary-sizes.ts";
import { complete } from "./step-outcome.ts";
import type { AtStep, StepOutcome } from "./step-outcome.ts";

/** Done when both versions have their pods and the data plane serves the weight. */
export function setWeightOutcome(step: SetWeightStep, at: AtStep): StepOutcome {
  const { canary, course, traffic } = at;
  if (!isAtDesiredCounts(canary, course)) {
    return {
      kind: "waiting",
      why: `setWeight ${String(step.weight)}: replicas are not at their desired counts yet`,
    };
  }
  if (traffic.held !== undefined) return { kind: "waiting", why: traffic.held };
  if (traffic.isSettled) return complete;
  const detail = traffic.waitingFor === undefined ? "" : ` (${traffic.waitingFor})`;
  return {
    kind: "waiting",
    why: `setWeight ${String(step.weight)}: the data plane has not confirmed the weights yet${detail}`,
  };
}
