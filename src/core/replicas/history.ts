import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { byCreation, isBeingDeleted, specReplicas, statusReplicas } from "./replica-set.ts";

function isIdle(rs: ReplicaSet): boolean {
  const isObserved = (rs.status?.observedGeneration ?? 0) >= (rs.metadata.generation ?? 0);
  return specReplicas(rs) === 0 && statusReplicas(rs) === 0 && isObserved;
}

/**
 * Which of the ReplicaSets that are neither new nor stable to delete: the oldest beyond the limit.
 * One that still has pods is skipped and not replaced by a younger one (§2.2 history GC).
 */
export function replicaSetsBeyondHistory(
  others: readonly ReplicaSet[],
  limit: number,
): readonly ReplicaSet[] {
  const kept = others.filter((rs) => !isBeingDeleted(rs)).sort(byCreation);
  return kept.slice(0, Math.max(0, kept.length - limit)).filter(isIdle);
}
