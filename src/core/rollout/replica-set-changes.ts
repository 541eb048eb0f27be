import { desiredReplicasAnnotation, revisionHistoryAnnotation } from "../../api/argo/keys.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { ObjectMeta } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import { parseTime } from "../../lib/time.ts";
import { desiredReplicasOf, revisionOf, specReplicas } from "../replicas/replica-set.ts";
import type { Facts } from "./context.ts";
import { rolloutEvent } from "./course.ts";
import type { Course } from "./course.ts";
import type { Effect, RolloutEvent } from "./decision.ts";

/** What one part of a decision wants changed on one ReplicaSet; all parts end in one write. */
export interface ReplicaSetChange {
  readonly name: string;
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  /** null removes. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  /** Merge patch of spec.template.metadata. */
  readonly templateMetadata?: JsonObject;
}

function merged(name: string, changes: readonly ReplicaSetChange[]): ReplicaSetChange {
  const own = changes.filter((change) => change.name === name);
  return own.reduce<ReplicaSetChange>(
    (all, change) => ({
      ...all,
      ...change,
      annotations: { ...all.annotations, ...change.annotations },
    }),
    { name },
  );
}

function annotationPatch(
  rs: ReplicaSet,
  wanted: Readonly<Record<string, string | null>>,
): JsonObject {
  const live = rs.metadata.annotations ?? {};
  return Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => (live[key] ?? null) !== value),
  );
}

function specPatch(rs: ReplicaSet, change: ReplicaSetChange): JsonObject {
  const { replicas, minReadySeconds, templateMetadata } = change;
  const isResized = replicas !== undefined && replicas !== specReplicas(rs);
  const isReadyChanged =
    minReadySeconds !== undefined && minReadySeconds !== (rs.spec.minReadySeconds ?? 0);
  return {
    ...(isResized ? { replicas } : {}),
    ...(isReadyChanged ? { minReadySeconds } : {}),
    ...(templateMetadata === undefined ? {} : { template: { metadata: templateMetadata } }),
  };
}

function patchOf(rs: ReplicaSet, change: ReplicaSetChange, n: number): JsonObject | undefined {
  const { replicas } = change;
  const isResized = replicas !== undefined && replicas !== specReplicas(rs);
  const isCounted = replicas !== undefined && (isResized || desiredReplicasOf(rs) !== undefined);
  const annotations = annotationPatch(rs, {
    ...(isCounted ? { [desiredReplicasAnnotation]: String(n) } : {}),
    ...change.annotations,
  });
  const spec = specPatch(rs, change);
  const patch: JsonObject = {
    ...(Object.keys(annotations).length > 0 ? { metadata: { annotations } } : {}),
    ...(Object.keys(spec).length > 0 ? { spec } : {}),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function scalingEvent(facts: Facts, course: Course, rs: ReplicaSet, to: number): RolloutEvent {
  const from = specReplicas(rs);
  const name = rs.metadata.name;
  const revision = rs === facts.newRs ? facts.revision : revisionOf(rs);
  const message = `Scaled ${to > from ? "up" : "down"} ReplicaSet ${name} (revision ${String(revision)}) from ${String(from)} to ${String(to)}`;
  const generation = String(rs.metadata.generation ?? 0);
  const occasion = `${name}@${generation}/${String(from)}-${String(to)}`;
  return rolloutEvent(facts, course, "ScalingReplicaSet", message, occasion);
}

function asEffects(events: readonly RolloutEvent[]): readonly Effect[] {
  return events.map((event) => ({ kind: "event", event }));
}

function patchEffects(
  facts: Facts,
  course: Course,
  rs: ReplicaSet,
  change: ReplicaSetChange,
): readonly Effect[] {
  const patch = patchOf(rs, change, facts.n);
  if (patch === undefined) return [];
  const { replicas } = change;
  const isResized = replicas !== undefined && replicas !== specReplicas(rs);
  const events = isResized ? [scalingEvent(facts, course, rs, replicas)] : [];
  const { name, resourceVersion } = rs.metadata;
  return [{ kind: "patchReplicaSet", name, resourceVersion, patch }, ...asEffects(events)];
}

/** How much a change shrinks its ReplicaSet: growth comes first, so that capacity is asked for before it is given up. */
function shrinkage(rs: ReplicaSet, change: ReplicaSetChange): number {
  return Math.max(0, specReplicas(rs) - (change.replicas ?? specReplicas(rs)));
}

/** One patch for each ReplicaSet that differs from what is wanted, growing ones first. */
export function replicaSetEffects(
  facts: Facts,
  course: Course,
  changes: readonly ReplicaSetChange[],
): readonly Effect[] {
  return facts.replicaSets
    .map((rs) => ({ rs, change: merged(rs.metadata.name, changes) }))
    .sort((a, b) => shrinkage(a.rs, a.change) - shrinkage(b.rs, b.change))
    .flatMap(({ rs, change }) => patchEffects(facts, course, rs, change));
}

function bornAtMs({ creationTimestamp }: ObjectMeta): number {
  return parseTime(creationTimestamp) ?? 0;
}

/**
 * It was made for this revision, but the pass that made it did not get as far as its status. One that
 * is older than the rollout was adopted, not made.
 */
function isUnrecorded({ newRs, before, newHash, revision, rollout }: Facts): boolean {
  const isReused = newRs.metadata.annotations?.[revisionHistoryAnnotation] !== undefined;
  const isAdopted = bornAtMs(newRs.metadata) < bornAtMs(rollout.metadata);
  const isOurs = !isReused && !isAdopted;
  return before.currentPodHash !== newHash && revisionOf(newRs) === revision && isOurs;
}

interface Creation {
  readonly writes: readonly Effect[];
  readonly announced: readonly Effect[];
  readonly scaled: readonly Effect[];
}

/** The new ReplicaSet, created at its first size, and the events people know the moment by. */
export function creationEffects(
  facts: Facts,
  course: Course,
  changes: readonly ReplicaSetChange[],
): Creation {
  const { newRs, newRsExists, revision } = facts;
  const text = `Created ReplicaSet ${newRs.metadata.name} (revision ${String(revision)})`;
  // Not by the attempt: a pass that is repeated after it had recorded a turn stands in another one.
  const cause = `${newRs.metadata.name}/${String(revision)}/created`;
  const reason = "NewReplicaSetCreated";
  const created: RolloutEvent = { type: "Normal", reason, message: text, cause };
  if (newRsExists)
    return { writes: [], announced: asEffects(isUnrecorded(facts) ? [created] : []), scaled: [] };
  const replicas = merged(newRs.metadata.name, changes).replicas ?? 0;
  const replicaSet: ReplicaSet = { ...newRs, spec: { ...newRs.spec, replicas } };
  const scaled = replicas > 0 ? [scalingEvent(facts, course, newRs, replicas)] : [];
  return {
    writes: [{ kind: "createReplicaSet", replicaSet }],
    announced: asEffects([created]),
    scaled: asEffects(scaled),
  };
}
