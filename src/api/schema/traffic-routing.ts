// Schema of canary.trafficRouting (argo-rollouts.md §1.3): one block per router.
import {
  any,
  bool,
  described,
  int32,
  int64,
  list,
  map,
  object,
  openObject,
  stringMap,
  strings,
  text,
} from "./schema.ts";
import type { Schema } from "./schema.ts";
import type { JsonObject } from "../../lib/json.ts";

const virtualService = object(
  {
    name: described(text, "`name`, or `name.namespace`."),
    routes: strings,
    tlsRoutes: list(object({ port: int64, sniHosts: strings })),
    tcpRoutes: list(object({ port: int64 })),
  },
  ["name"],
);

const istio = object({
  virtualService,
  virtualServices: list(virtualService),
  destinationRule: object(
    { name: text, canarySubsetName: text, stableSubsetName: text, additionalSubsetNames: strings },
    ["name", "canarySubsetName", "stableSubsetName"],
  ),
});

const nginx = object({
  annotationPrefix: text,
  stableIngress: text,
  stableIngresses: strings,
  additionalIngressAnnotations: stringMap,
  canaryIngressAnnotations: stringMap,
});

const alb = object(
  {
    ingress: text,
    ingresses: strings,
    servicePort: int32,
    rootService: text,
    annotationPrefix: text,
    stickinessConfig: object({ enabled: bool, durationSeconds: int64 }, [
      "enabled",
      "durationSeconds",
    ]),
  },
  ["servicePort"],
);

const nodeReference = object({ name: text }, ["name"]);

const appMesh = object({
  virtualService: object({ name: text, routes: strings }, ["name"]),
  virtualNodeGroup: object(
    { canaryVirtualNodeRef: nodeReference, stableVirtualNodeRef: nodeReference },
    ["canaryVirtualNodeRef", "stableVirtualNodeRef"],
  ),
});

/** A plugin's configuration is its own; it is an object. */
const pluginConfig = openObject({}) as Schema<JsonObject>;

export const trafficRoutingSchema = object({
  istio,
  nginx,
  alb,
  smi: object({ rootService: text, trafficSplitName: text }),
  ambassador: object({ mappings: strings }, ["mappings"]),
  appMesh,
  traefik: object({ weightedTraefikServiceName: text }, ["weightedTraefikServiceName"]),
  apisix: object({ route: object({ name: text, rules: strings }, ["name"]) }),
  plugins: map(pluginConfig),
  managedRoutes: described(
    list(object({ name: text }, ["name"])),
    "Names of the routes that header and mirror steps may create, highest precedence first.",
  ),
  maxTrafficWeight: int32,
});

/** Any JSON: what a step plugin is configured with. */
export const stepPluginConfigSchema = any;
