import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { describeTrafficRouter } from "../conformance.ts";
import { acknowledgeFakeTraffic, fakeRouter, fakeTrafficName } from "./fake.ts";

function countingStore(): { readonly store: ObjectStore; readonly writes: () => number } {
  let uids = 0;
  const store = memoryStore({
    clock: new VirtualClock(0),
    rng: createRng(1),
    newUid: () => `uid-${(uids += 1)}`,
  });
  return { store, writes: () => Number(store.version()) };
}

describeTrafficRouter("fake", async () => {
  const { store, writes } = countingStore();
  const make = async (name: string) => {
    const manifest = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name, namespace: "default" },
    };
    const owner = await store.create(manifest);
    const rollout = {
      namespace: "default",
      name,
      owner,
      canaryService: "shop-canary",
      stableService: "shop-stable",
      managedRoutes: ["to-canary", "shadow"],
    };
    return fakeRouter.create(
      { kind: "haldane.dev/fake", isPlugin: true, config: {} },
      { store, rollout },
    );
  };
  const ref = {
    apiVersion: "v1",
    kind: "ConfigMap",
    namespace: "default",
    name: fakeTrafficName("shop"),
  };
  return {
    router: await make("shop"),
    other: await make("cart"),
    store,
    writes,
    acknowledge: async () => {
      await acknowledgeFakeTraffic({ store }, ref);
    },
  };
});
