// Which routes of a VirtualService a rollout drives: read by validation and by the router, so that
// what passed the one is what the other edits. Texts are Argo's (argo-rollouts.md §1.12).
import { isJsonArray, isJsonObject, ownProperty, type JsonObject } from "../../lib/json.ts";

export const routeProtocols = ["http", "tls", "tcp"] as const;
export type RouteProtocol = (typeof routeProtocols)[number];

/** The field of a Rollout's virtualService that names routes of a protocol. */
const namingField: Readonly<Record<RouteProtocol, string>> = {
  http: "routes",
  tls: "tlsRoutes",
  tcp: "tcpRoutes",
};

export interface SelectedRoutes {
  readonly protocol: RouteProtocol;
  /** Into `spec.<protocol>`; empty where there is a problem. */
  readonly indexes: readonly number[];
  readonly problem: string | undefined;
}

function listIn(object: JsonObject, key: string): readonly JsonObject[] {
  const value = ownProperty(object, key);
  return isJsonArray(value) ? value.map((item) => (isJsonObject(item) ? item : {})) : [];
}

function textsIn(object: JsonObject, key: string): readonly string[] {
  const value = ownProperty(object, key);
  return isJsonArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function indexesWhere(
  routes: readonly JsonObject[],
  isWanted: (route: JsonObject) => boolean,
): readonly number[] {
  return routes.flatMap((route, index) => (isWanted(route) ? [index] : []));
}

function byName(present: readonly JsonObject[], names: readonly string[]): Found {
  const missing = names.find((name) => !present.some((route) => route["name"] === name));
  if (missing !== undefined) {
    return { problem: `HTTP Route '${missing}' is not found in the defined Virtual Service.` };
  }
  const isNamed = ({ name }: JsonObject): boolean =>
    typeof name === "string" && names.includes(name);
  return { indexes: indexesWhere(present, isNamed) };
}

function sameTexts(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((text) => right.has(text));
}

/** All of a tls or tcp route's matches are on the one port asked for, and for the same hosts. */
function isMatching(route: JsonObject, wanted: JsonObject): boolean {
  const matches = listIn(route, "match");
  const ports = new Set(matches.flatMap(({ port }) => (typeof port === "number" ? [port] : [])));
  const port = typeof wanted["port"] === "number" ? wanted["port"] : 0;
  const hosts = new Set(textsIn(wanted, "sniHosts"));
  const presentHosts = new Set(matches.flatMap((match) => textsIn(match, "sniHosts")));
  const isPort = port === 0 || (ports.size === 1 && ports.has(port));
  return matches.length > 0 && isPort && (hosts.size === 0 || sameTexts(hosts, presentHosts));
}

function byMatch(
  protocol: RouteProtocol,
  present: readonly JsonObject[],
  wanted: readonly JsonObject[],
): Found {
  const indexes = indexesWhere(present, (route) => wanted.some((one) => isMatching(route, one)));
  if (indexes.length > 0) return { indexes };
  const name = protocol.toUpperCase();
  return { problem: `No matching ${name} routes found in the defined Virtual Service.` };
}

type Found = { readonly indexes: readonly number[] } | { readonly problem: string };

function theOnlyOne(
  protocol: RouteProtocol,
  present: readonly JsonObject[],
  managedRoutes: readonly string[],
): Found {
  const isManaged = ({ name }: JsonObject): boolean =>
    protocol === "http" && typeof name === "string" && managedRoutes.includes(name);
  const indexes = indexesWhere(present, (route) => !isManaged(route));
  if (indexes.length === 1) return { indexes };
  const field = `spec.strategy.canary.trafficRouting.istio.virtualService.${namingField[protocol]}`;
  return {
    problem: `spec.${protocol}[] should be set in VirtualService and it must have exactly one route when omitting ${field}`,
  };
}

function find(
  protocol: RouteProtocol,
  spec: JsonObject,
  reference: JsonObject,
  managedRoutes: readonly string[],
): Found {
  const present = listIn(spec, protocol);
  const names = textsIn(reference, "routes");
  if (protocol === "http" && names.length > 0) return byName(present, names);
  const wanted = protocol === "http" ? [] : listIn(reference, namingField[protocol]);
  return wanted.length > 0
    ? byMatch(protocol, present, wanted)
    : theOnlyOne(protocol, present, managedRoutes);
}

/** The protocols to look at: those the rollout names routes of; if none, those the object has. */
function protocolsInUse(spec: JsonObject, reference: JsonObject): readonly RouteProtocol[] {
  const named = routeProtocols.filter((protocol) => {
    const routes = ownProperty(reference, namingField[protocol]);
    return isJsonArray(routes) && routes.length > 0;
  });
  return named.length > 0 ? named : routeProtocols.filter((name) => isJsonArray(spec[name]));
}

/**
 * Of each protocol in use, the routes to split. Without names there must be exactly one that is not
 * in `managedRoutes`. `spec` is the VirtualService's, `reference` the rollout's entry for it.
 */
export function selectRoutes(
  spec: JsonObject,
  reference: JsonObject,
  managedRoutes: readonly string[],
): readonly SelectedRoutes[] {
  return protocolsInUse(spec, reference).map((protocol) => {
    const found = find(protocol, spec, reference, managedRoutes);
    return "problem" in found
      ? { protocol, indexes: [], problem: found.problem }
      : { protocol, indexes: found.indexes, problem: undefined };
  });
}
