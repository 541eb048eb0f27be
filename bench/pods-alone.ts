// What the pods of an update cost a control plane whoever asks for them: the new ReplicaSet is made, and the
// old one is taken to 0 when the new pod is there. No controller of rollouts can do with less.
import { setTimeout as sleep } from "node:timers/promises";
import type { ReplicaSet } from "../src/api/kubernetes/workloads.ts";
import type { ObjectStore } from "../src/objects/object-store.ts";

export interface PodsAlone {
  readonly store: ObjectStore;
  readonly namespace: string;
  readonly count: number;
  /** How many requests are under way at a time. */
  readonly writers: number;
}

const scopeOf = (namespace: string) => ({ apiVersion: "apps/v1", kind: "ReplicaSet", namespace });

function replicaSetOf(index: number, version: string, namespace: string): ReplicaSet {
  const app = `pods-${String(index)}`;
  const labels = { app, version };
  const resources = { requests: { cpu: "1m", memory: "1Mi" } };
  const container = { name: "main", image: `app:${version}`, resources };
  const spec = { terminationGracePeriodSeconds: 1, containers: [container] };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: `${app}-${version}`, namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
    },
  };
}

/** Work on each of `count`, so many at a time. */
export async function inParallel(
  { count, writers }: Pick<PodsAlone, "count" | "writers">,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: writers }, worker));
}

/** Makes the version's ReplicaSets and resolves when each has its pod; `onAvailable` runs as soon as one has. */
async function bringUp(
  version: string,
  options: PodsAlone,
  onAvailable: (index: number) => Promise<unknown>,
): Promise<void> {
  const { store, namespace, count } = options;
  const stop = new AbortController();
  const waiting = new Set(Array.from({ length: count }, (_, index) => index));
  const following: Promise<unknown>[] = [];
  const { resourceVersion } = await store.list<ReplicaSet>(scopeOf(namespace));
  const watching = store.watch<ReplicaSet>(scopeOf(namespace), {
    resourceVersion,
    signal: stop.signal,
  });
  const seen = (async () => {
    for await (const event of watching) {
      if (event.type === "BOOKMARK") continue;
      const { metadata, status } = event.object;
      const index = Number(/^pods-(\d+)-/.exec(metadata.name)?.[1]);
      const isNew =
        metadata.labels?.["version"] === version && (status?.availableReplicas ?? 0) > 0;
      if (isNew && waiting.delete(index)) following.push(onAvailable(index));
      if (waiting.size === 0) return;
    }
  })();
  await inParallel(options, async (index) => store.create(replicaSetOf(index, version, namespace)));
  await seen;
  await Promise.all(following);
  stop.abort();
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}

/** Seconds until each has its pod, and until each has its new pod and its old ReplicaSet is at 0. */
export async function podsAlone(
  options: PodsAlone,
): Promise<{ readonly createSeconds: number; readonly updateSeconds: number }> {
  const { store, namespace } = options;
  const createSeconds = await timed(async () => bringUp("v0", options, async () => undefined));
  // As much rest as the controller gets between its own two.
  await sleep(5_000);
  const body = { spec: { replicas: 0 } };
  const updateSeconds = await timed(async () =>
    bringUp("v1", options, async (index) => {
      const { name } = replicaSetOf(index, "v0", namespace).metadata;
      await store.patch({ ...scopeOf(namespace), name }, { type: "merge", body });
    }),
  );
  return { createSeconds, updateSeconds };
}
