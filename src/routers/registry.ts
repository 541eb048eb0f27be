// The routers there are, by the key people write under trafficRouting (or trafficRouting.plugins).
import { externalRouterText } from "../api/argo/capabilities.ts";
import type { RouterConfig } from "../api/argo/rollout.ts";
import { albRouter } from "./alb/alb.ts";
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
  alb: albRouter,
  traefik: traefikRouter,
  smi: smiRouter,
  ambassador: ambassadorRouter,
  appMesh: appMeshRouter,
  apisix: apisixRouter,
} as const satisfies Record<string, RouterFactory>;

const routerKinds: readonly string[] = Object.keys(routers);

export function routerFactory(kind: string): RouterFactory | undefined {
  return Object.entries(routers).find(([name]) => name === kind)?.[1];
}

/** Throws a RouterError for a kind that is unknown or a program of its own; never falls back to another. */
export function createRouter(config: RouterConfig, context: RouterContext): TrafficRouter {
  const factory = routerFactory(config.kind);
  if (factory) return factory.create(config, context);
  const known = routerKinds.join(", ");
  const [field, way] = config.isPlugin
    ? [`plugins["${config.kind}"]`, externalRouterText(routerKinds)]
    : [config.kind, `is not a known router; known are ${known}`];
  throw new RouterError(
    "TrafficRoutingError",
    `spec.strategy.canary.trafficRouting.${field}: ${way}`,
  );
}
