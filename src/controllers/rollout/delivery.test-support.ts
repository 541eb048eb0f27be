// Test support: a manager with the delivery controllers on a store, in virtual time, where nothing is measured.
import type { ObjectStore } from "../../objects/object-store.ts";
import type { Clock } from "../../runtime/clock.ts";
import { storeEventRecorder } from "../../runtime/events.ts";
import { silentLogger } from "../../runtime/log.ts";
import { Manager, type ManagerOptions } from "../../runtime/manager.ts";
import { addDeliveryControllers } from "../delivery.ts";

/** Not started yet. */
export function deliveryManager(
  store: ObjectStore,
  clock: Clock,
  caches: Pick<ManagerOptions, "policyOf"> = {},
): Manager {
  const resyncMs = 3_600_000;
  const manager = new Manager({ store, clock, log: silentLogger, resyncMs, ...caches });
  addDeliveryControllers({
    manager,
    store,
    clock,
    log: silentLogger,
    events: storeEventRecorder({ store, clock, component: "rollouts-controller" }),
    evictPod: async () => true,
    providerOf: () => {
      throw new Error("nothing is measured here");
    },
    providerKinds: [],
    instanceId: "",
  });
  return manager;
}
