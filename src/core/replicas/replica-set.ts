// core/replicas: how many pods of which version. Arithmetic on numbers (counts-*.ts), the facts a
// ReplicaSet carries (this file), and finding, making and clearing away ReplicaSets. Nothing here
// knows steps or phases: that is core/rollout. Imports lib and api.
import {
  desiredReplicasAnnotation,
  experimentNameAnnotation,
  podTemplateHashLabel,
  revisionAnnotation,
  scaleDownDeadlineAnnotation,
} from "../../api/argo/keys.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { EpochMs } from "../../lib/time.ts";
import { parseTime } from "../../lib/time.ts";

/** spec.replicas; Kubernetes' default is 1. */
export function specReplicas(rs: ReplicaSet | undefined): number {
  return rs === undefined ? 0 : (rs.spec.replicas ?? 1);
}

export function availableReplicas(rs: ReplicaSet | undefined): number {
  return rs?.status?.availableReplicas ?? 0;
}

export function readyReplicas(rs: ReplicaSet | undefined): number {
  return rs?.status?.readyReplicas ?? 0;
}

/** Pods that exist and are not being stopped. */
export function statusReplicas(rs: ReplicaSet | undefined): number {
  return rs?.status?.replicas ?? 0;
}

/**
 * Pods that may be counted on to answer requests: available now and not asked to go. A ReplicaSet's
 * status lags behind its size, so right after a scale-down it still counts pods that are leaving.
 */
export function servingReplicas(rs: ReplicaSet | undefined): number {
  return Math.min(availableReplicas(rs), specReplicas(rs));
}

/**
 * Whether its status speaks of the size it has now. Before that it may still count pods which an earlier,
 * smaller size has asked to go: a version that is wanted again at once is not there yet.
 */
export function isObserved({ metadata, status }: ReplicaSet): boolean {
  return (status?.observedGeneration ?? Infinity) >= (metadata.generation ?? 0);
}

export function isFullyAvailable(rs: ReplicaSet): boolean {
  return specReplicas(rs) > 0 && availableReplicas(rs) >= specReplicas(rs);
}

export function sumOf(sets: readonly ReplicaSet[], count: (rs: ReplicaSet) => number): number {
  return sets.reduce((total, rs) => total + count(rs), 0);
}

export function hashOf(rs: ReplicaSet | undefined): string {
  return rs?.metadata.labels?.[podTemplateHashLabel] ?? "";
}

function integerAnnotation(rs: ReplicaSet, key: string): number | undefined {
  const text = rs.metadata.annotations?.[key];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The revision this ReplicaSet was last given; 0 if it has none. */
export function revisionOf(rs: ReplicaSet | undefined): number {
  return rs === undefined ? 0 : (integerAnnotation(rs, revisionAnnotation) ?? 0);
}

/** spec.replicas of the Rollout when this ReplicaSet was last sized. */
export function desiredReplicasOf(rs: ReplicaSet): number | undefined {
  return integerAnnotation(rs, desiredReplicasAnnotation);
}

export function scaleDownDeadlineOf(rs: ReplicaSet): EpochMs | undefined {
  return parseTime(rs.metadata.annotations?.[scaleDownDeadlineAnnotation]);
}

export function createdAtMs(rs: ReplicaSet): EpochMs {
  return parseTime(rs.metadata.creationTimestamp) ?? Number.MAX_SAFE_INTEGER;
}

export function isBeingDeleted(rs: ReplicaSet): boolean {
  return rs.metadata.deletionTimestamp !== undefined;
}

export function isOfExperiment(rs: ReplicaSet): boolean {
  return rs.metadata.annotations?.[experimentNameAnnotation] !== undefined;
}

/** Sized for exactly `n`, all there and all available. */
export function isSaturated(rs: ReplicaSet | undefined, n: number): boolean {
  return rs !== undefined && specReplicas(rs) === n && availableReplicas(rs) === n;
}

/** Oldest first; the name decides between ReplicaSets of the same second. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  return createdAtMs(a) - createdAtMs(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

/** Newest revision first, then youngest first. */
export function byRevisionDescending(a: ReplicaSet, b: ReplicaSet): number {
  return revisionOf(b) - revisionOf(a) || byCreation(b, a);
}
