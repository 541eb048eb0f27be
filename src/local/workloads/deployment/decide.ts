// What a Deployment asks for: its ReplicaSets, how large each should be now, and its status.
import type { IntOrString, Pod } from "../../../api/kubernetes/pod.ts";
import type { Deployment, ReplicaSet } from "../../../api/kubernetes/workloads.ts";
import { isControlledBy } from "../../../api/meta/object.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { isFinishedPod } from "../pods.ts";
import {
  newReplicaSet,
  nextRevision,
  passedOnAnnotations,
  revisionAnnotation,
  revisionOf,
  revisionsOf,
} from "./revisions.ts";
import type { Revisions } from "./revisions.ts";
import { deploymentStatus, progressDeadlineAtMs } from "./status.ts";

export interface DeploymentView {
  readonly deployment: Deployment;
  /** All ReplicaSets and pods of the namespace. */
  readonly sets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
}

export interface Scale {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

export interface DeploymentDecision {
  readonly adopt: readonly ReplicaSet[];
  readonly create: ReplicaSet | undefined;
  readonly scale: readonly Scale[];
  /** A present set whose revision or passed-on annotations are not up to date. */
  readonly annotate:
    | { readonly set: ReplicaSet; readonly annotations: Readonly<Record<string, string>> }
    | undefined;
  /** For the Deployment's own annotation. */
  readonly revision: number;
  readonly remove: readonly ReplicaSet[];
  readonly status: NonNullable<Deployment["status"]>;
  readonly nextAtMs: EpochMs | undefined;
}

export function wantedReplicas(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

export function sizeOf(set: ReplicaSet | undefined): number {
  return set === undefined ? 0 : (set.spec.replicas ?? 1);
}

/** Never more than asked for: a status may lag behind a set that was made smaller. */
function availableOf(set: ReplicaSet): number {
  return Math.min(sizeOf(set), set.status?.availableReplicas ?? 0);
}

function sum(sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + of(set), 0);
}

function resolved(value: IntOrString, total: number, round: (x: number) => number): number {
  const text = String(value);
  return text.endsWith("%") ? round((Number.parseFloat(text) * total) / 100) : Number(text);
}

/** Surge rounds up, unavailability down; both zero would never move, so one may be unavailable then. */
export function rollingLimits(deployment: Deployment): {
  readonly surge: number;
  readonly unavailable: number;
} {
  const { maxSurge = "25%", maxUnavailable = "25%" } =
    deployment.spec.strategy?.rollingUpdate ?? {};
  const total = wantedReplicas(deployment);
  const surge = resolved(maxSurge, total, Math.ceil);
  const unavailable = resolved(maxUnavailable, total, Math.floor);
  return {
    surge,
    unavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, total),
  };
}

/** Decides one pass. Sizes move a step at a time; each step is the reason for the next pass. */
export function decideDeployment(view: DeploymentView, nowMs: EpochMs): DeploymentDecision {
  const { deployment, sets } = view;
  const revisions = revisionsOf(deployment, sets);
  const { present, older, adopt } = revisions;
  const isPaused = deployment.spec.paused === true;
  const status = deploymentStatus({ deployment, revisions, limits: limitsOf(deployment) }, nowMs);
  const revision = isPaused ? highestRevision(revisions) : nextRevision(revisions);
  const base = {
    adopt,
    revision,
    status,
    remove: [],
    create: undefined,
    annotate: undefined,
    scale: [],
  };
  const nextAtMs = progressDeadlineAtMs(deployment, status, nowMs);
  if (deployment.metadata.deletionTimestamp !== undefined)
    return { ...base, adopt: [], nextAtMs: undefined };
  if (isPaused) return { ...base, scale: scaleWhilePaused(deployment, revisions), nextAtMs };
  if (present === undefined) return { ...base, ...beginning(view, older, revision), nextAtMs };
  const annotate = annotationsFor(deployment, present, revision);
  const scale = isRecreate(deployment)
    ? recreate(view, present, older)
    : roll(deployment, present, older);
  const remove = scale.length === 0 ? historyToRemove(deployment, older) : [];
  return { ...base, scale, annotate, remove, nextAtMs };
}

/** The first pass for a new template: its set is made, with as many pods as there is room for. */
function beginning(
  view: DeploymentView,
  older: readonly ReplicaSet[],
  revision: number,
): Pick<DeploymentDecision, "scale" | "create"> {
  const { deployment } = view;
  if (!isRecreate(deployment)) {
    return {
      scale: [],
      create: newReplicaSet(deployment, revision, roomToGrow(deployment, older, 0)),
    };
  }
  const size = recreateSize(view, older);
  const mayCreate = size > 0 || wantedReplicas(deployment) === 0;
  return {
    scale: older.flatMap((set) => to(set, 0)),
    create: mayCreate ? newReplicaSet(deployment, revision, size) : undefined,
  };
}

function limitsOf(deployment: Deployment): {
  readonly surge: number;
  readonly unavailable: number;
} {
  return isRecreate(deployment)
    ? { surge: 0, unavailable: wantedReplicas(deployment) }
    : rollingLimits(deployment);
}

function isRecreate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type === "Recreate";
}

function to(set: ReplicaSet, replicas: number): readonly Scale[] {
  return sizeOf(set) === replicas ? [] : [{ set, replicas }];
}

function highestRevision({ present, older }: Revisions): number {
  return Math.max(
    0,
    ...[...older, ...(present === undefined ? [] : [present])].map((set) => revisionOf(set)),
  );
}

function annotationsFor(
  deployment: Deployment,
  set: ReplicaSet,
  revision: number,
): DeploymentDecision["annotate"] {
  const wanted = { ...passedOnAnnotations(deployment), [revisionAnnotation]: String(revision) };
  const present = set.metadata.annotations ?? {};
  const isSame = Object.entries(wanted).every(([key, value]) => present[key] === value);
  return isSame ? undefined : { set, annotations: wanted };
}

/** How many pods the new set may have, given the others and the surge. */
function roomToGrow(deployment: Deployment, older: readonly ReplicaSet[], size: number): number {
  const total = wantedReplicas(deployment);
  const room = total + rollingLimits(deployment).surge - sum(older, sizeOf) - size;
  return size + Math.max(0, Math.min(room, total - size));
}

function roll(
  deployment: Deployment,
  present: ReplicaSet,
  older: readonly ReplicaSet[],
): readonly Scale[] {
  const total = wantedReplicas(deployment);
  const size = sizeOf(present);
  if (size > total) return to(present, total);
  const grown = roomToGrow(deployment, older, size);
  if (grown > size) return to(present, grown);
  return shrinkOlder(deployment, present, older);
}

/** Old pods that do not work go first; of the working ones as many as the new ones have replaced. */
function shrinkOlder(
  deployment: Deployment,
  present: ReplicaSet,
  older: readonly ReplicaSet[],
): readonly Scale[] {
  const leastAvailable = wantedReplicas(deployment) - rollingLimits(deployment).unavailable;
  const notYetAvailable = sizeOf(present) - availableOf(present);
  const spare = sum([...older, present], sizeOf) - leastAvailable - notYetAvailable;
  if (spare <= 0) return [];
  const broken = take(older, spare, (set) => sizeOf(set) - availableOf(set));
  if (broken.length > 0) return broken;
  const working = sum([...older, present], availableOf) - leastAvailable;
  return take(older, Math.min(spare, working), sizeOf);
}

/** Takes up to `count` pods from the sets, oldest first, at most `of` each. */
function take(
  sets: readonly ReplicaSet[],
  count: number,
  of: (set: ReplicaSet) => number,
): readonly Scale[] {
  let left = count;
  return sets.flatMap((set) => {
    const taken = Math.max(0, Math.min(left, of(set)));
    left -= taken;
    return taken === 0 ? [] : [{ set, replicas: sizeOf(set) - taken }];
  });
}

function recreate(
  view: DeploymentView,
  present: ReplicaSet,
  older: readonly ReplicaSet[],
): readonly Scale[] {
  const down = older.flatMap((set) => to(set, 0));
  if (down.length > 0) return down;
  const size = recreateSize(view, older);
  return size === 0 && sizeOf(present) === 0
    ? []
    : to(present, Math.max(size, Math.min(sizeOf(present), wantedReplicas(view.deployment))));
}

/** Nothing of the new version starts while anything of an old one is still there. */
function recreateSize({ deployment, pods }: DeploymentView, older: readonly ReplicaSet[]): number {
  const isOld = (pod: Pod): boolean =>
    older.some((set) => isControlledBy(pod, set)) && !isFinishedPod(pod);
  return sum(older, sizeOf) > 0 || pods.some((pod) => isOld(pod)) ? 0 : wantedReplicas(deployment);
}

/** A paused Deployment keeps its mix of versions; a new size is met by the newest set that has pods. */
function scaleWhilePaused(deployment: Deployment, { present, older }: Revisions): readonly Scale[] {
  const all = [...older, ...(present === undefined ? [] : [present])];
  const total = wantedReplicas(deployment);
  const { surge } = limitsOf(deployment);
  const active = all.filter((set) => sizeOf(set) > 0);
  const only = active.length === 1 ? active[0] : undefined;
  if (only !== undefined) return to(only, total);
  const newest = active.at(-1) ?? all.at(-1);
  if (newest === undefined) return [];
  const size = sum(all, sizeOf);
  if (size >= total && size <= total + surge) return [];
  return to(newest, Math.max(0, sizeOf(newest) + total - size));
}

const defaultHistory = 10;

function historyToRemove(
  deployment: Deployment,
  older: readonly ReplicaSet[],
): readonly ReplicaSet[] {
  const idle = older.filter((set) => sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0);
  const surplus = idle.length - (deployment.spec.revisionHistoryLimit ?? defaultHistory);
  return surplus > 0 ? idle.slice(0, surplus) : [];
}
