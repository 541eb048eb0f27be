// Turns the core's effects into writes, one by one and in order. What the store refuses for good is
// handed back, so that the next decision can say so; everything else that fails ends the pass.
import { argoApiVersion } from "../../api/argo/keys.ts";
import type { Experiment } from "../../api/argo/experiment.ts";
import {
  controllerOf,
  isControlledBy,
  refOf,
  type KubeObject,
  type ObjectRef,
} from "../../api/meta/object.ts";
import type { ExperimentEffect, ExperimentEvent, Refusal } from "../../core/experiment/decision.ts";
import { unreachable } from "../../lib/invariant.ts";
import type { JsonObject } from "../../lib/json.ts";
import { isStoreError, type ObjectStore, type StoreError } from "../../objects/object-store.ts";
import type { EventRecorder } from "../../runtime/events.ts";

export interface Hands {
  readonly store: ObjectStore;
  readonly events: EventRecorder;
  /** Own writes enter the caches at once. */
  readonly remember: (object: KubeObject) => void;
}

type Change = Exclude<ExperimentEffect, { kind: "event" | "ownerEvent" }>;

/** Changes first. If one was refused, the events of this decision are not told: another decision follows. */
export async function carryOut(
  effects: readonly ExperimentEffect[],
  experiment: Experiment,
  hands: Hands,
): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  for (const effect of effects) {
    if (effect.kind === "event" || effect.kind === "ownerEvent") continue;
    const refusal = await change(effect, experiment, hands);
    if (refusal !== undefined) refusals.push(refusal);
  }
  return refusals;
}

/** Tells what a decision has to tell, once per cause. */
export async function tellAll(
  effects: readonly ExperimentEffect[],
  experiment: Experiment,
  { events, store }: Hands,
): Promise<void> {
  for (const effect of effects) {
    if (effect.kind === "event") await events.record(experiment, effect.event);
    if (effect.kind === "ownerEvent") await tellOwner(effect.event, experiment, events, store);
  }
}

async function tellOwner(
  event: ExperimentEvent,
  experiment: Experiment,
  events: EventRecorder,
  store: ObjectStore,
): Promise<void> {
  const reference = controllerOf(experiment);
  if (reference?.kind !== "Rollout") return;
  const { apiVersion, kind, name } = reference;
  const owner = await store.get({
    apiVersion,
    kind,
    namespace: experiment.metadata.namespace ?? "",
    name,
  });
  if (owner?.metadata.uid === reference.uid) await events.record(owner, event);
}

function refIn(experiment: Experiment, apiVersion: string, kind: string, name: string): ObjectRef {
  return { apiVersion, kind, namespace: experiment.metadata.namespace ?? "", name };
}

/** What trying again will not change. */
function isForGood(error: unknown): error is StoreError {
  return (
    isStoreError(error, "Invalid") ||
    isStoreError(error, "BadRequest") ||
    isStoreError(error, "Forbidden")
  );
}

async function change(
  effect: Change,
  experiment: Experiment,
  hands: Hands,
): Promise<Refusal | undefined> {
  switch (effect.kind) {
    case "createReplicaSet": {
      const refusal = { what: "replicaSet", target: effect.template } as const;
      return create(effect.replicaSet, experiment, hands, refusal);
    }
    case "createService":
      return create(effect.service, experiment, hands, {
        what: "service",
        target: effect.template,
      });
    case "createAnalysisRun":
      return create(effect.run, experiment, hands, {
        what: "analysisRun",
        target: effect.analysis,
      });
    case "patchReplicaSet":
      return patchReplicaSet(effect, experiment, hands);
    case "deleteService":
      return deleteService(effect, experiment, hands);
    case "terminateAnalysisRun":
      return terminateRun(effect.name, experiment, hands);
    default:
      return unreachable(effect);
  }
}

async function create(
  object: KubeObject,
  experiment: Experiment,
  { store, remember }: Hands,
  refusal: Pick<Refusal, "what" | "target">,
): Promise<Refusal | undefined> {
  try {
    remember(await store.create(object));
    return undefined;
  } catch (error) {
    if (isForGood(error)) return { ...refusal, message: error.message };
    if (!isStoreError(error, "AlreadyExists")) throw error;
    const existing = await store.get(refOf(object));
    // Gone again, going away, or ours and just not seen yet: the next pass knows more.
    const isGoing = existing === undefined || existing.metadata.deletionTimestamp !== undefined;
    if (isGoing) throw error;
    if (!isControlledBy(existing, experiment)) return { ...refusal, message: error.message };
    remember(existing);
    return undefined;
  }
}

async function patchReplicaSet(
  effect: Extract<Change, { kind: "patchReplicaSet" }>,
  experiment: Experiment,
  { store, remember }: Hands,
): Promise<Refusal | undefined> {
  const { name, patch, resourceVersion, template } = effect;
  const metadata = (patch["metadata"] ?? {}) as JsonObject;
  const versioned = resourceVersion === undefined ? metadata : { ...metadata, resourceVersion };
  const body = { ...patch, metadata: versioned };
  try {
    const ref = refIn(experiment, "apps/v1", "ReplicaSet", name);
    remember(await store.patch(ref, { type: "merge", body }));
    return undefined;
  } catch (error) {
    if (isForGood(error)) return { what: "scale", target: template, message: error.message };
    throw error;
  }
}

async function deleteService(
  { name, uid }: Extract<Change, { kind: "deleteService" }>,
  experiment: Experiment,
  { store }: Hands,
): Promise<undefined> {
  try {
    const options = { preconditions: { uid }, propagation: "Background" } as const;
    await store.delete(refIn(experiment, "v1", "Service", name), options);
  } catch (error) {
    // Gone already, or replaced by another of the same name: both are what was wanted.
    if (!isStoreError(error, "NotFound") && !isStoreError(error, "Conflict")) throw error;
  }
  return undefined;
}

async function terminateRun(
  name: string,
  experiment: Experiment,
  { store, remember }: Hands,
): Promise<undefined> {
  try {
    const ref = refIn(experiment, argoApiVersion, "AnalysisRun", name);
    remember(await store.patch(ref, { type: "merge", body: { spec: { terminate: true } } }));
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
  }
  return undefined;
}
