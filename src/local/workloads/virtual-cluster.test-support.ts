// For tests: the workload controllers on a memory store in virtual time, with a kubelet that only
// writes statuses: pods become ready after a while, fail, or end, as the test describes.
import type { Pod, PodStatus } from "../../api/kubernetes/pod.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { refOf } from "../../api/meta/object.ts";
import { formatTime } from "../../lib/time.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { isStoreError } from "../../objects/object-store.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { noEvents } from "../../runtime/events.ts";
import { silentLogger } from "../../runtime/log.ts";
import { Manager } from "../../runtime/manager.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { deploymentController } from "./deployment/controller.ts";
import { jobController } from "./job/controller.ts";
import { replicaSetController } from "./replica-set/controller.ts";

/** What becomes of a pod; asked when it is first seen. */
export interface Fate {
  /** Never ready if absent. */
  readonly readyAfterMs?: number;
  readonly ends?: { readonly afterMs: number; readonly phase: "Succeeded" | "Failed" };
  readonly stopMs?: number;
}

export interface VirtualCluster {
  readonly store: ObjectStore;
  readonly clock: VirtualClock;
  /** Lets this much time pass; everything that follows from it has happened when it resolves. */
  pass(ms: number): Promise<void>;
  pods(): Promise<readonly Pod[]>;
  get<T extends KubeObject>(apiVersion: string, kind: string, name: string): Promise<T>;
  /** Ends the controllers and begins new ones, as after a crash. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The store with another `create`. */
export function withCreate(store: ObjectStore, create: ObjectStore["create"]): ObjectStore {
  return {
    get: (ref) => store.get(ref),
    list: (scope, page) => store.list(scope, page),
    create,
    update: (object, options) => store.update(object, options),
    patch: (ref, patch, options) => store.patch(ref, patch, options),
    delete: (ref, options) => store.delete(ref, options),
    watch: (scope, options) => store.watch(scope, options),
  };
}

export const startMs = Date.parse("2026-01-01T00:00:00Z");

/** `wrap` may stand between the controllers and the store, to make writes fail. */
export async function virtualCluster(
  fateOf: (pod: Pod) => Fate,
  wrap: (store: ObjectStore) => ObjectStore = (store) => store,
): Promise<VirtualCluster> {
  const clock = new VirtualClock(startMs);
  const store = memoryStore({ clock });
  const begin = async (): Promise<Manager> => {
    const manager = new Manager({ store: wrap(store), clock, log: silentLogger });
    const deps = { manager, store: wrap(store), clock, events: noEvents };
    for (const make of [replicaSetController, deploymentController, jobController])
      manager.add(make(deps));
    await manager.start();
    return manager;
  };
  let manager = await begin();
  const kubelet = new AbortController();
  const kubeletDone = actAsKubelet(store, clock, fateOf, kubelet.signal);
  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < 6; quiet += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!manager.isIdle) quiet = 0;
    }
  };
  return {
    store,
    clock,
    async pass(ms) {
      const untilMs = clock.now() + ms;
      await settle();
      while (clock.fireNext(untilMs)) await settle();
    },
    pods: async () => (await store.list<Pod>({ apiVersion: "v1", kind: "Pod" })).items,
    async get<T extends KubeObject>(apiVersion: string, kind: string, name: string): Promise<T> {
      const found = await store.get<T>({ apiVersion, kind, namespace: "default", name });
      if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
      return found;
    },
    async restart() {
      await manager.stop();
      manager = await begin();
    },
    async stop() {
      kubelet.abort();
      await manager.stop();
      await kubeletDone;
    },
  };
}

async function actAsKubelet(
  store: ObjectStore,
  clock: VirtualClock,
  fateOf: (pod: Pod) => Fate,
  signal: AbortSignal,
): Promise<void> {
  const fates = new Map<string, Fate>();
  const stopping = new Set<string>();
  const scope = { apiVersion: "v1", kind: "Pod" };
  const put = (pod: Pod, status: PodStatus): void => {
    const write = async (): Promise<void> => {
      const present = await store.get<Pod>(refOf(pod));
      if (present === undefined || present.metadata.uid !== pod.metadata.uid) return;
      await store.update<Pod>({ ...present, status }, { subresource: "status" });
    };
    write().catch((error: unknown) => {
      if (!isStoreError(error, "NotFound")) throw error;
    });
  };
  for await (const event of store.watch<Pod>(scope, { resourceVersion: "0", signal })) {
    if (event.type === "BOOKMARK" || event.type === "DELETED") continue;
    const pod = event.object;
    const { uid = "" } = pod.metadata;
    if (!fates.has(uid)) {
      const fate = fateOf(pod);
      fates.set(uid, fate);
      live(pod, fate, clock, put);
    }
    if (pod.metadata.deletionTimestamp !== undefined && !stopping.has(uid)) {
      stopping.add(uid);
      clock.after(fates.get(uid)?.stopMs ?? 0, () => {
        void store.delete(refOf(pod), { gracePeriodSeconds: 0 }).catch(() => undefined);
      });
    }
  }
}

function live(
  pod: Pod,
  fate: Fate,
  clock: VirtualClock,
  put: (pod: Pod, status: PodStatus) => void,
): void {
  const { readyAfterMs, ends } = fate;
  if (readyAfterMs !== undefined) {
    clock.after(readyAfterMs, () => {
      const lastTransitionTime = formatTime(clock.now());
      put(pod, {
        phase: "Running",
        conditions: [{ type: "Ready", status: "True", lastTransitionTime }],
      });
    });
  }
  if (ends !== undefined) {
    clock.after(ends.afterMs, () => {
      const lastTransitionTime = formatTime(clock.now());
      put(pod, {
        phase: ends.phase,
        conditions: [{ type: "Ready", status: "False", lastTransitionTime }],
      });
    });
  }
}
