// Stands in for the gateway: some time after an HTTPRoute changed, it is served and says so.
import type { HTTPRoute } from "../api/gateway/http-route.ts";
import { formatTime } from "../lib/time.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { keyOf, splitKey, type Cache } from "../runtime/cache.ts";
import type { Clock } from "../runtime/clock.ts";
import { sourceOf, type Controller } from "../runtime/controller.ts";
import { requeueAfter, settled, type Outcome } from "../runtime/outcome.ts";

export interface DataPlaneOptions {
  readonly store: ObjectStore;
  readonly routes: Cache<HTTPRoute>;
  readonly clock: Clock;
  readonly acknowledgeMs: number;
  /** The routes as users meet them, by `namespace/name`; kept up to date here. */
  readonly served: Map<string, HTTPRoute>;
}

/** Undefined while no gateway has said anything about it. */
function servedGeneration(route: HTTPRoute): number | undefined {
  const condition = route.status?.parents[0]?.conditions.find(({ type }) => type === "Programmed");
  return condition?.observedGeneration;
}

async function acknowledge(route: HTTPRoute, { store, clock }: DataPlaneOptions): Promise<void> {
  const observedGeneration = route.metadata.generation ?? 0;
  const lastTransitionTime = formatTime(clock.now());
  const condition = {
    status: "True",
    reason: "Programmed",
    message: "served",
    observedGeneration,
    lastTransitionTime,
  } as const;
  const conditions = [
    { ...condition, type: "Accepted" },
    { ...condition, type: "Programmed" },
  ];
  const parents = (route.spec.parentRefs ?? [{ name: "web" }]).map((parentRef) => ({
    parentRef,
    controllerName: "haldane.dev/simulated-gateway",
    conditions,
  }));
  await store.update({ ...route, status: { parents } }, { subresource: "status" });
}

export function simulatedDataPlane(options: DataPlaneOptions): Controller {
  /** When each route's present generation was first seen. */
  const seenAtMs = new Map<string, { readonly generation: number; readonly atMs: number }>();
  return {
    name: "simulated-gateway",
    concurrency: 1,
    sources: [sourceOf(options.routes, (route) => [keyOf(route)])],
    async reconcile(key): Promise<Outcome> {
      const { namespace, name } = splitKey(key);
      const route = options.routes.get(namespace, name);
      const generation = route?.metadata.generation ?? 0;
      if (!route || servedGeneration(route) === generation) return settled;
      const now = options.clock.now();
      const seen = seenAtMs.get(key);
      const sinceMs = seen?.generation === generation ? seen.atMs : now;
      seenAtMs.set(key, { generation, atMs: sinceMs });
      const waitMs = sinceMs + options.acknowledgeMs - now;
      if (waitMs > 0) return requeueAfter(waitMs, "the gateway takes the routes over");
      options.served.set(key, route);
      await acknowledge(route, options);
      return settled;
    },
  };
}
