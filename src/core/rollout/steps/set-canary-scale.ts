import type { SetCanaryScaleStep } from "../../../api/argo/rollout.ts";
import { isAtDesiredCounts } from "../canary-sizes.ts";
import { complete } from "./step-outcome.ts";
import type { AtStep, StepOutcome } from "./step-outcome.ts";

export function setCanaryScaleOutcome(_step: SetCanaryScaleStep, at: AtStep): StepOutcome {
  return isAtDesiredCounts(at.canary, at.course)
    ? complete
    : { kind: "waiting", why: "setCanaryScale: replicas are not at their desired counts yet" };
}
