// The shell of ReplicaSets: observe → decide → carry out → save status.
import type { Pod } from "../../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../../api/kubernetes/workloads.ts";
import { selectorMatches } from "../../../api/meta/label-selector.ts";
import { controllerOf, controllerReference, refOf } from "../../../api/meta/object.ts";
import { asJson } from "../../../api/meta/wire.ts";
import { deepEqual } from "../../../lib/deep-equal.ts";
import type { ObjectStore } from "../../../objects/object-store.ts";
import { keyOf, splitKey } from "../../../runtime/cache.ts";
import type { Cache } from "../../../runtime/cache.ts";
import type { Clock } from "../../../runtime/clock.ts";
import { sourceOf } from "../../../runtime/controller.ts";
import type { Controller } from "../../../runtime/controller.ts";
import type { EventRecorder } from "../../../runtime/events.ts";
import { errorText } from "../../../runtime/log.ts";
import type { Manager } from "../../../runtime/manager.ts";
import { requeueAfter, settled } from "../../../runtime/outcome.ts";
import type { Outcome } from "../../../runtime/outcome.ts";
import { createPod, deletePod, setOwners } from "../carry-out.ts";
import { decideReplicaSet, replicaSetStatus } from "./decide.ts";
import type { Failure, ReplicaSetDecision } from "./decide.ts";

export interface WorkloadDeps {
  readonly manager: Manager;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

export function replicaSetController(deps: WorkloadDeps): Controller {
  const { manager, clock } = deps;
  const sets = manager.cache<ReplicaSet>("apps/v1", "ReplicaSet");
  const pods = manager.cache<Pod>("v1", "Pod");
  return {
    name: "replica-set",
    concurrency: 4,
    sources: [sourceOf(sets, (set) => [keyOf(set)]), sourceOf(pods, (pod) => keysOfPod(pod, sets))],
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const set = sets.get(namespace, name);
      if (set === undefined) return settled;
      const decision = decideReplicaSet({ set, pods: pods.list(namespace) }, clock.now());
      const carried = await carryOut(set, decision, pods, deps);
      await saveStatus(set, { sets, pods, failure: carried.failure }, deps);
      if (carried.error !== undefined)
        return { kind: "failed", error: carried.error, retry: "backoff" };
      return outcomeOf(decision, clock);
    },
  };
}

function keysOfPod(pod: Pod, sets: Cache<ReplicaSet>): readonly string[] {
  const owner = controllerOf(pod);
  const { namespace = "" } = pod.metadata;
  if (owner !== undefined) return owner.kind === "ReplicaSet" ? [`${namespace}/${owner.name}`] : [];
  const matching = sets
    .list(namespace)
    .filter((set) => selectorMatches(set.spec.selector, pod.metadata.labels));
  return matching.map((set) => keyOf(set));
}

function outcomeOf({ nextAtMs }: ReplicaSetDecision, clock: Clock): Outcome {
  return nextAtMs === undefined
    ? settled
    : requeueAfter(nextAtMs - clock.now(), "waiting for minReadySeconds");
}

interface Carried {
  readonly failure?: Failure;
  readonly error?: unknown;
}

async function carryOut(
  set: ReplicaSet,
  decision: ReplicaSetDecision,
  pods: Cache<Pod>,
  deps: WorkloadDeps,
): Promise<Carried> {
  for (const pod of decision.adopt)
    pods.remember(await setOwners(deps.store, pod, [controllerReference(set)]));
  for (const pod of decision.letGo) {
    const others = (pod.metadata.ownerReferences ?? []).filter(
      (owner) => owner.uid !== set.metadata.uid,
    );
    pods.remember(await setOwners(deps.store, pod, others));
  }
  const created = await createSlowly(set, decision.create, pods, deps);
  if (created.failure !== undefined) return created;
  return removeAll(set, decision.remove, pods, deps);
}

/** 1, 2, 4 … at a time: if pods are refused, they are refused a few times, not by the hundred. */
async function createSlowly(
  set: ReplicaSet,
  wanted: readonly Pod[],
  pods: Cache<Pod>,
  deps: WorkloadDeps,
): Promise<Carried> {
  let batch = 1;
  for (let from = 0; from < wanted.length; from += batch, batch *= 2) {
    const group = wanted.slice(from, from + batch);
    const results = await Promise.allSettled(group.map((pod) => createPod(set, pod, pods, deps)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) return refused(set, "FailedCreate", failed.reason, deps);
  }
  return {};
}

async function removeAll(
  set: ReplicaSet,
  doomed: readonly Pod[],
  pods: Cache<Pod>,
  deps: WorkloadDeps,
): Promise<Carried> {
  for (const pod of doomed) {
    try {
      await deletePod(deps.store, pod);
      // The view must show it leaving before the next pass counts, or another one would be chosen.
      const leaving = await deps.store.get<Pod>(refOf(pod));
      if (leaving !== undefined) pods.remember(leaving);
    } catch (error) {
      return refused(set, "FailedDelete", error, deps);
    }
    const { name, uid = "" } = pod.metadata;
    await deps.events.record(set, {
      type: "Normal",
      reason: "SuccessfulDelete",
      message: `Deleted pod: ${name}`,
      cause: uid,
    });
  }
  return {};
}

async function refused(
  set: ReplicaSet,
  reason: Failure["reason"],
  error: unknown,
  { events }: WorkloadDeps,
): Promise<Carried> {
  const verb = reason === "FailedCreate" ? "creating" : "deleting";
  const message = `Error ${verb}: ${errorText(error)}`;
  await events.record(set, {
    type: "Warning",
    reason,
    message,
    cause: String(set.metadata.generation ?? 0),
  });
  return { failure: { reason, message }, error };
}

interface StatusInput {
  readonly sets: Cache<ReplicaSet>;
  readonly pods: Cache<Pod>;
  readonly failure: Failure | undefined;
}

async function saveStatus(
  set: ReplicaSet,
  { sets, pods, failure }: StatusInput,
  deps: WorkloadDeps,
): Promise<void> {
  const view = { set, pods: pods.list(set.metadata.namespace ?? "") };
  const status = replicaSetStatus(view, failure, deps.clock.now());
  if (deepEqual(asJson(status), asJson(set.status ?? {}))) return;
  sets.remember(await deps.store.update<ReplicaSet>({ ...set, status }, { subresource: "status" }));
}
