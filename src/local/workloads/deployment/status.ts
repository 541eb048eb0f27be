// The status of a Deployment: counts, and whether it is available, progressing, or stuck.
import type { Condition } from "../../../api/kubernetes/pod.ts";
import type { Deployment, ReplicaSet } from "../../../api/kubernetes/workloads.ts";
import { formatTime, parseTime } from "../../../lib/time.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { withCondition, withoutCondition } from "../conditions.ts";
import type { Claim } from "../conditions.ts";
import type { Revisions } from "./revisions.ts";

export interface StatusInput {
  readonly deployment: Deployment;
  readonly revisions: Revisions;
  readonly limits: { readonly unavailable: number };
}

type Status = NonNullable<Deployment["status"]>;

const defaultDeadlineSeconds = 600;

function total(
  sets: readonly ReplicaSet[],
  of: (status: NonNullable<ReplicaSet["status"]>) => number | undefined,
): number {
  return sets.reduce((sum, set) => sum + (set.status === undefined ? 0 : (of(set.status) ?? 0)), 0);
}

/** Counts and conditions. The same objects give the same status, whenever they are looked at again. */
export function deploymentStatus(input: StatusInput, nowMs: EpochMs): Status {
  const { deployment, revisions } = input;
  const all = [...revisions.older, ...(revisions.present === undefined ? [] : [revisions.present])];
  const available = total(all, (status) => status.availableReplicas);
  const asked = all.reduce((sum, set) => sum + (set.spec.replicas ?? 1), 0);
  const { conditions: before = [], ...rest } = deployment.status ?? {};
  const counts: Status = {
    ...rest,
    replicas: total(all, (status) => status.replicas),
    updatedReplicas: revisions.present?.status?.replicas ?? 0,
    readyReplicas: total(all, (status) => status.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, asked - available),
    observedGeneration: deployment.metadata.generation ?? 0,
  };
  const withAvailable = withCondition(before, availableClaim(input, available), nowMs);
  const withFailure = withFailureOf(withAvailable, all, nowMs);
  return { ...counts, conditions: withProgress(withFailure, input, counts, nowMs) };
}

function availableClaim({ deployment, limits }: StatusInput, available: number): Claim {
  const type = "Available";
  return available >= (deployment.spec.replicas ?? 1) - limits.unavailable
    ? {
        type,
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type,
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
}

function withFailureOf(
  conditions: readonly Condition[],
  sets: readonly ReplicaSet[],
  nowMs: EpochMs,
): readonly Condition[] {
  const type = "ReplicaFailure";
  const failed = sets
    .flatMap((set) => set.status?.conditions ?? [])
    .find((each) => each.type === type && each.status === "True");
  if (failed === undefined) return withoutCondition(conditions, type);
  return withCondition(
    conditions,
    { type, status: "True", reason: failed.reason ?? "", message: failed.message ?? "" },
    nowMs,
  );
}

export function isComplete(deployment: Deployment, status: Status): boolean {
  const wanted = deployment.spec.replicas ?? 1;
  return (
    status.updatedReplicas === wanted &&
    status.replicas === wanted &&
    status.availableReplicas === wanted
  );
}

/** More new pods, fewer old ones, or more that work than the last time. */
function hasMoved(before: Status, after: Status): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: Status): number => replicas - updatedReplicas;
  const counts = ["updatedReplicas", "readyReplicas", "availableReplicas"] as const;
  return (
    old(after) < old(before) || counts.some((count) => (after[count] ?? 0) > (before[count] ?? 0))
  );
}

function withProgress(
  conditions: readonly Condition[],
  { deployment, revisions }: StatusInput,
  status: Status,
  nowMs: EpochMs,
): readonly Condition[] {
  const type = "Progressing";
  if (deployment.spec.paused === true) {
    const message = "Deployment is paused";
    return withCondition(
      conditions,
      { type, status: "Unknown", reason: "DeploymentPaused", message },
      nowMs,
    );
  }
  const name = revisions.present?.metadata.name;
  const before = conditions.find((each) => each.type === type);
  if (name === undefined) {
    const message = "The new replica set is not there yet.";
    return withCondition(
      conditions,
      { type, status: "True", reason: "ReplicaSetUpdated", message },
      nowMs,
    );
  }
  if (isComplete(deployment, status)) {
    const message = `ReplicaSet "${name}" has successfully progressed.`;
    return withCondition(
      conditions,
      { type, status: "True", reason: "NewReplicaSetAvailable", message },
      nowMs,
    );
  }
  return unfinished(conditions, name, { deployment, status, before }, nowMs);
}

interface Progress {
  readonly deployment: Deployment;
  readonly status: Status;
  readonly before: Condition | undefined;
}

function unfinished(
  conditions: readonly Condition[],
  name: string,
  { deployment, status, before }: Progress,
  nowMs: EpochMs,
): readonly Condition[] {
  const isThisRollout = before?.message?.includes(`"${name}"`) === true;
  const moving = `ReplicaSet "${name}" is progressing.`;
  if (!isThisRollout) return progressed(conditions, moving, nowMs);
  // A rollout that is done does not become an unfinished one because a pod of it fails later.
  if (before.reason === "NewReplicaSetAvailable") return conditions;
  if (hasMoved(deployment.status ?? {}, status)) return progressed(conditions, moving, nowMs);
  if (!isLate(deployment, before, nowMs)) return conditions;
  const message = `ReplicaSet "${name}" has timed out progressing.`;
  const claim: Claim = {
    type: "Progressing",
    status: "False",
    reason: "ProgressDeadlineExceeded",
    message,
  };
  return withCondition(conditions, claim, nowMs);
}

/** Every step forward begins the deadline anew, although the words stay the same. */
function progressed(
  conditions: readonly Condition[],
  message: string,
  nowMs: EpochMs,
): readonly Condition[] {
  const claim: Claim = {
    type: "Progressing",
    status: "True",
    reason: "ReplicaSetUpdated",
    message,
  };
  const next = withCondition(conditions, claim, nowMs);
  return next.map((each) =>
    each.type === claim.type ? { ...each, lastUpdateTime: formatTime(nowMs) } : each,
  );
}

function deadlineMs(deployment: Deployment): number {
  return (deployment.spec.progressDeadlineSeconds ?? defaultDeadlineSeconds) * 1000;
}

function isLate(deployment: Deployment, progress: Condition | undefined, nowMs: EpochMs): boolean {
  const since = parseTime(progress?.lastUpdateTime);
  return since !== undefined && nowMs >= since + deadlineMs(deployment);
}

/** When the deadline would pass if nothing moved; undefined if it is not running. */
export function progressDeadlineAtMs(
  deployment: Deployment,
  status: Status,
  nowMs: EpochMs,
): EpochMs | undefined {
  const progress = status.conditions?.find((each) => each.type === "Progressing");
  if (progress?.status !== "True" || progress.reason === "NewReplicaSetAvailable") return undefined;
  const atMs = (parseTime(progress.lastUpdateTime) ?? nowMs) + deadlineMs(deployment);
  return atMs > nowMs ? atMs : undefined;
}
