// core/traffic: which share of the traffic belongs to which version, as numbers and as a plan for
// the routers. Nothing here waits or scales: core/rollout asks. Imports lib and api.
import type { CanaryStep, SetCanaryScaleStep } from "../../api/argo/rollout.ts";

type Steps = readonly CanaryStep[];

function lastOf<K extends CanaryStep["kind"]>(
  steps: Steps,
  untilIndex: number,
  kind: K,
): Extract<CanaryStep, { readonly kind: K }> | undefined {
  return steps
    .slice(0, untilIndex + 1)
    .findLast((step): step is Extract<CanaryStep, { readonly kind: K }> => step.kind === kind);
}

/** The weight of the nearest setWeight step at or before the index; 0 if there is none. */
export function weightAt(steps: Steps, index: number): number {
  return lastOf(steps, index, "setWeight")?.weight ?? 0;
}

/** The setCanaryScale step in force: none once the steps are done or traffic weight is matched again. */
export function canaryScaleAt(
  steps: Steps,
  index: number | undefined,
): Exclude<SetCanaryScaleStep, { readonly mode: "matchTrafficWeight" }> | undefined {
  if (index === undefined || index >= steps.length) return undefined;
  const step = lastOf(steps, index, "setCanaryScale");
  return step === undefined || step.mode === "matchTrafficWeight" ? undefined : step;
}

export interface ScaleWeightInput {
  readonly steps: Steps;
  readonly stepIndex: number | undefined;
  readonly maxWeight: number;
  readonly isAborted: boolean;
  /** promoteFull, nothing stable yet, or already promoted. */
  readonly wantsAll: boolean;
}

/** The weight pods are counted for (§2.5). */
export function scaleWeight(input: ScaleWeightInput): number {
  const { steps, stepIndex, maxWeight } = input;
  if (input.wantsAll) return maxWeight;
  if (input.isAborted) return 0;
  const scale = canaryScaleAt(steps, stepIndex);
  if (scale !== undefined) return scale.mode === "weight" ? scale.weight : 0;
  if (stepIndex === undefined || stepIndex >= steps.length) return maxWeight;
  return weightAt(steps, stepIndex);
}
