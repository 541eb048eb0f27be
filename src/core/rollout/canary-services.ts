import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { meetsThreshold } from "../replicas/progress-threshold.ts";
import { isFullyAvailable, servingReplicas, specReplicas } from "../replicas/replica-set.ts";
import { canaryRoles, versionLeftBehind } from "./canary-view.ts";
import type { Canary } from "./canary-view.ts";
import type { TrafficDecision } from "./canary-traffic.ts";
import { isFullyPromoted } from "./course.ts";
import type { Course } from "./course.ts";
import type { Effect } from "./decision.ts";
import { canaryAndStableServices } from "./service-names.ts";
import { isAdopted, switchService } from "./services.ts";

/** A Service is first pointed at a version when that is complete, later when it can answer at all. */
function canServe(canary: Canary, serviceName: string | undefined, rs: ReplicaSet): boolean {
  const service =
    serviceName === undefined ? undefined : canary.facts.observed.services[serviceName];
  if (service === undefined || servingReplicas(rs) === 0) return false;
  const threshold = canary.strategy.replicaProgressThreshold;
  return (
    isAdopted(service) || isFullyAvailable(rs) || meetsThreshold(rs, specReplicas(rs), threshold)
  );
}

function toVersion(
  canary: Canary,
  course: Course,
  service: string | undefined,
  rs: ReplicaSet | undefined,
  hash: string,
): readonly Effect[] {
  if (rs === undefined || !canServe(canary, service, rs)) return [];
  return switchService(canary.facts, course, service, hash);
}

/** After an abort the canary Service leads to stable too, once no share of traffic needs it otherwise. */
function canaryServiceAborted(
  canary: Canary,
  course: Course,
  traffic: TrafficDecision,
): readonly Effect[] {
  const { canary: service } = canaryAndStableServices(canary.strategy, course);
  const { stableRs } = canaryRoles(canary, course);
  const isNeeded = canary.isRouted && (traffic.plan?.canary.weight ?? 1) > 0;
  if (isNeeded || stableRs === undefined || servingReplicas(stableRs) === 0) return [];
  return switchService(canary.facts, course, service, course.stableHash);
}

/** Where the stable and the canary Service lead at this point of the course. */
export function canaryServiceEffects(
  canary: Canary,
  course: Course,
  traffic: TrafficDecision,
): readonly Effect[] {
  const { facts, strategy } = canary;
  const names = canaryAndStableServices(strategy, course);
  const { stableRs, newRs } = canaryRoles(canary, course);
  if (strategy.pingPong !== undefined) {
    return isFullyPromoted(facts, course)
      ? firstPingPong(canary, course)
      : switchService(facts, course, names.canary, facts.newHash);
  }
  const stable = toVersion(canary, course, names.stable, stableRs, course.stableHash);
  if (course.isAborted) return [...stable, ...canaryServiceAborted(canary, course, traffic)];
  if (versionLeftBehind(canary, course) !== undefined) return stable;
  return [...stable, ...toVersion(canary, course, names.canary, newRs, facts.newHash)];
}

/** A first version is adopted by the stable one of the pair; afterwards promotion only swaps their roles. */
function firstPingPong(canary: Canary, course: Course): readonly Effect[] {
  const { stable } = canaryAndStableServices(canary.strategy, course);
  return switchService(canary.facts, course, stable, course.stableHash);
}
