import { basicCanaryCounts, basicOldCounts, desiredBasicCounts } from "../replicas/counts-basic.ts";
import type {
  BasicCountsInput,
  CanaryCounts,
  OldCounts,
  PodCounts,
} from "../replicas/counts-basic.ts";
import { routedCanaryCounts } from "../replicas/counts-routed.ts";
import type { RoutedCountsInput } from "../replicas/counts-routed.ts";
import { meetsThreshold } from "../replicas/progress-threshold.ts";
import {
  availableReplicas,
  byCreation,
  byRevisionDescending,
  specReplicas,
  statusReplicas,
  sumOf,
} from "../replicas/replica-set.ts";
import { canaryScaleAt, scaleWeight } from "../traffic/desired-weight.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { canaryRoles, versionLeftBehind, wantsAll } from "./canary-view.ts";
import type { Canary } from "./canary-view.ts";
import type { Course } from "./course.ts";
import { routesAt } from "../traffic/routes.ts";

/** Upper bounds of the traffic each side may be getting from the data plane right now. */
export interface LiveShares {
  readonly canary: number;
  readonly stable: number;
}

const noShares: LiveShares = { canary: 0, stable: 0 };

function podCounts(rs: ReplicaSet): PodCounts {
  return { spec: specReplicas(rs), available: availableReplicas(rs) };
}

function weightForPods(canary: Canary, course: Course): number {
  return scaleWeight({
    steps: canary.strategy.steps,
    stepIndex: course.stepIndex,
    maxWeight: canary.maxWeight,
    isAborted: course.isAborted,
    wantsAll: wantsAll(canary, course),
  });
}

function basicInput(canary: Canary, course: Course): BasicCountsInput {
  const { newRs, stableRs, others } = canaryRoles(canary, course);
  const isUpdating = stableRs !== undefined && stableRs !== newRs;
  const oldSizes = basicOldSizes(canary, course);
  return {
    n: canary.facts.n,
    weight: weightForPods(canary, course),
    maxWeight: canary.maxWeight,
    limits: canary.limits,
    canary: podCounts(newRs),
    stable: isUpdating ? podCounts(stableRs) : undefined,
    others: others.map((rs) => ({ ...podCounts(rs), spec: oldSizes.get(rs.metadata.name) ?? 0 })),
  };
}

function oldCounts(rs: ReplicaSet): OldCounts {
  return { name: rs.metadata.name, ...podCounts(rs) };
}

/** Sizes of ReplicaSets that are neither new nor stable, without a router: they go first. */
export function basicOldSizes(canary: Canary, course: Course): ReadonlyMap<string, number> {
  const { newRs, stableRs, others } = canaryRoles(canary, course);
  const kept = stableRs === undefined || stableRs === newRs ? [newRs] : [newRs, stableRs];
  return basicOldCounts(
    [...others].sort(byCreation).map(oldCounts),
    [...others].sort(byRevisionDescending).map(oldCounts),
    sumOf(kept, availableReplicas),
    canary.facts.n - canary.limits.maxUnavailable,
  );
}

function routedInput(canary: Canary, course: Course, live: LiveShares): RoutedCountsInput {
  const { strategy, facts, maxWeight } = canary;
  const isHeldByScale = !wantsAll(canary, course) && !course.isAborted;
  const scale = isHeldByScale ? canaryScaleAt(strategy.steps, course.stepIndex) : undefined;
  return {
    n: facts.n,
    maxWeight,
    weight: weightForPods(canary, course),
    canaryReplicas: scale?.mode === "replicas" ? scale.replicas : undefined,
    minPods: strategy.minPodsPerReplicaSet,
    isDynamic: strategy.dynamicStableScale,
    isAborted: course.isAborted,
    liveCanaryWeight: live.canary,
    liveStableWeight: live.stable,
  };
}

/** A header or mirror route leads to the canary whatever its weight: somebody has to answer there. */
function withRoutes(canary: Canary, course: Course, counts: CanaryCounts): CanaryCounts {
  const { strategy, facts } = canary;
  const isPlain =
    course.isAborted || wantsAll(canary, course) || facts.revision <= 1 || facts.n === 0;
  if (counts.canary > 0 || isPlain) return counts;
  const managed = strategy.trafficRouting?.managedRoutes ?? [];
  const hasRoutes = routesAt(strategy.steps, course.stepIndex ?? 0, managed).length > 0;
  return hasRoutes ? { ...counts, canary: 1 } : counts;
}

function routedCounts(canary: Canary, course: Course, live: LiveShares): CanaryCounts {
  return withRoutes(canary, course, routedCanaryCounts(routedInput(canary, course, live)));
}

/** Where the sizes are going at this point of the course. */
export function desiredCounts(canary: Canary, course: Course, live = noShares): CanaryCounts {
  return canary.isRouted
    ? routedCounts(canary, course, live)
    : desiredBasicCounts(basicInput(canary, course));
}

/** The sizes to set now: without a router only as far as surge and availability allow. */
export function nextCounts(canary: Canary, course: Course, live: LiveShares): CanaryCounts {
  if (!canary.isRouted) return basicCanaryCounts(basicInput(canary, course));
  const counts = routedCounts(canary, course, live);
  const mustTakeAll = versionLeftBehind(canary, course) !== undefined;
  return mustTakeAll ? { ...counts, stable: canary.facts.n } : counts;
}

/** Whether both sides have the pods this point of the course asks for (§2.4 AtDesiredReplicaCounts). */
export function isAtDesiredCounts(canary: Canary, course: Course): boolean {
  const { newRs, stableRs, others } = canaryRoles(canary, course);
  const desired = desiredCounts(canary, course);
  if (!meetsThreshold(newRs, desired.canary, canary.strategy.replicaProgressThreshold))
    return false;
  const isStableFree = canary.isRouted && canary.strategy.dynamicStableScale;
  if (!isStableFree && stableRs !== newRs) {
    if (specReplicas(stableRs) !== desired.stable) return false;
    if (statusReplicas(stableRs) !== desired.stable) return false;
  }
  return canary.isRouted || others.every((rs) => availableReplicas(rs) === 0);
}
