// Events are told for an hour, as on Kubernetes; older ones are removed so that they cannot pile up.
import type { KubeEvent } from "../../api/kubernetes/workloads.ts";
import { parseTime } from "../../lib/time.ts";
import { isStoreError, type ObjectStore } from "../../objects/object-store.ts";
import { keyOf, splitKey } from "../../runtime/cache.ts";
import type { Clock } from "../../runtime/clock.ts";
import { sourceOf, type Controller } from "../../runtime/controller.ts";
import type { Manager } from "../../runtime/manager.ts";
import { requeueAfter, settled } from "../../runtime/outcome.ts";

const keptMs = 3_600_000;

export interface EventSweeperDeps {
  readonly manager: Manager;
  readonly store: ObjectStore;
  readonly clock: Clock;
}

export function eventSweeper({ manager, store, clock }: EventSweeperDeps): Controller {
  const events = manager.cache<KubeEvent>("v1", "Event");
  return {
    name: "event-sweeper",
    concurrency: 1,
    sources: [sourceOf(events, (event) => [keyOf(event)])],
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const event = events.get(namespace, name);
      if (!event) return settled;
      const toldAtMs =
        parseTime(event.lastTimestamp ?? event.metadata.creationTimestamp) ?? clock.now();
      const leftMs = toldAtMs + keptMs - clock.now();
      if (leftMs > 0) return requeueAfter(leftMs, "the event is an hour old");
      try {
        await store.delete({ apiVersion: "v1", kind: "Event", namespace, name });
      } catch (error) {
        if (!isStoreError(error, "NotFound")) throw error;
      }
      return settled;
    },
  };
}
