import type { CanaryStep } from "../../api/argo/rollout.ts";

export interface AbortWeightInput {
  readonly steps: readonly CanaryStep[];
  readonly maxWeight: number;
  readonly n: number;
  readonly stableAvailable: number;
  readonly canaryAvailable: number;
  /** The canary's recorded weight; undefined if none is recorded. */
  readonly currentWeight: number | undefined;
  readonly isDynamic: boolean;
  /** abortScaleDownDelaySeconds is written: the canary's pods stay for that long, or for good. */
  readonly keepsCanary: boolean;
}

/** The largest earlier weight that fewer canary pods can carry (§2.5, last paragraph). */
function steppedWeight(input: AbortWeightInput): number {
  const expected = input.n - input.stableAvailable;
  const carried = input.keepsCanary ? expected : Math.max(expected, input.canaryAvailable);
  const step = input.steps.findLast(
    (candidate) =>
      candidate.kind === "setWeight" &&
      Math.ceil((candidate.weight * input.n) / input.maxWeight) < carried,
  );
  return step?.kind === "setWeight" ? step.weight : 0;
}

/**
 * The canary's share on the way back to stable. Stable is at full size unless dynamicStableScale
 * has shrunk it: then traffic returns only as fast as stable can take it (§2.6 abort formula).
 */
export function weightOnTheWayBack(input: AbortWeightInput): number {
  const { n, maxWeight, stableAvailable, currentWeight: current } = input;
  if (!input.isDynamic || stableAvailable >= n) return 0;
  const stepped = steppedWeight(input);
  const beyondStable = Math.max(0, maxWeight - Math.floor((maxWeight * stableAvailable) / n));
  if (current === undefined) return Math.max(beyondStable, stepped);
  if (stepped <= 0) return Math.min(beyondStable, current);
  const stableCanTakeIt = stableAvailable >= Math.ceil(((maxWeight - stepped) * n) / maxWeight);
  return stableCanTakeIt ? Math.min(stepped, current) : current;
}
