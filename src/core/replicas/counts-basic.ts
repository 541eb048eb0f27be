import type { SurgeLimits } from "./limits.ts";

// Replica counts of a canary without traffic routing: the split of traffic is the split of pods
// (argo-rollouts-algorithms §2.3). Numbers in, numbers out.

export interface PodCounts {
  /** spec.replicas. */
  readonly spec: number;
  readonly available: number;
}

export interface CanaryCounts {
  readonly canary: number;
  readonly stable: number;
}

export interface WeightedTotal {
  /** spec.replicas of the Rollout. */
  readonly n: number;
  readonly weight: number;
  readonly maxWeight: number;
}

function isTied(total: number, { weight, maxWeight }: WeightedTotal): boolean {
  return ((total * weight) % maxWeight) * 2 === maxWeight;
}

function candidates(
  asked: WeightedTotal,
  maxSurge: number,
): readonly (readonly [number, number])[] {
  const { n, weight, maxWeight } = asked;
  const up = Math.ceil((n * weight) / maxWeight);
  const down = Math.floor((n * weight) / maxWeight);
  const zeroAllowed = weight === 0 || weight === maxWeight || (n === 1 && maxSurge === 0);
  const downAllowed = down !== 0 || zeroAllowed;
  const downFor = (total: number): readonly (readonly [number, number])[] =>
    !isTied(total, asked) && downAllowed ? [[down, total]] : [];
  const within: readonly (readonly [number, number])[] = up < n || zeroAllowed ? [[up, n]] : [];
  const surging = maxSurge > 0 ? [[up, n + 1] as const, ...downFor(n + 1)] : [];
  return [...within, ...downFor(n), ...surging];
}

/**
 * The pod counts whose ratio comes closest to the weight, using at most one extra pod and, unless
 * the weight is 0 or all, leaving neither side without a pod. The first of equals wins.
 */
export function approximateSplit(asked: WeightedTotal, maxSurge: number): CanaryCounts {
  if (asked.n === 0) return { canary: 0, stable: 0 };
  let best: readonly [number, number] = [0, asked.n];
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const [canary, total] of candidates(asked, maxSurge)) {
    const distance = Math.abs((canary * asked.maxWeight) / total - asked.weight);
    if (distance < bestDistance) {
      best = [canary, total];
      bestDistance = distance;
    }
  }
  return { canary: best[0], stable: best[1] - best[0] };
}

export interface BasicCountsInput extends WeightedTotal {
  readonly limits: SurgeLimits;
  readonly canary: PodCounts;
  /** undefined when nothing is stable yet or the new version is the stable one. */
  readonly stable: PodCounts | undefined;
  readonly others: readonly PodCounts[];
}

interface Room {
  readonly maxTotal: number;
  readonly minAvailable: number;
}

function scaleUp(input: BasicCountsInput, desired: CanaryCounts, room: Room): CanaryCounts {
  const stableSpec = input.stable?.spec ?? 0;
  const used = input.others.reduce(
    (sum, other) => sum + other.spec,
    input.canary.spec + stableSpec,
  );
  const up = Math.max(0, room.maxTotal - used);
  const stableUp = Math.min(up, Math.max(0, desired.stable - stableSpec));
  const canaryUp = Math.min(up - stableUp, Math.max(0, desired.canary - input.canary.spec));
  return { canary: input.canary.spec + canaryUp, stable: stableSpec + stableUp };
}

/** What a side adds to availability after its pods that are not available yet are left out of account. */
function contribution(counts: PodCounts, ignoreAvailability: boolean): number {
  return ignoreAvailability || counts.spec < counts.available ? counts.spec : counts.available;
}

/**
 * `drain` gives up pods, `keep` is the other side: neither the total may exceed maxTotal nor the
 * available pods fall below minAvailable.
 */
function balance(
  drain: { readonly to: number; readonly available: number },
  keep: { readonly spec: number; readonly available: number },
  room: Room,
): { readonly drained: number; readonly kept: number } {
  const overBefore = Math.max(0, keep.spec + drain.to - room.maxTotal);
  const reduced = Math.max(0, keep.spec - overBefore);
  const available = Math.min(drain.available, drain.to) + Math.min(keep.available, reduced);
  const missing = Math.max(0, room.minAvailable - available);
  const kept = reduced + Math.min(Math.max(0, keep.available - reduced), missing);
  const overAfter = Math.max(0, kept + drain.to - room.maxTotal);
  return { drained: Math.max(0, drain.to - overAfter), kept };
}

function scaleDown(
  input: BasicCountsInput,
  desired: CanaryCounts,
  sizes: CanaryCounts,
  room: Room,
): CanaryCounts {
  const canary = { spec: sizes.canary, available: input.canary.available };
  const stable = { spec: sizes.stable, available: input.stable?.available ?? 0 };
  const isIncreasing = desired.canary >= sizes.canary;
  const counted = contribution(canary, !isIncreasing) + contribution(stable, isIncreasing);
  const spare = counted - room.minAvailable;
  if (spare <= 0) return sizes;
  if (isIncreasing) {
    if (stable.spec <= desired.stable) return sizes;
    const to = Math.max(desired.stable, stable.spec - spare);
    const { drained, kept } = balance({ to, available: stable.available }, canary, room);
    return { canary: kept, stable: drained };
  }
  const to = Math.max(desired.canary, canary.spec - spare);
  const { drained, kept } = balance({ to, available: canary.available }, stable, room);
  return { canary: drained, stable: kept };
}

/** A new version on its way back gives up pods that serve nobody: they may be all the room there is. */
function withoutIdlePods(input: BasicCountsInput, desired: CanaryCounts): BasicCountsInput {
  const { spec, available } = input.canary;
  const needed = Math.max(desired.canary, Math.min(spec, available));
  return { ...input, canary: { spec: Math.min(spec, needed), available } };
}

function oneMove(input: BasicCountsInput, desired: CanaryCounts, room: Room): CanaryCounts {
  if (input.others.some((other) => other.spec > 0))
    return scaleUp(withoutIdlePods(input, desired), desired, room);
  return scaleDown(input, desired, scaleUp(input, desired, room), room);
}

/**
 * The next sizes of the new and the stable ReplicaSet on the way to the wanted split, as far as
 * they can go before more pods have become available: every pod given up makes room for another
 * within the surge. While older ReplicaSets have pods, nothing is scaled down here but what serves nobody.
 */
export function basicCanaryCounts(input: BasicCountsInput): CanaryCounts {
  const { n, limits } = input;
  const room: Room = { maxTotal: n + limits.maxSurge, minAvailable: n - limits.maxUnavailable };
  const desired = desiredBasicCounts(input);
  let sizes: CanaryCounts = { canary: input.canary.spec, stable: input.stable?.spec ?? 0 };
  for (let moves = 0; moves <= room.maxTotal; moves += 1) {
    const next = oneMove(withSizes(input, sizes), desired, room);
    if (next.canary === sizes.canary && next.stable === sizes.stable) return sizes;
    sizes = next;
  }
  return sizes;
}

function withSizes(input: BasicCountsInput, sizes: CanaryCounts): BasicCountsInput {
  const stable = input.stable === undefined ? undefined : { ...input.stable, spec: sizes.stable };
  return { ...input, canary: { ...input.canary, spec: sizes.canary }, stable };
}

/** Where the sizes are going, whatever the limits on the way. */
export function desiredBasicCounts(input: BasicCountsInput): CanaryCounts {
  return input.stable === undefined
    ? { canary: input.n, stable: 0 }
    : approximateSplit(input, input.limits.maxSurge);
}

export interface OldCounts extends PodCounts {
  readonly name: string;
}

/**
 * Sizes of ReplicaSets that are neither new nor stable (§2.3, last paragraph): first pods that are
 * not available go, oldest ReplicaSet first; then as many as availability can spare, newest first.
 * `oldestFirst` and `newestFirst` hold the same ReplicaSets.
 */
export function basicOldCounts(
  oldestFirst: readonly OldCounts[],
  newestFirst: readonly OldCounts[],
  availableElsewhere: number,
  minAvailable: number,
): ReadonlyMap<string, number> {
  const sizes = new Map(oldestFirst.map((old) => [old.name, old.spec]));
  for (const old of oldestFirst) {
    if (old.spec < old.available) return sizes;
    sizes.set(old.name, old.available);
  }
  const available = oldestFirst.reduce((sum, old) => sum + old.available, availableElsewhere);
  let budget = available - minAvailable;
  for (const old of newestFirst) {
    if (budget <= 0) break;
    const size = sizes.get(old.name) ?? old.spec;
    const removed = Math.min(size, budget);
    sizes.set(old.name, size - removed);
    budget -= removed;
  }
  return sizes;
}
