// ReplicaSets as the controller leaves them in the store: whose they are, how they are named,
// numbered, kept and cleared away (argo-rollouts.md §1.7, argo-rollouts-algorithms.md §2.1–2.2).
import { beforeEach, describe, expect, it } from "vitest";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import {
  controllerOf,
  refOf,
  type KubeObject,
  type OwnerReference,
} from "../../api/meta/object.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { Manager } from "../../runtime/manager.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { deliveryManager } from "./delivery.test-support.ts";
import { carryOut } from "./carry-out.ts";

const startMs = Date.parse("2026-11-21T00:00:00Z");
const hashLabel = "rollouts-pod-template-hash";
const revision = "rollout.argoproj.io/revision";

let clock: VirtualClock;
let store: ObjectStore;
let manager: Manager;

const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function rest(): Promise<void> {
  for (let calm = 0; calm < 5;) {
    await turn();
    calm = manager.isIdle ? calm + 1 : 0;
  }
}

async function sets(): Promise<readonly ReplicaSet[]> {
  return (await store.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" })).items;
}

/** What a ReplicaSet controller does, at once. Resolves with whether anything was left to do. */
async function bringUpPods(): Promise<boolean> {
  let isChanged = false;
  for (const set of await sets()) {
    const replicas = set.spec.replicas ?? 1;
    const { generation: observedGeneration = 1 } = set.metadata;
    const { status } = set;
    if (status?.replicas === replicas && status.observedGeneration === observedGeneration) continue;
    const counts = { replicas, readyReplicas: replicas, availableReplicas: replicas };
    const body = { status: { ...counts, observedGeneration } };
    await store.patch(refOf(set), { type: "merge", body }, { subresource: "status" });
    isChanged = true;
  }
  return isChanged;
}

async function settle(): Promise<void> {
  await rest();
  while (await bringUpPods()) await rest();
}

/** So that no two ReplicaSets are made in the same second. */
async function later(): Promise<void> {
  const untilMs = clock.now() + 60_000;
  while (clock.fireNext(untilMs)) await settle();
}

const template = (image: string): JsonObject => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image }] },
});

const rollout = (spec: JsonObject = {}): KubeObject =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: template("web:v1"),
      strategy: { canary: {} },
      ...spec,
    },
  }) as KubeObject;

const orphan = (name: string, hash: string, metadata: object = {}): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: {
    name,
    namespace: "default",
    labels: { app: "web", [hashLabel]: hash },
    ...metadata,
  },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web", [hashLabel]: hash } },
    template: {
      metadata: { labels: { app: "web", [hashLabel]: hash } },
      spec: { containers: [{ name: "web", image: "web:old" }] },
    },
  },
});

const ref = (kind: string, name: string): Parameters<ObjectStore["get"]>[0] => ({
  apiVersion: kind === "Rollout" ? "argoproj.io/v1alpha1" : "apps/v1",
  kind,
  namespace: "default",
  name,
});

async function set(name: string): Promise<ReplicaSet> {
  const found = await store.get<ReplicaSet>(ref("ReplicaSet", name));
  if (!found) throw new Error(`no ReplicaSet ${name}`);
  return found;
}

async function change(spec: JsonObject): Promise<void> {
  await store.patch(ref("Rollout", "web"), { type: "merge", body: { spec } });
  await settle();
}

async function statusOf(): Promise<JsonObject> {
  const found = await store.get<KubeObject & { readonly status?: JsonObject }>(
    ref("Rollout", "web"),
  );
  return found?.status ?? {};
}

/** An owner that is none of ours; one that does not exist would not keep what it owns. */
async function notes(): Promise<OwnerReference> {
  const metadata = { name: "notes", namespace: "default" };
  const made = await store.create<KubeObject>({ apiVersion: "v1", kind: "ConfigMap", metadata });
  return { apiVersion: "v1", kind: "ConfigMap", name: "notes", uid: made.metadata.uid ?? "" };
}

async function ownerOf(name: string): Promise<string | undefined> {
  return controllerOf(await set(name))?.name;
}

beforeEach(async () => {
  clock = new VirtualClock(startMs);
  store = memoryStore({ clock, rng: createRng(1) });
  manager = deliveryManager(store, clock);
  await store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "elsewhere" } });
  await manager.start();
  return async () => manager.stop();
});

describe("ReplicaSets nobody controls", () => {
  it("are adopted when the selector matches, and then belong to the rollout's history", async () => {
    await store.create(orphan("web-lost", "lost"));
    await store.create(rollout());
    await settle();
    expect(await ownerOf("web-lost")).toBe("web");
    const owners = (await set("web-lost")).metadata.ownerReferences;
    expect(owners).toMatchObject([{ kind: "Rollout", controller: true, blockOwnerDeletion: true }]);
    expect((await set("web-lost")).spec.replicas).toBe(0);
  });

  it("are adopted also when they turn up later, and keep owners that do not control", async () => {
    await store.create(rollout());
    await settle();
    const other = await notes();
    await store.create(orphan("web-late", "late", { ownerReferences: [other] }));
    await settle();
    expect(await ownerOf("web-late")).toBe("web");
    expect((await set("web-late")).metadata.ownerReferences).toContainEqual(other);
  });

  it("come back to a rollout that was deleted without them", async () => {
    await store.create(rollout());
    await settle();
    const [before] = await sets();
    await store.delete(ref("Rollout", "web"), { propagation: "Orphan" });
    await settle();
    expect(await ownerOf(before?.metadata.name ?? "")).toBeUndefined();
    await store.create(rollout());
    await settle();
    const after = await sets();
    expect(after.map(({ metadata }) => metadata.uid)).toEqual([before?.metadata.uid]);
    expect(await ownerOf(before?.metadata.name ?? "")).toBe("web");
    expect(after[0]?.spec.replicas).toBe(2);
  });

  it.each<[string, ReplicaSet]>([
    ["labels that do not match", orphan("x", "x", { labels: { app: "other", [hashLabel]: "x" } })],
    ["no hash label", orphan("x", "x", { labels: { app: "web" } })],
    [
      "an experiment's name",
      orphan("x", "x", { annotations: { "experiment.argoproj.io/name": "e" } }),
    ],
    ["another namespace", orphan("x", "x", { namespace: "elsewhere" })],
  ])("are left alone with %s", async (_why, given) => {
    const created = await store.create(given);
    await store.create(rollout());
    await settle();
    const found = (await sets()).find(({ metadata }) => metadata.name === "x");
    expect(found?.metadata.ownerReferences).toEqual(created.metadata.ownerReferences);
    expect(found?.spec).toEqual(created.spec);
  });

  it("are left alone with another controller", async () => {
    const owner = { ...(await notes()), controller: true };
    const created = await store.create(orphan("x", "x", { ownerReferences: [owner] }));
    await store.create(rollout());
    await settle();
    const found = await set("x");
    expect(found.metadata.ownerReferences).toEqual([owner]);
    expect(found.spec).toEqual(created.spec);
  });

  it("are not taken for a rollout that has been made anew in the meantime", async () => {
    const created = await store.create(rollout({ paused: true }));
    await settle();
    const lost = await store.create(orphan("lost", "lost", { labels: { app: "x" } }));
    const stale = { ...created, metadata: { ...created.metadata, uid: "another" } };
    const { name, resourceVersion } = lost.metadata;
    const patch = { metadata: { ownerReferences: [] } };
    const hands = {
      store,
      live: store,
      events: { record: async () => undefined },
      evictPod: async () => true,
      routers: [],
    };
    const adopting = carryOut(
      [{ kind: "adoptReplicaSet", name, resourceVersion, patch }],
      stale,
      hands,
    );
    await expect(adopting).rejects.toMatchObject({ reason: "Conflict" });
    expect((await set("lost")).metadata.resourceVersion).toBe(resourceVersion);
  });
});

describe("ReplicaSets of ours", () => {
  it("are released when the selector no longer matches, and not touched again", async () => {
    await store.create(rollout());
    await settle();
    const name = (await sets())[0]?.metadata.name ?? "";
    const body = { metadata: { labels: { app: "debug" } } };
    await store.patch(ref("ReplicaSet", name), { type: "merge", body });
    await settle();
    expect(await ownerOf(name)).toBeUndefined();
    expect((await set(name)).spec.replicas).toBe(2);
  });

  it("carry hash, revision, size and the rollout's annotations", async () => {
    const { metadata, ...rest } = rollout();
    const annotations = {
      team: "a",
      "kubectl.kubernetes.io/last-applied-configuration": "{}",
      "notified.notifications.argoproj.io": "{}",
    };
    await store.create({ ...rest, metadata: { ...metadata, annotations } });
    await settle();
    const [made] = await sets();
    const hash = made?.metadata.labels?.[hashLabel] ?? "";
    expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
    expect(made).toMatchObject({
      metadata: { name: `web-${hash}`, labels: { app: "web" } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web", [hashLabel]: hash } },
        template: { metadata: { labels: { app: "web", [hashLabel]: hash } } },
      },
    });
    expect(made?.metadata.annotations).toEqual({
      team: "a",
      [revision]: "1",
      "rollout.argoproj.io/desired-replicas": "2",
    });
    expect(await statusOf()).toMatchObject({ currentPodHash: hash, stableRS: hash });
  });

  it("are numbered on, and a version that comes back keeps its earlier numbers", async () => {
    await store.create(rollout());
    await settle();
    await later();
    await change({ template: template("web:v2") });
    await later();
    await change({ template: template("web:v1") });
    const numbers = (await sets()).map(({ metadata, spec }) => [
      spec.template.spec.containers[0]?.image,
      metadata.annotations?.[revision],
      metadata.annotations?.["rollout.argoproj.io/revision-history"],
    ]);
    expect(numbers.sort()).toEqual([
      ["web:v1", "3", "1"],
      ["web:v2", "2", undefined],
    ]);
  });

  it("are kept up to revisionHistoryLimit beside the current one, the oldest go first", async () => {
    await store.create(rollout({ revisionHistoryLimit: 2 }));
    await settle();
    for (const image of ["web:v2", "web:v3", "web:v4", "web:v5"]) {
      await later();
      await change({ template: template(image) });
    }
    const images = (await sets()).map(({ spec }) => spec.template.spec.containers[0]?.image);
    expect(images.sort()).toEqual(["web:v3", "web:v4", "web:v5"]);
    await change({ revisionHistoryLimit: 0 });
    expect((await sets()).map(({ spec }) => spec.template.spec.containers[0]?.image)).toEqual([
      "web:v5",
    ]);
  });

  it("get another name when theirs is taken by somebody else, and count the collision", async () => {
    await store.create(rollout());
    await settle();
    const [first] = await sets();
    const taken = first?.metadata.name ?? "";
    const hash = first?.metadata.labels?.[hashLabel] ?? "";
    await store.delete(ref("Rollout", "web"), { propagation: "Background" });
    await settle();
    const foreign = { ...(await notes()), controller: true };
    await store.create(orphan(taken, hash, { ownerReferences: [foreign] }));
    await store.create(rollout());
    await settle();
    while (clock.fireNext(clock.now() + 1000)) await settle();
    const status = await statusOf();
    expect(status["collisionCount"]).toBe(1);
    const own = (await sets()).filter(({ metadata }) => metadata.name !== taken);
    expect(own).toHaveLength(1);
    expect(own[0]?.metadata.labels?.[hashLabel]).toBe(status["currentPodHash"] as Json);
    expect(status["currentPodHash"]).not.toBe(hash);
    expect(status["phase"]).toBe("Healthy");
    expect((await set(taken)).metadata.ownerReferences).toEqual([foreign]);
    await later();
    await change({ template: template("web:v2") });
    expect((await statusOf())["phase"]).toBe("Healthy");
  });
});
