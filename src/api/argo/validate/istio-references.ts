// VirtualServices: the routes a Rollout names must be there, and split between its two versions.
import { isJsonArray } from "../../../lib/json.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { invalid } from "../../meta/field-error.ts";
import type { FieldError } from "../../meta/field-error.ts";
import { objectOf, objectsOf, stringsOf, textOf } from "./json-fields.ts";
import { lookUp } from "./named.ts";
import type { NamedAt, References, RouterAt } from "./named.ts";

const protocols = ["http", "tls", "tcp"] as const;
type Protocol = (typeof protocols)[number];

/** The field of a Rollout's virtualService that names routes of a protocol. */
const routesField: Readonly<Record<Protocol, string>> = {
  http: "routes",
  tls: "tlsRoutes",
  tcp: "tcpRoutes",
};

/** What a route's destinations must contain: Services by host, or subsets of a DestinationRule. */
interface Versions {
  readonly canary: string;
  readonly stable: string;
  readonly by: "Service" | "DestinationRule subset";
}

function versionsOf({ config, strategy }: RouterAt): Versions | undefined {
  const rule = objectOf(config, "destinationRule");
  const canary = textOf(rule, "canarySubsetName");
  const stable = textOf(rule, "stableSubsetName");
  if (canary !== "" && stable !== "") return { canary, stable, by: "DestinationRule subset" };
  const services = strategy.pingPong
    ? [strategy.pingPong.pingService, strategy.pingPong.pongService]
    : [strategy.canaryService, strategy.stableService];
  const [canaryService, stableService] = services;
  if (canaryService === undefined || stableService === undefined) return undefined;
  return { canary: canaryService, stable: stableService, by: "Service" };
}

/** `host` may be a bare Service name or its full domain name. */
function destinationsOf(route: JsonObject, by: Versions["by"]): readonly string[] {
  return objectsOf(route, "route").map((item) => {
    const destination = objectOf(item, "destination");
    return by === "Service"
      ? (textOf(destination, "host").split(".")[0] ?? "")
      : textOf(destination, "subset");
  });
}

function versionProblem(route: JsonObject, { canary, stable, by }: Versions): string | undefined {
  const found = destinationsOf(route, by);
  if (!found.includes(canary)) return `Canary ${by} '${canary}' not found in route`;
  return found.includes(stable) ? undefined : `Stable ${by} '${stable}' not found in route`;
}

function sameHosts(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((host) => right.includes(host));
}

/** Whether one of a tls or tcp route's matches is what the Rollout asks for. */
function isMatching(route: JsonObject, wanted: JsonObject): boolean {
  const { port } = wanted;
  const hosts = stringsOf(wanted, "sniHosts");
  return objectsOf(route, "match").some((match) => {
    const hasPort = port === undefined || port === 0 || match["port"] === port;
    return hasPort && (hosts.length === 0 || sameHosts(hosts, stringsOf(match, "sniHosts")));
  });
}

interface Selection {
  readonly routes: readonly JsonObject[];
  readonly problem: string | undefined;
}

function selectNamed(present: readonly JsonObject[], names: readonly string[]): Selection {
  const missing = names.find((name) => !present.some((route) => textOf(route, "name") === name));
  if (missing !== undefined) {
    return {
      routes: [],
      problem: `HTTP Route '${missing}' is not found in the defined Virtual Service.`,
    };
  }
  return {
    routes: present.filter((route) => names.includes(textOf(route, "name"))),
    problem: undefined,
  };
}

function selectMatching(
  protocol: Protocol,
  present: readonly JsonObject[],
  wanted: readonly JsonObject[],
): Selection {
  const routes = present.filter((route) => wanted.some((one) => isMatching(route, one)));
  const problem = `No matching ${protocol.toUpperCase()} routes found in the defined Virtual Service.`;
  return { routes, problem: routes.length === 0 ? problem : undefined };
}

/** The routes of one protocol that the Rollout drives; without names there must be exactly one. */
function select(protocol: Protocol, present: readonly JsonObject[], config: JsonObject): Selection {
  const names = stringsOf(config, "routes");
  if (protocol === "http" && names.length > 0) return selectNamed(present, names);
  const wanted = protocol === "http" ? [] : objectsOf(config, routesField[protocol]);
  if (wanted.length > 0) return selectMatching(protocol, present, wanted);
  if (present.length === 1) return { routes: present, problem: undefined };
  const field = `spec.strategy.canary.trafficRouting.istio.virtualService.${routesField[protocol]}`;
  const problem = `spec.${protocol}[] should be set in VirtualService and it must have exactly one route when omitting ${field}`;
  return { routes: [], problem };
}

function protocolProblem(
  protocol: Protocol,
  spec: JsonObject,
  config: JsonObject,
  versions: Versions | undefined,
): string | undefined {
  const { routes, problem } = select(protocol, objectsOf(spec, protocol), config);
  if (problem !== undefined) return problem;
  return (
    versions &&
    routes.map((route) => versionProblem(route, versions)).find((one) => one !== undefined)
  );
}

/** The protocols to look at: those the Rollout names routes of; if none, those the object has. */
function protocolsInUse(spec: JsonObject, config: JsonObject): readonly Protocol[] {
  const named = protocols.filter((protocol) => {
    const routes = config[routesField[protocol]];
    return isJsonArray(routes) && routes.length > 0;
  });
  return named.length > 0 ? named : protocols.filter((protocol) => isJsonArray(spec[protocol]));
}

export function virtualServiceErrors(
  router: RouterAt,
  named: readonly (NamedAt & { readonly config: JsonObject })[],
  { virtualServices }: References,
): readonly FieldError[] {
  const versions = versionsOf(router);
  return named.flatMap(({ name, place, config }) => {
    const object = lookUp(virtualServices, name);
    if (object === undefined) return [];
    const spec = objectOf(object, "spec");
    const inUse = protocolsInUse(spec, config);
    if (inUse.length === 0) {
      return [
        invalid(
          place,
          name,
          "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService",
        ),
      ];
    }
    return inUse.flatMap((protocol) => {
      const problem = protocolProblem(protocol, spec, config, versions);
      const text = `Istio VirtualService has invalid ${protocol.toUpperCase()} routes. Error: ${problem ?? ""}`;
      return problem === undefined ? [] : [invalid(place, name, text)];
    });
  });
}
