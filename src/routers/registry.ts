// The routers there are, by the key people write under trafficRouting (or trafficRouting.plugins).
import type { RouterConfig } from "../api/argo/rollout.ts";
import { ambassadorRouter } from "./ambassador/ambassador.ts";
import { apisixRouter } from "./apisix/apisix.ts";
import { appMeshRouter } from "./app-mesh/app-mesh.ts";
import { gatewayApiRouter } from "./gateway-api/gateway-api.ts";
import { istioRouter } from "./istio/istio.ts";
import { nginxRouter } from "./nginx/nginx.ts";
import {
  RouterError,
  type RouterContext,
  type RouterFactory,
  type TrafficRouter,
} from "./router.ts";
import { smiRouter } from "./smi/smi.ts";
import { traefikRouter } from "./traefik/traefik.ts";

export const routers = {
  "argoproj-labs/gatewayAPI": gatewayApiRouter,
  istio: istioRouter,
  nginx: nginxRouter,
  traefik: traefikRouter,
  smi: smiRouter,
  ambassador: ambassadorRouter,
  appMesh: appMeshRouter,
  apisix: apisixRouter,
} as const satisfies Record<string, RouterFactory>;

export const routerKinds: readonly string[] = Object.keys(routers);

/** Kinds of Argo's API that are accepted but that nothing carries out yet. */
export const plannedRouterKinds = ["alb"] as const;

export function routerFactory(kind: string): RouterFactory | undefined {
  return Object.entries(routers).find(([name]) => name === kind)?.[1];
}

/** Throws a RouterError for a kind that is unknown or not carried out; never falls back to another. */
export function createRouter(config: RouterConfig, context: RouterContext): TrafficRouter {
  const factory = routerFactory(config.kind);
  if (factory) return factory.create(config, context);
  const field = config.isPlugin ? `plugins["${config.kind}"]` : config.kind;
  const known = `Routers carried out: ${routerKinds.join(", ")}.`;
  const isPlanned = plannedRouterKinds.some((planned) => planned === config.kind);
  const problem = isPlanned ? "is not carried out yet" : "is not a known router";
  throw new RouterError(
    "TrafficRoutingError",
    `spec.strategy.canary.trafficRouting.${field} ${problem}. ${known}`,
  );
}
