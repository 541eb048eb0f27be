import { describe, expect, it } from "vitest";
import { isControlledBy, refOf, type KubeObject, type ObjectRef } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ListPage, ListScope, ObjectStore } from "../../objects/object-store.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { pass } from "../../runtime/virtual-world.test-support.ts";
import { deliveryManager } from "./delivery.test-support.ts";

const lender: ObjectRef = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: "default",
  name: "web",
};

const deployment = (image: string): KubeObject & { readonly spec: JsonObject } => ({
  apiVersion: lender.apiVersion,
  kind: lender.kind,
  metadata: { namespace: "default", name: lender.name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image }] },
    },
  },
});

const borrower: KubeObject & { readonly spec: object } = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { namespace: "default", name: "web" },
  spec: {
    replicas: 1,
    workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    strategy: { canary: {} },
  },
};

/** A store whose lists show Deployments as they were at first, and whose watches tell nothing of them. */
function withOldDeployments(store: ObjectStore, old: KubeObject): ObjectStore {
  return {
    ...store,
    get: async (ref) => store.get(ref),
    create: async (object, options) => store.create(object, options),
    update: async (object, options) => store.update(object, options),
    patch: async (ref, patch, options) => store.patch(ref, patch, options),
    delete: async (ref, options) => store.delete(ref, options),
    list: async <T extends KubeObject>(scope: ListScope, page?: ListPage) => {
      const listed = await store.list<T>(scope, page);
      return scope.kind === "Deployment" ? { ...listed, items: [old as T] } : listed;
    },
    watch: (scope, options) => store.watch(scope, options),
  };
}

describe("a template borrowed from an object seen as it was", () => {
  it("begins no revision until the view has caught up", async () => {
    const clock = new VirtualClock(Date.parse("2026-11-21T00:00:00Z"));
    const store = memoryStore({ clock, rng: createRng(1) });
    const old = await store.create(deployment("web:v1"));
    const body = { spec: deployment("web:v2").spec };
    await store.patch(lender, { type: "merge", body });
    await store.create(borrower);
    const manager = deliveryManager(withOldDeployments(store, old), clock);
    await manager.start();
    const images = async (): Promise<readonly (string | undefined)[]> => {
      const { items } = await store.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" });
      const rollout = await store.get(refOf(borrower));
      return items
        .filter((set) => rollout !== undefined && isControlledBy(set, rollout))
        .map(({ spec }) => spec.template.spec.containers[0]?.image);
    };
    await pass(clock, 2000);
    expect(await images()).toEqual([]);
    // The next change of the Deployment reaches the view.
    await store.patch(lender, { type: "merge", body: { metadata: { labels: { seen: "yes" } } } });
    await pass(clock, 60_000);
    expect(await images()).toEqual(["web:v2"]);
    await manager.stop();
  });
});
