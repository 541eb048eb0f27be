// Stands in for the ReplicaSet controller and every kubelet: pods are created at once and become
// ready after the time their version is described to take. Level-triggered like the real ones.
import type { Pod } from "../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../api/kubernetes/workloads.ts";
import { controllerOf, controllerReference } from "../api/meta/object.ts";
import { deepEqual } from "../lib/deep-equal.ts";
import { formatTime, parseTime } from "../lib/time.ts";
import { isStoreError, type ObjectStore } from "../objects/object-store.ts";
import { keyOf, splitKey, type Cache } from "../runtime/cache.ts";
import type { Clock } from "../runtime/clock.ts";
import { sourceOf, type Controller } from "../runtime/controller.ts";
import { requeueAfter, settled, type Outcome } from "../runtime/outcome.ts";
import { versionOf, type VersionWorld, type World } from "./scenario.ts";

export interface SimulatedPodsOptions {
  readonly store: ObjectStore;
  readonly sets: Cache<ReplicaSet>;
  readonly pods: Cache<Pod>;
  readonly clock: Clock;
  readonly world: World;
}

function imageOf(template: {
  readonly spec: { readonly containers: readonly { readonly image?: string }[] };
}): string {
  return template.spec.containers[0]?.image ?? "";
}

function readyAtMs(pod: Pod, world: VersionWorld): number {
  return world.neverReady
    ? Infinity
    : (parseTime(pod.metadata.creationTimestamp) ?? 0) + world.startMs;
}

function isReady(pod: Pod): boolean {
  return pod.status?.phase === "Running";
}

function newPod(set: ReplicaSet, ordinal: number): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${set.metadata.name}-${ordinal}`,
      namespace: set.metadata.namespace ?? "",
      labels: set.spec.template.metadata?.labels ?? {},
      ownerReferences: [controllerReference(set)],
    },
    spec: set.spec.template.spec,
    status: { phase: "Pending" },
  };
}

/** The lowest ordinals that are free, so that a repeated pass creates the same names. */
function freeOrdinals(owned: readonly Pod[], set: ReplicaSet, count: number): readonly number[] {
  const taken = new Set(owned.map((pod) => pod.metadata.name));
  const free: number[] = [];
  for (let ordinal = 0; free.length < count; ordinal += 1) {
    if (!taken.has(`${set.metadata.name}-${ordinal}`)) free.push(ordinal);
  }
  return free;
}

async function createPods(
  set: ReplicaSet,
  owned: readonly Pod[],
  count: number,
  store: ObjectStore,
): Promise<void> {
  for (const ordinal of freeOrdinals(owned, set, count)) {
    try {
      await store.create(newPod(set, ordinal));
    } catch (error) {
      // Another pass, whose write we have not seen yet, was faster.
      if (!isStoreError(error, "AlreadyExists")) throw error;
    }
  }
}

/** Pods that are not ready go first, then the newest. */
async function deletePods(owned: readonly Pod[], count: number, store: ObjectStore): Promise<void> {
  const order = [...owned].sort(
    (a, b) =>
      Number(isReady(a)) - Number(isReady(b)) || (a.metadata.name < b.metadata.name ? 1 : -1),
  );
  for (const pod of order.slice(0, count)) {
    const { namespace = "", name } = pod.metadata;
    try {
      await store.delete(
        { apiVersion: "v1", kind: "Pod", namespace, name },
        { gracePeriodSeconds: 0 },
      );
    } catch (error) {
      if (!isStoreError(error, "NotFound")) throw error;
    }
  }
}

async function markReady(pod: Pod, { store, clock }: SimulatedPodsOptions): Promise<void> {
  const { namespace = "", name } = pod.metadata;
  const at = formatTime(clock.now());
  const status = {
    phase: "Running",
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: at }],
  };
  await store.patch(
    { apiVersion: "v1", kind: "Pod", namespace, name },
    { type: "merge", body: { status } },
    { subresource: "status" },
  );
}

async function writeStatus(
  set: ReplicaSet,
  owned: readonly Pod[],
  availableCount: number,
  store: ObjectStore,
): Promise<void> {
  const readyCount = owned.filter(isReady).length;
  const status = {
    replicas: owned.length,
    fullyLabeledReplicas: owned.length,
    readyReplicas: readyCount,
    availableReplicas: availableCount,
    observedGeneration: set.metadata.generation ?? 0,
  };
  const { conditions: _conditions, ...before } = set.status ?? {};
  if (deepEqual(before, status)) return;
  await store.update({ ...set, status: { ...set.status, ...status } }, { subresource: "status" });
}

/** When the next of these pods becomes ready or available; undefined if none will. */
function nextChangeMs(
  owned: readonly Pod[],
  set: ReplicaSet,
  world: VersionWorld,
  now: number,
): number | undefined {
  const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1000;
  const times = owned.flatMap((pod) => [readyAtMs(pod, world), readyAtMs(pod, world) + minReadyMs]);
  const future = times.filter((atMs) => atMs > now && Number.isFinite(atMs));
  return future.length === 0 ? undefined : Math.min(...future);
}

async function reconcile(key: string, options: SimulatedPodsOptions): Promise<Outcome> {
  const { store, sets, pods, clock, world } = options;
  const { namespace, name } = splitKey(key);
  const set = sets.get(namespace, name);
  if (!set || set.metadata.deletionTimestamp !== undefined) return settled;
  const version = versionOf(world, imageOf(set.spec.template));
  const wanted = set.spec.replicas ?? 1;
  const owned = pods.ownedBy(set.metadata.uid);
  if (owned.length < wanted) await createPods(set, owned, wanted - owned.length, store);
  if (owned.length > wanted) await deletePods(owned, owned.length - wanted, store);
  const now = clock.now();
  for (const pod of owned)
    if (!isReady(pod) && readyAtMs(pod, version) <= now) await markReady(pod, options);
  if (owned.length > wanted) return settled;
  const current = pods.ownedBy(set.metadata.uid);
  const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1000;
  const available = current.filter(
    (pod) => isReady(pod) && readyAtMs(pod, version) + minReadyMs <= now,
  );
  await writeStatus(set, current, available.length, store);
  const nextMs = nextChangeMs(current, set, version, now);
  return nextMs === undefined ? settled : requeueAfter(nextMs - now, "a pod becomes ready");
}

export function simulatedPodsController(options: SimulatedPodsOptions): Controller {
  const ownerKeys = (pod: Pod): readonly string[] => {
    const owner = controllerOf(pod);
    return owner?.kind === "ReplicaSet" ? [`${pod.metadata.namespace ?? ""}/${owner.name}`] : [];
  };
  return {
    name: "simulated-pods",
    concurrency: 1,
    sources: [sourceOf(options.sets, (set) => [keyOf(set)]), sourceOf(options.pods, ownerKeys)],
    reconcile: async (key) => reconcile(key, options),
  };
}
