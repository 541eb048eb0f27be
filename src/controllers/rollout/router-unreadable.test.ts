import { describe, expect, it } from "vitest";
import type { VirtualService } from "../../api/istio/networking.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { refOf, type KubeObject, type ObjectRef } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { pass } from "../../runtime/virtual-world.test-support.ts";
import { deliveryManager } from "./delivery.test-support.ts";

const namespace = "default";
const names = ["stable", "canary"];
const web: ObjectRef = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  namespace,
  name: "web",
};
const mesh: ObjectRef = {
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "VirtualService",
  namespace,
  name: "web",
};
const edge: ObjectRef = {
  apiVersion: "traefik.io/v1alpha1",
  kind: "TraefikService",
  namespace,
  name: "web",
};

const template = (image: string): JsonObject => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image }] },
});

const objects = [
  ...names.map((name) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  })),
  {
    apiVersion: mesh.apiVersion,
    kind: mesh.kind,
    metadata: { namespace, name: "web" },
    spec: { hosts: ["web"], http: [{ route: names.map((host) => ({ destination: { host } })) }] },
  },
  {
    apiVersion: edge.apiVersion,
    kind: edge.kind,
    metadata: { namespace, name: "web" },
    spec: { weighted: { services: names.map((name) => ({ name, port: 80 })) } },
  },
  {
    apiVersion: web.apiVersion,
    kind: web.kind,
    metadata: { namespace, name: "web" },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: "web" } },
      template: template("web:v1"),
      strategy: {
        canary: {
          canaryService: "canary",
          stableService: "stable",
          trafficRouting: {
            istio: { virtualService: { name: "web" } },
            traefik: { weightedTraefikServiceName: "web" },
          },
          steps: [{ setWeight: 25 }, { pause: {} }],
        },
      },
    },
  },
] as unknown as readonly KubeObject[];

/** Time passes, and all pods become available. */
async function settle(clock: VirtualClock, store: ObjectStore): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) {
    await pass(clock, 2000);
    for (const set of await replicaSets(store)) {
      const replicas = set.spec.replicas ?? 1;
      const counts = { replicas, readyReplicas: replicas, availableReplicas: replicas };
      const body = { status: { ...counts, observedGeneration: set.metadata.generation ?? 1 } };
      await store.patch(refOf(set), { type: "merge", body }, { subresource: "status" });
    }
  }
}

async function replicaSets(store: ObjectStore): Promise<readonly ReplicaSet[]> {
  return (await store.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" })).items;
}

async function sizes(store: ObjectStore): Promise<Record<string, number>> {
  const sets = await replicaSets(store);
  return Object.fromEntries(
    sets.map(({ spec }) => [spec.template.spec.containers[0]?.image ?? "", spec.replicas ?? 1]),
  );
}

async function weights(store: ObjectStore): Promise<readonly (number | undefined)[]> {
  const service = await store.get<VirtualService>(mesh);
  return (service?.spec.http?.[0]?.route ?? []).map(({ weight }) => weight);
}

/** A rollout in the middle of v2, whose TraefikService somebody has deleted. */
async function halfBlind() {
  const clock = new VirtualClock(Date.parse("2026-11-21T00:00:00Z"));
  const store = memoryStore({ clock, rng: createRng(1) });
  for (const object of objects) await store.create(object);
  const manager = deliveryManager(store, clock);
  await manager.start();
  await settle(clock, store);
  const change = async (spec: JsonObject): Promise<void> => {
    await store.patch(web, { type: "merge", body: { spec } });
    await settle(clock, store);
  };
  await change({ template: template("web:v2") });
  expect(await weights(store)).toEqual([75, 25]);
  await store.delete(edge);
  return { clock, store, manager, change };
}

describe("while a router cannot be read", () => {
  it("pods that spec.replicas asks for are added, and none are taken", async () => {
    const { store, manager, change } = await halfBlind();
    await change({ replicas: 8 });
    expect(await sizes(store)).toEqual({ "web:v1": 8, "web:v2": 2 });
    await change({ replicas: 2 });
    expect(await sizes(store)).toEqual({ "web:v1": 8, "web:v2": 2 });
    expect(await weights(store)).toEqual([75, 25]);
    await manager.stop();
  });

  it("an abort takes the weight back where it can", async () => {
    const { clock, store, manager } = await halfBlind();
    const abort = { status: { abort: true } };
    await store.patch(web, { type: "merge", body: abort }, { subresource: "status" });
    await settle(clock, store);
    expect(await weights(store)).toEqual([100, 0]);
    expect(await sizes(store)).toEqual({ "web:v1": 4, "web:v2": 1 });
    await manager.stop();
  });
});
