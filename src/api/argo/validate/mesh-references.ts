// Objects of Ambassador and AWS App Mesh that a Rollout names.
import type { JsonObject } from "../../../lib/json.ts";
import { below, invalid } from "../../meta/field-error.ts";
import type { FieldError, Place } from "../../meta/field-error.ts";
import { objectOf, objectsOf, stringsOf, textOf } from "./json-fields.ts";
import { lookUp } from "./named.ts";
import type { References, RouterAt } from "./named.ts";

/** The canary's mapping gets its weight from us: a stable one that has its own would fight it. */
export function ambassadorErrors(
  { config, place }: RouterAt,
  { ambassadorMappings }: References,
): readonly FieldError[] {
  const at = below(place, "mappings");
  return stringsOf(config, "mappings").flatMap((name) => {
    const mapping = lookUp(ambassadorMappings, name);
    if (mapping === undefined || objectOf(mapping, "spec")["weight"] === undefined) return [];
    return [invalid(at, name, `Ambassador mapping "${name}" can not define weight`)];
  });
}

const routeKinds = ["httpRoute", "tcpRoute", "http2Route", "grpcRoute"] as const;

function routeProblem(route: JsonObject, router: string): string | undefined {
  const kind = routeKinds.find((candidate) => route[candidate] !== undefined);
  const name = textOf(route, "name");
  const { weightedTargets } = kind === undefined ? {} : objectOf(route, kind, "action");
  if (!Array.isArray(weightedTargets)) {
    return `Invalid route action found for AppMesh virtual-router ${router} and route ${name}`;
  }
  if (weightedTargets.length === 2) return undefined;
  return `Invalid number of weightedTargets (${weightedTargets.length}) for AppMesh virtual-router ${router} and route ${name}, expected 2`;
}

function virtualRouterErrors(
  router: JsonObject,
  wanted: readonly string[],
  place: Place,
): readonly FieldError[] {
  const name = textOf(objectOf(router, "metadata"), "name");
  const kind = textOf(router, "kind");
  if (kind !== "VirtualRouter") {
    return [invalid(place, name, `Expected object kind to be VirtualRouter but is ${kind}`)];
  }
  const routes = objectsOf(objectOf(router, "spec"), "routes");
  if (routes.length === 0) {
    return [invalid(place, name, `No routes defined for AppMesh virtual-router ${name}`)];
  }
  return routes
    .filter((route) => wanted.length === 0 || wanted.includes(textOf(route, "name")))
    .map((route) => routeProblem(route, name))
    .filter((problem) => problem !== undefined)
    .map((problem) => invalid(place, name, problem));
}

/** The virtual service must lead to a virtual router whose routes split between two targets. */
export function appMeshErrors(
  { config }: RouterAt,
  place: Place,
  references: References,
): readonly FieldError[] {
  const { appMeshVirtualServices: services, appMeshVirtualRouters: routers } = references;
  const named = objectOf(config, "virtualService");
  const service = lookUp(services, textOf(named, "name"));
  if (service === undefined || routers === undefined) return [];
  const reference = objectOf(service, "spec", "provider", "virtualRouter", "virtualRouterRef");
  const router = lookUp(routers, textOf(reference, "name"));
  return router === undefined ? [] : virtualRouterErrors(router, stringsOf(named, "routes"), place);
}
