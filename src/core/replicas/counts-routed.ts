import type { CanaryCounts } from "./counts-basic.ts";

// Replica counts of a canary whose traffic a router splits (argo-rollouts-algorithms §2.4).

export interface RoutedCountsInput {
  /** spec.replicas of the Rollout. */
  readonly n: number;
  readonly maxWeight: number;
  /** What the pods are counted for: the desired weight, or a setCanaryScale's. */
  readonly weight: number;
  /** setCanaryScale.replicas in force. */
  readonly canaryReplicas: number | undefined;
  readonly minPods: number | undefined;
  readonly isDynamic: boolean;
  readonly isAborted: boolean;
  /** The shares the data plane may be serving now. */
  readonly liveCanaryWeight: number;
  readonly liveStableWeight: number;
}

export function podsForWeight(weight: number, n: number, maxWeight: number): number {
  return Math.ceil((weight * n) / maxWeight);
}

function withMinimum(count: number, input: RoutedCountsInput): number {
  if (count === 0) return 0;
  return Math.max(count, Math.min(input.minPods ?? 0, input.n));
}

function canaryCount(input: RoutedCountsInput): number {
  const { n, maxWeight, isDynamic } = input;
  const byStep =
    input.canaryReplicas ?? withMinimum(podsForWeight(input.weight, n, maxWeight), input);
  const inUse =
    isDynamic && input.isAborted ? podsForWeight(input.liveCanaryWeight, n, maxWeight) : 0;
  const count = Math.max(byStep, inUse);
  return isDynamic ? withMinimum(count, input) : count;
}

function stableCount(input: RoutedCountsInput): number {
  const { n, maxWeight } = input;
  if (!input.isDynamic) return n;
  const weight = input.canaryReplicas === undefined ? input.weight : 0;
  const planned = podsForWeight(maxWeight - weight, n, maxWeight);
  const inUse = podsForWeight(input.liveStableWeight, n, maxWeight);
  return withMinimum(Math.max(planned, inUse), input);
}

/** Sizes of the new and the stable ReplicaSet; with dynamicStableScale stable never gets below its live share. */
export function routedCanaryCounts(input: RoutedCountsInput): CanaryCounts {
  return { canary: canaryCount(input), stable: stableCount(input) };
}
