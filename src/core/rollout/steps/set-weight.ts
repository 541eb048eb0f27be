import type { SetWeightStep } from "../../../api/argo/rollout.ts";
import { servingReplicas } from "../../replicas/replica-set.ts";
import { isAtDesiredCounts } from "../canary-sizes.ts";
import { canaryRoles, versionLeftBehind } from "../canary-view.ts";
import { complete } from "./step-outcome.ts";
import type { AtStep, StepOutcome } from "./step-outcome.ts";

/** The canary's share is still another version's: nothing has been seen of this one yet. */
function whileLeftBehind(step: SetWeightStep, { canary, course }: AtStep): string {
  const { stableRs } = canaryRoles(canary, course);
  const pods = `${String(servingReplicas(stableRs))} of ${String(canary.facts.n)}`;
  return `traffic is held before canary weight ${String(step.weight)}: the version before it serves until stable ReplicaSet has all replicas available (${pods})`;
}

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
  const isOfAnother = versionLeftBehind(canary, course) !== undefined;
  if (isOfAnother) return { kind: "waiting", why: whileLeftBehind(step, at), isHeld: true };
  if (traffic.isSettled) return complete;
  const detail = traffic.waitingFor === undefined ? "" : ` (${traffic.waitingFor})`;
  return {
    kind: "waiting",
    why: `setWeight ${String(step.weight)}: the data plane has not confirmed the weights yet${detail}`,
  };
}
