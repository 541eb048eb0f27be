// Turns the core's effects into writes, one by one and in order. The first that fails ends the
// pass: the next pass decides anew from what is there. Every write names the version it was
// decided from, so a decision made on a stale view is refused instead of doing harm.
import { endedByRolloutAnnotation } from "../../api/argo/keys.ts";
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import type { Effect, RolloutEvent } from "../../core/rollout/decision.ts";
import { withinAbilities } from "../../core/traffic/plan.ts";
import { unreachable } from "../../lib/invariant.ts";
import type { JsonObject } from "../../lib/json.ts";
import { isStoreError, StoreError, type ObjectStore } from "../../objects/object-store.ts";
import type { TrafficRouter } from "../../routers/router.ts";
import type { EventRecorder } from "../../runtime/events.ts";
import { saveStatus } from "./save-status.ts";

/** Asks for a pod to go away without breaking a disruption budget; false = not now. */
export type EvictPod = (pod: ObjectRef, uid: string) => Promise<boolean>;

export interface Hands {
  readonly store: ObjectStore;
  /** The store itself, without a cache in front. */
  readonly live: Pick<ObjectStore, "get">;
  readonly events: EventRecorder;
  readonly evictPod: EvictPod;
  readonly routers: readonly TrafficRouter[];
}

/**
 * Carries all effects out. Resolves with the rollout as it now is (its version moves with own writes).
 * Weights and replicas come first: an event is told once what follows it is done, and all is told
 * before the status is written.
 */
export async function carryOut(
  effects: readonly Effect[],
  rollout: KubeObject,
  hands: Hands,
): Promise<KubeObject> {
  let current = rollout;
  let untold: RolloutEvent[] = [];
  const telling = (): readonly Promise<void>[] => {
    const events = untold;
    untold = [];
    return events.map(async (event) => hands.events.record(current, event));
  };
  try {
    for (const effect of effects) {
      if (effect.kind === "event") untold.push(effect.event);
      else if (effect.kind === "patchRollout")
        current = await patchRollout(current, effect.patch, hands);
      else if (effect.kind === "recordTurn") {
        await Promise.all(telling());
        current = await saveStatus(current, effect.status, hands.store);
      } else await carryOutOne(effect, current, hands);
    }
  } catch (error) {
    await Promise.allSettled(telling());
    throw error;
  }
  await Promise.all(telling());
  return current;
}

function refIn(rollout: KubeObject, apiVersion: string, kind: string, name: string): ObjectRef {
  return { apiVersion, kind, namespace: rollout.metadata.namespace ?? "", name };
}

async function patchRollout(
  rollout: KubeObject,
  patch: JsonObject,
  { store }: Hands,
): Promise<KubeObject> {
  const ref = refIn(rollout, rollout.apiVersion, rollout.kind, rollout.metadata.name);
  return store.patch(ref, {
    type: "merge",
    body: atVersion(patch, rollout.metadata.resourceVersion),
  });
}

/** The patch, refused by the store with Conflict unless the object is still at this version. */
function atVersion(patch: JsonObject, resourceVersion: string | undefined): JsonObject {
  if (resourceVersion === undefined) return patch;
  const metadata = (patch["metadata"] ?? {}) as JsonObject;
  return { ...patch, metadata: { ...metadata, resourceVersion } };
}

type CarriedOutHere = Exclude<Effect, { kind: "event" | "patchRollout" | "recordTurn" }>;

async function carryOutOne(
  effect: CarriedOutHere,
  rollout: KubeObject,
  hands: Hands,
): Promise<void> {
  switch (effect.kind) {
    case "applyTraffic":
      for (const router of hands.routers) {
        await router.apply(withinAbilities(effect.plan, router.capabilities));
      }
      return;
    case "evictPod":
      await hands.evictPod(refIn(rollout, "v1", "Pod", effect.name), effect.uid);
      return;
    case "createReplicaSet":
      await hands.store.create(effect.replicaSet);
      return;
    case "createAnalysisRun":
      await hands.store.create(effect.run);
      return;
    case "createExperiment":
      await hands.store.create(effect.experiment);
      return;
    case "adoptReplicaSet":
      return adopt(effect, rollout, hands);
    case "patchReplicaSet":
    case "patchService":
    case "patchPod":
      return patchVersioned(effect, rollout, hands.store);
    case "terminateAnalysisRun":
    case "terminateExperiment":
      return terminate(effect, rollout, hands.store);
    case "deleteReplicaSet":
    case "deleteAnalysisRun":
    case "deleteExperiment":
      return remove(effect, rollout, hands.store);
    case "scaleWorkload": {
      const ref = refIn(rollout, "apps/v1", "Deployment", effect.name);
      const body = { spec: { replicas: effect.replicas } };
      await hands.store.patch(ref, { type: "merge", body }, { subresource: "scale" });
      return;
    }
    default:
      return unreachable(effect);
  }
}

/** Looks at the Rollout itself, not at a view of it: what is gone or was made anew takes nothing. */
async function adopt(
  { name, resourceVersion, patch }: Extract<Effect, { kind: "adoptReplicaSet" }>,
  rollout: KubeObject,
  { store, live }: Hands,
): Promise<void> {
  const ref = refIn(rollout, rollout.apiVersion, rollout.kind, rollout.metadata.name);
  const current = await live.get(ref);
  const isSame = current?.metadata.uid === rollout.metadata.uid;
  if (!isSame || current?.metadata.deletionTimestamp !== undefined)
    throw new StoreError("Conflict", `Rollout ${rollout.metadata.name} is no longer what it was`);
  const body = atVersion(patch, resourceVersion);
  await store.patch(refIn(rollout, "apps/v1", "ReplicaSet", name), { type: "merge", body });
}

const kindOfPatch = {
  patchReplicaSet: ["apps/v1", "ReplicaSet"],
  patchService: ["v1", "Service"],
  patchPod: ["v1", "Pod"],
} as const;

type Patching = Extract<Effect, { kind: keyof typeof kindOfPatch }>;

async function patchVersioned(
  effect: Patching,
  rollout: KubeObject,
  store: ObjectStore,
): Promise<void> {
  const [apiVersion, kind] = kindOfPatch[effect.kind];
  const body = atVersion(effect.patch, effect.resourceVersion);
  try {
    await store.patch(refIn(rollout, apiVersion, kind, effect.name), { type: "merge", body });
  } catch (error) {
    // A pod may end at any time; its metadata then no longer matters.
    if (effect.kind === "patchPod" && isStoreError(error, "NotFound")) return;
    throw error;
  }
}

type Terminating = Extract<Effect, { kind: "terminateAnalysisRun" | "terminateExperiment" }>;

async function terminate(
  effect: Terminating,
  rollout: KubeObject,
  store: ObjectStore,
): Promise<void> {
  const kind = effect.kind === "terminateAnalysisRun" ? "AnalysisRun" : "Experiment";
  const metadata = { annotations: { [endedByRolloutAnnotation]: "true" } };
  const body = { metadata, spec: { terminate: true } };
  try {
    await store.patch(refIn(rollout, "argoproj.io/v1alpha1", kind, effect.name), {
      type: "merge",
      body,
    });
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
  }
}

const kindOfDelete = {
  deleteReplicaSet: ["apps/v1", "ReplicaSet"],
  deleteAnalysisRun: ["argoproj.io/v1alpha1", "AnalysisRun"],
  deleteExperiment: ["argoproj.io/v1alpha1", "Experiment"],
} as const;

type Deleting = Extract<Effect, { kind: keyof typeof kindOfDelete }>;

async function remove(effect: Deleting, rollout: KubeObject, store: ObjectStore): Promise<void> {
  const [apiVersion, kind] = kindOfDelete[effect.kind];
  try {
    const options = { preconditions: { uid: effect.uid }, propagation: "Background" } as const;
    await store.delete(refIn(rollout, apiVersion, kind, effect.name), options);
  } catch (error) {
    // Gone already, or replaced by another of the same name: both are what was wanted.
    if (!isStoreError(error, "NotFound") && !isStoreError(error, "Conflict")) throw error;
  }
}
