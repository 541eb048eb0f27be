// Schema of canary.trafficRouting (argo-rollouts.md §1.3): one block per router.
import {
  any,
  asCrd,
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

const routeNames = described(
  strings,
  "Names of its routes that are split; may be left out where it has exactly one.",
);

const virtualService = object(
  {
    name: described(text, "`name`, or `name.namespace`."),
    routes: routeNames,
    tlsRoutes: described(
      list(
        object({
          port: described(int64, "The route's port."),
          sniHosts: described(strings, "The route's SNI hosts."),
        }),
      ),
      "Which TLS routes are split.",
    ),
    tcpRoutes: described(
      list(object({ port: described(int64, "The route's port.") })),
      "Which TCP routes are split.",
    ),
  },
  ["name"],
);

const destinationRule = object(
  {
    name: described(text, "Its name."),
    canarySubsetName: described(text, "Name of the subset that selects the canary's pods."),
    stableSubsetName: described(text, "Name of the subset that selects the stable pods."),
    additionalSubsetNames: described(strings, "Names of further subsets to leave as they are."),
  },
  ["name", "canarySubsetName", "stableSubsetName"],
);

const istio = object({
  virtualService: described(virtualService, "The VirtualService whose weights are set."),
  virtualServices: described(
    list(virtualService),
    "Several VirtualServices; instead of virtualService.",
  ),
  destinationRule: described(
    destinationRule,
    "Splits between subsets of one Service instead of between two Services.",
  ),
});

const nginx = object({
  annotationPrefix: described(
    text,
    "Prefix of the annotations; default nginx.ingress.kubernetes.io.",
  ),
  stableIngress: described(text, "Name of the Ingress that leads to the stable Service."),
  stableIngresses: described(strings, "Names of several; instead of stableIngress."),
  additionalIngressAnnotations: described(
    stringMap,
    "Annotations for the canary Ingress; the prefix is added to their keys.",
  ),
  canaryIngressAnnotations: described(
    stringMap,
    "Annotations for the canary Ingress, as they are; they win.",
  ),
});

const stickinessConfig = object(
  {
    enabled: described(bool, "Whether a user stays with the version that answered first."),
    durationSeconds: described(int64, "For how long, from 1 to 604800."),
  },
  ["enabled", "durationSeconds"],
);

const alb = object(
  {
    ingress: described(text, "Name of the Ingress."),
    ingresses: described(strings, "Names of several; instead of ingress."),
    servicePort: described(int32, "Port of the Services that the Ingress leads to."),
    rootService: described(
      text,
      "Name of the Service in the Ingress' rules; default: the stable Service.",
    ),
    annotationPrefix: described(
      text,
      "Prefix of the annotations; default alb.ingress.kubernetes.io.",
    ),
    stickinessConfig: described(stickinessConfig, "Sticky sessions between the two versions."),
  },
  ["servicePort"],
);

const smi = object({
  rootService: described(
    text,
    "Name of the Service that clients use; default: the stable Service.",
  ),
  trafficSplitName: described(text, "Name of the TrafficSplit; default: the Rollout's name."),
});

const nodeReference = object({ name: described(text, "Name of the VirtualNode.") }, ["name"]);

const appMesh = object({
  virtualService: described(
    object({ name: described(text, "Its name."), routes: routeNames }, ["name"]),
    "The VirtualService whose router's routes are split.",
  ),
  virtualNodeGroup: described(
    object(
      {
        canaryVirtualNodeRef: described(nodeReference, "The canary's VirtualNode."),
        stableVirtualNodeRef: described(nodeReference, "The stable version's VirtualNode."),
      },
      ["canaryVirtualNodeRef", "stableVirtualNodeRef"],
    ),
    "The VirtualNodes of the two versions.",
  ),
});

const apisix = object({
  route: described(
    object(
      {
        name: described(text, "Its name."),
        rules: described(
          strings,
          "Names of its http rules that are split; may be left out where it has exactly one.",
        ),
      },
      ["name"],
    ),
    "The ApisixRoute whose backends' weights are set.",
  ),
});

/** A plugin's configuration is its own; it is an object. */
const pluginConfig = openObject({}) as Schema<JsonObject>;

export const trafficRoutingSchema = object({
  istio: described(istio, "Istio VirtualServices, with or without a DestinationRule."),
  nginx: described(nginx, "Ingress NGINX: a canary Ingress beside the stable one."),
  alb: described(alb, "AWS Load Balancer Controller: an action annotation on the Ingress."),
  smi: described(smi, "Service Mesh Interface: a TrafficSplit."),
  ambassador: described(
    object({ mappings: described(strings, "Names of the Mappings to split.") }, ["mappings"]),
    "Ambassador: a canary Mapping beside each of these.",
  ),
  appMesh: described(appMesh, "AWS App Mesh: the routes of a VirtualRouter."),
  traefik: described(
    object(
      { weightedTraefikServiceName: described(text, "Name of the weighted TraefikService.") },
      ["weightedTraefikServiceName"],
    ),
    "Traefik: the weights of a TraefikService.",
  ),
  apisix: described(apisix, "Apache APISIX: the weights of an ApisixRoute."),
  plugins: described(
    asCrd(map(pluginConfig), { isOpen: true }),
    "Further routers by name, each with a configuration of its own: argoproj-labs/gatewayAPI for Gateway API routes.",
  ),
  managedRoutes: described(
    list(object({ name: described(text, "Name of the route.") }, ["name"])),
    "Names of the routes that header and mirror steps may create, highest precedence first.",
  ),
  maxTrafficWeight: described(
    int32,
    "The weight that stands for all traffic; default 100. Only nginx and plugins can have another.",
  ),
});

/** Any JSON: what a step plugin is configured with. */
export const stepPluginConfigSchema = any;
