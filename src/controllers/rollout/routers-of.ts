// The routers that a Rollout names.
import type { Rollout, RouterConfig } from "../../api/argo/rollout.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { canaryAndStableServices } from "../../core/rollout/service-names.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { RoutedRollout, RouterContext, TrafficRouter } from "../../routers/router.ts";
import type { EventRecorder } from "../../runtime/events.ts";

export type CreateRouter = (config: RouterConfig, context: RouterContext) => TrafficRouter;

export interface RoutersWorld {
  readonly store: ObjectStore;
  readonly events: EventRecorder;
  readonly createRouter: CreateRouter;
}

/** Throws a RouterError for a router whose block is wrong. */
export function routersOf(
  { spec: { strategy }, status }: Rollout,
  manifest: KubeObject,
  { store, events, createRouter }: RoutersWorld,
): readonly TrafficRouter[] {
  if (strategy.kind !== "canary" || !strategy.trafficRouting) return [];
  const { routers, managedRoutes } = strategy.trafficRouting;
  const services = canaryAndStableServices(strategy, {
    stablePingPong: status.canary?.stablePingPong,
  });
  const rollout: RoutedRollout = {
    namespace: manifest.metadata.namespace ?? "",
    name: manifest.metadata.name,
    owner: manifest,
    canaryService: services.canary,
    stableService: services.stable,
    managedRoutes,
  };
  const tell: RouterContext["tell"] = async (event) => events.record(manifest, event);
  return routers.map((config) => createRouter(config, { store, rollout, tell }));
}
