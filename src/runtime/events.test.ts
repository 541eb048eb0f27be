import { describe, expect, it } from "vitest";
import type { KubeEvent } from "../api/kubernetes/workloads.ts";
import { StoreError, type ObjectStore } from "../objects/object-store.ts";
import { storeEventRecorder } from "./events.ts";
import { configMap, newWorld, settle } from "./virtual-world.test-support.ts";

const healthy = {
  type: "Normal",
  reason: "RolloutCompleted",
  message: "all done",
  cause: "revision 2",
} as const;

describe("event recorder", () => {
  it("writes a core/v1 Event about the object", async () => {
    const { store, clock } = newWorld();
    const about = await store.create(configMap("shop"));
    await storeEventRecorder({ store, clock, component: "test" }).record(about, healthy);
    const { items } = await store.list<KubeEvent>({
      apiVersion: "v1",
      kind: "Event",
      namespace: "default",
    });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      involvedObject: {
        apiVersion: "v1",
        kind: "ConfigMap",
        name: "shop",
        namespace: "default",
        uid: about.metadata.uid,
      },
      type: "Normal",
      reason: "RolloutCompleted",
      message: "all done",
      count: 1,
      firstTimestamp: "2026-11-21T06:48:00Z",
      source: { component: "test" },
    });
    expect(items[0]?.metadata.name).toMatch(/^shop\.[0-9a-f]{16}$/);
  });

  it("tells one cause once, also after a restart, and another cause again", async () => {
    const { store, clock } = newWorld();
    const about = await store.create(configMap("shop"));
    for (let restart = 0; restart < 3; restart += 1) {
      await storeEventRecorder({ store, clock, component: "test" }).record(about, healthy);
    }
    await storeEventRecorder({ store, clock, component: "test" }).record(about, {
      ...healthy,
      cause: "revision 3",
    });
    expect((await store.list({ apiVersion: "v1", kind: "Event" })).items).toHaveLength(2);
  });

  it("makes a valid name of a long one", async () => {
    const { store, clock } = newWorld();
    const about = await store.create(configMap(`${"a".repeat(199)}-${"b".repeat(40)}`));
    await storeEventRecorder({ store, clock, component: "test" }).record(about, healthy);
    expect((await store.list({ apiVersion: "v1", kind: "Event" })).items).toHaveLength(1);
  });

  it("is quiet about objects of a namespace that ends, and loud about a store that fails", async () => {
    const { store, clock } = newWorld();
    await store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "ending" } });
    const about = await store.create(
      configMap("shop", {}, { namespace: "ending", finalizers: ["haldane.dev/x"] }),
    );
    await store.delete({ apiVersion: "v1", kind: "Namespace", namespace: "", name: "ending" });
    await settle();
    await storeEventRecorder({ store, clock, component: "test" }).record(about, healthy);
    const failing = {
      create: async () => Promise.reject(new StoreError("InternalError", "broken")),
    } as unknown as ObjectStore;
    await expect(
      storeEventRecorder({ store: failing, clock, component: "test" }).record(about, healthy),
    ).rejects.toThrow("broken");
  });
});
