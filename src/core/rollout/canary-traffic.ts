import type { TrafficWeights } from "../../api/argo/rollout-status.ts";
import type { TrafficDestination, TrafficPlan } from "../../api/argo/traffic.ts";
import { hasAvailable } from "../replicas/progress-threshold.ts";
import { availableReplicas, hashOf, isObserved, servingReplicas } from "../replicas/replica-set.ts";
import { weightOnTheWayBack } from "../traffic/abort-weight.ts";
import { weightAt } from "../traffic/desired-weight.ts";
import { isInForce, withinAbilities } from "../traffic/plan.ts";
import { routesAt } from "../traffic/routes.ts";
import { canaryRoles, versionLeftBehind } from "./canary-view.ts";
import type { Canary } from "./canary-view.ts";
import { desiredCounts, isAtDesiredCounts } from "./canary-sizes.ts";
import type { LiveShares } from "./canary-sizes.ts";
import type { ObservedRouter } from "./observed.ts";
import { isFullyPromoted, isInconclusive } from "./course.ts";
import type { Course } from "./course.ts";
import { experimentDestinations } from "./experiment-weights.ts";
import { canaryAndStableServices } from "./service-names.ts";

/** What the routers are to be told, and how far the data plane is with it (§2.6). */
export interface TrafficDecision {
  /** undefined without traffic routing, and while traffic is held as it is. */
  readonly plan: TrafficPlan | undefined;
  /** Every router's objects say so already. */
  readonly isInForce: boolean;
  /**
   * The data plane serves the plan: confirmed where a router confirms, else by having been told
   * (which happens before anything that depends on it).
   */
  readonly isSettled: boolean;
  /** For status.canary.weights.verified; undefined where no router can tell. */
  readonly verified: boolean | undefined;
  readonly held: string | undefined;
  readonly waitingFor: string | undefined;
}

const unrouted: TrafficDecision = {
  plan: undefined,
  isInForce: true,
  isSettled: true,
  verified: undefined,
  held: undefined,
  waitingFor: undefined,
};

interface Choice {
  readonly weight: number;
  readonly canaryHash: string;
  readonly hasRoutes: boolean;
  readonly hasExperiment: boolean;
  /** Traffic goes home to stable: what matters is that somebody answers there, not that all do. */
  readonly isReturning: boolean;
}

/** The weights last recorded, if they speak of this canary version. */
function recordedWeight(canary: Canary): number | undefined {
  const recorded = canary.facts.before.canary?.weights?.canary;
  if (recorded === undefined) return undefined;
  return recorded.podTemplateHash === undefined || recorded.podTemplateHash === canary.facts.newHash
    ? recorded.weight
    : undefined;
}

/** What the canary gets now, as recorded or as routers have it since: a way back never gives it more. */
function currentWeight({ facts }: Canary): number | undefined {
  const recorded = facts.before.canary?.weights?.canary.weight;
  if (recorded === undefined) return undefined;
  const written = facts.observed.traffic.flatMap(({ state }) => state.inForce?.canary.weight ?? []);
  return Math.min(recorded, ...written);
}

function wayBack(canary: Canary, course: Course, canaryHash: string): number {
  const { stableRs } = canaryRoles(canary, course);
  const canaryRs = canary.facts.replicaSets.find((rs) => hashOf(rs) === canaryHash);
  return weightOnTheWayBack({
    steps: canary.strategy.steps,
    maxWeight: canary.maxWeight,
    n: canary.facts.n,
    stableAvailable: servingReplicas(stableRs),
    canaryAvailable: availableReplicas(canaryRs),
    currentWeight: currentWeight(canary),
    isDynamic:
      canary.strategy.dynamicStableScale && stableRs !== undefined && canaryRs !== undefined,
    keepsCanary: canary.strategy.abortScaleDownDelaySeconds !== undefined,
  });
}

/** A larger share waits for its pods; a smaller one comes first, and then the pods may go. */
function weightOfSteps(canary: Canary, course: Course): number {
  const { steps } = canary.strategy;
  const index = course.stepIndex ?? 0;
  if (steps.length === 0) return 0;
  const isLast = index >= steps.length;
  const weight = isLast ? canary.maxWeight : weightAt(steps, index);
  // More pods than are needed for all of it are no reason to wait.
  const { newRs, n } = canary.facts;
  const hasPods = isLast && isObserved(newRs) && servingReplicas(newRs) >= n;
  const recorded = recordedWeight(canary) ?? 0;
  if (hasPods || weight <= recorded || isAtDesiredCounts(canary, course)) return weight;
  // Steps that were skipped (a rollback within the window, a promote) have never had their pods.
  const carried = Math.max(recorded, shareOfPods(canary));
  return Math.min(weight, weightAt(steps, index - 1), carried);
}

/** As much as the new version's pods are of all. */
function shareOfPods({ facts, maxWeight }: Canary): number {
  const share = Math.floor((maxWeight * servingReplicas(facts.newRs)) / Math.max(1, facts.n));
  return Math.min(maxWeight, share);
}

/** While people are asked to decide, or have paused it, the new version gets no more than it has. */
function limitWhilePaused(canary: Canary, course: Course, weight: number): number {
  const isHeld = canary.facts.spec.paused || isInconclusive(course);
  return isHeld ? Math.min(weight, recordedWeight(canary) ?? 0) : weight;
}

function weightOfForcedPromotion(canary: Canary): number {
  return canary.strategy.dynamicStableScale ? shareOfPods(canary) : (recordedWeight(canary) ?? 0);
}

/** First match of §2.6 step 1. */
function choose(canary: Canary, course: Course): Choice {
  const { facts } = canary;
  const choice = {
    canaryHash: facts.newHash,
    hasRoutes: false,
    hasExperiment: false,
    isReturning: true,
  };
  const leftBehind = versionLeftBehind(canary, course);
  if (leftBehind !== undefined) {
    return { ...choice, canaryHash: leftBehind, weight: wayBack(canary, course, leftBehind) };
  }
  if (isFullyPromoted(facts, course)) return { ...choice, weight: 0 };
  if (course.isAborted) return { ...choice, weight: wayBack(canary, course, facts.newHash) };
  // Also when it is about to have none: traffic leaves first, then the pods.
  const isEmpty = servingReplicas(facts.newRs) === 0 || desiredCounts(canary, course).canary === 0;
  if (isEmpty) return { ...choice, weight: 0, hasExperiment: true };
  const forward = { ...choice, isReturning: false };
  if (course.isPromoteFull) {
    return {
      ...forward,
      weight: limitWhilePaused(canary, course, weightOfForcedPromotion(canary)),
    };
  }
  const weight = limitWhilePaused(canary, course, weightOfSteps(canary, course));
  return { ...forward, weight, hasRoutes: true, hasExperiment: true };
}

/** Why traffic may not move to this weight yet; undefined if it may (§2.6 step 2). */
function whyHeld(canary: Canary, course: Course, choice: Choice): string | undefined {
  const { facts, maxWeight, strategy } = canary;
  const { stableRs, newRs } = canaryRoles(canary, course);
  const held = `traffic is held before canary weight ${String(choice.weight)}`;
  if (stableRs === undefined) return `${held}: there is no stable ReplicaSet`;
  const isGoingHome = choice.isReturning && facts.before.canary?.weights !== undefined;
  const share = Math.floor(((maxWeight - choice.weight) * facts.n) / maxWeight);
  const needed = isGoingHome ? Math.min(1, servingReplicas(newRs)) : share;
  const serving = servingReplicas(stableRs);
  const isEnough =
    serving >= needed ||
    (!isGoingHome && hasAvailable(stableRs, needed, strategy.replicaProgressThreshold));
  return isEnough
    ? undefined
    : `${held}: stable ReplicaSet has ${String(serving)} of ${String(needed)} needed replicas available`;
}

/** Experiments take their shares from stable: never more than it has. */
function withinRoom(
  wanted: readonly TrafficDestination[],
  room: number,
): readonly TrafficDestination[] {
  let left = room;
  return wanted.map((destination) => {
    const weight = Math.min(destination.weight, left);
    left -= weight;
    return { ...destination, weight };
  });
}

function planOf(canary: Canary, course: Course, choice: Choice): TrafficPlan {
  const { facts, strategy, maxWeight } = canary;
  const services = canaryAndStableServices(strategy, course);
  const index = course.stepIndex ?? 0;
  const managed = strategy.trafficRouting?.managedRoutes ?? [];
  const room = maxWeight - choice.weight;
  const additional: readonly TrafficDestination[] = choice.hasExperiment
    ? withinRoom(experimentDestinations(canary, course), room)
    : [];
  const taken = additional.reduce((sum, destination) => sum + destination.weight, choice.weight);
  const hasRoutes = choice.hasRoutes && facts.revision > 1;
  return {
    maxWeight,
    canary: { weight: choice.weight, service: services.canary, podTemplateHash: choice.canaryHash },
    stable: {
      weight: Math.max(0, maxWeight - taken),
      service: services.stable,
      podTemplateHash: course.stableHash,
    },
    additional,
    routes: hasRoutes ? routesAt(strategy.steps, index, managed) : [],
    managedRouteNames: managed,
  };
}

/** What the routers are to be told at this point of the course. */
export function decideTraffic(canary: Canary, course: Course): TrafficDecision {
  const { traffic } = canary.facts.observed;
  if (!canary.isRouted) return unrouted;
  const confirming = traffic.filter((router) => router.acknowledges);
  const isConfirmed = confirming.every((router) => router.state.acknowledged === true);
  const waitingFor = confirming.find((router) => router.state.acknowledged !== true)?.state
    .waitingFor;
  const choice = choose(canary, course);
  const held = whyHeld(canary, course, choice);
  if (held !== undefined) {
    const verified = canary.facts.before.canary?.weights?.verified;
    return { ...unrouted, isInForce: false, isSettled: isConfirmed, verified, held, waitingFor };
  }
  const plan = planOf(canary, course, choice);
  const carries = ({ abilities, state }: ObservedRouter): boolean =>
    isInForce(withinAbilities(plan, abilities), state);
  const inForce = traffic.every(carries);
  const confirmedInForce = confirming.every(carries);
  const isSettled = isConfirmed && confirmedInForce;
  const verified = confirming.length === 0 ? undefined : isSettled;
  return { plan, isInForce: inForce, isSettled, verified, held: undefined, waitingFor };
}

/** The largest shares each side may be getting now: the plan's once settled, else whatever may still be served. */
export function liveShares(canary: Canary, traffic: TrafficDecision): LiveShares {
  const { plan } = traffic;
  if (plan !== undefined && traffic.isSettled) {
    return { canary: plan.canary.weight, stable: plan.stable.weight };
  }
  const recorded: TrafficWeights | undefined = canary.facts.before.canary?.weights;
  const inForce = canary.facts.observed.traffic.flatMap((router) => router.state.inForce ?? []);
  const possible = [plan, recorded, ...inForce].filter((split) => split !== undefined);
  if (possible.length === 0) return { canary: 0, stable: canary.maxWeight };
  return {
    canary: Math.max(...possible.map((split) => split.canary.weight)),
    stable: Math.max(...possible.map((split) => split.stable.weight)),
  };
}
