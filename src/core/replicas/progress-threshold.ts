import type { ReplicaProgressThreshold } from "../../api/argo/rollout.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { availableReplicas, isObserved, specReplicas } from "./replica-set.ts";

const PERCENT_TOLERANCE = 1e-10;

/** Whether enough of `desired` pods are available; without a threshold all of exactly `desired` must be. */
export function meetsThreshold(
  rs: ReplicaSet,
  desired: number,
  threshold: ReplicaProgressThreshold | undefined,
): boolean {
  if (!isObserved(rs)) return false;
  const available = availableReplicas(rs);
  if (threshold === undefined || threshold.value < 0) {
    return specReplicas(rs) === desired && available === desired;
  }
  if (desired === 0) return true;
  return threshold.type === "Pods"
    ? available >= threshold.value
    : (available / desired) * 100 >= threshold.value - PERCENT_TOLERANCE;
}

/** Whether `count` pods are available, or as many of them as the threshold asks for. */
export function hasAvailable(
  rs: ReplicaSet,
  count: number,
  threshold: ReplicaProgressThreshold | undefined,
): boolean {
  if (!isObserved(rs)) return false;
  if (availableReplicas(rs) >= count) return true;
  return threshold !== undefined && threshold.value >= 0 && meetsThreshold(rs, count, threshold);
}
