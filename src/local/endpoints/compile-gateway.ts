// From the routing objects to the gateway's config, and what is to be said about each object. Pure:
// the same objects give the same config, entry for entry, so an unchanged world is never pushed again.
import type { Gateway, HTTPRoute, ParentRef } from "../../api/gateway/http-route.ts";
import type { Service, ServicePort } from "../../api/kubernetes/workloads.ts";
import type { GatewayConfig, Listener, Route, Rule } from "../../gateway/config.ts";
import { Backends } from "./backends.ts";
import type { BackendSources } from "./backends.ts";
import { commonHostnames } from "./hostnames.ts";
import { compileRules } from "./routes.ts";
import type { Unresolved } from "./routes.ts";

export interface RoutingObjects extends BackendSources {
  readonly gateways: readonly Gateway[];
  readonly routes: readonly HTTPRoute[];
}

/** `haldane.dev/port` on a LoadBalancer Service or a Gateway: another port, or `0`/`auto` for any free one. */
export const portAnnotation = "haldane.dev/port";

/** A port the world asks for, and on whose behalf. */
export interface PortClaim {
  /** Name of the gateway's listener. */
  readonly listener: string;
  readonly owner: {
    readonly kind: "Service" | "Gateway";
    readonly namespace: string;
    readonly name: string;
  };
  /** As the object says it; `boundPort` is what the gateway is asked to open (0 = any). */
  readonly port: number;
  readonly boundPort: number;
  /** The listener that has the port already. */
  readonly conflict?: string;
}

/** What is to be said about one parentRef of a route. */
export interface ParentVerdict {
  readonly parentRef: ParentRef;
  readonly accepted: Verdict;
  readonly resolved: Verdict;
  /** Rules left out although the route is accepted. */
  readonly dropped: readonly string[];
  /** The gateway's listeners that carry the route. */
  readonly listeners: readonly string[];
}
export interface Verdict {
  readonly isTrue: boolean;
  readonly reason: string;
  readonly message: string;
}

export interface RouteVerdict {
  readonly route: HTTPRoute;
  readonly parents: readonly ParentVerdict[];
}

export interface ListenerVerdict {
  readonly name: string;
  readonly attachedRoutes: number;
  readonly accepted: Verdict;
  /** Name of the gateway's listener; undefined when none is opened for it. */
  readonly listener: string | undefined;
}

export interface GatewayVerdict {
  readonly gateway: Gateway;
  readonly listeners: readonly ListenerVerdict[];
}

export interface CompiledGateway {
  readonly config: Omit<GatewayConfig, "generation">;
  readonly ports: readonly PortClaim[];
  readonly routes: readonly RouteVerdict[];
  readonly gateways: readonly GatewayVerdict[];
}

interface Named {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

function keyOf({ metadata: { namespace = "", name } }: Named): string {
  return `${namespace}/${name}`;
}

function byKey<T extends Named>(items: readonly T[]): readonly T[] {
  return [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function isGoing(object: { readonly metadata: { readonly deletionTimestamp?: string } }): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** One way into the gateway: a Gateway's section, or a port of a LoadBalancer Service. */
interface Entrance {
  readonly claim: PortClaim;
  readonly section: string;
  readonly port: number;
  readonly hostname: string | undefined;
  readonly allowedFrom: string;
  readonly service?: { readonly service: Service; readonly port: ServicePort };
}

export function compileGateway(objects: RoutingObjects): CompiledGateway {
  const backends = new Backends(objects);
  const gateways = byKey(objects.gateways.filter((each) => !isGoing(each)));
  const services = byKey(
    objects.services.filter((each) => !isGoing(each) && each.spec.type === "LoadBalancer"),
  );
  const sections = gateways.map((gateway) => ({ gateway, entrances: entrancesOfGateway(gateway) }));
  const wanted = [
    ...sections.flatMap((each) => each.entrances),
    ...services.flatMap((service) => entrancesOfService(service)),
  ];
  const entrances = withConflicts(wanted);
  const attachments = byKey(objects.routes.filter((each) => !isGoing(each))).map((route) =>
    attach(route, entrances, backends, objects),
  );
  const ports = claimsOf(entrances);
  const listeners = ports
    .filter((claim) => claim.conflict === undefined)
    .map((claim) => listenerOf(claim, entrances, attachments, backends));
  return {
    config: { listeners, backends: backends.used() },
    ports,
    routes: attachments.map(({ route, verdicts }) => ({ route, parents: verdicts })),
    gateways: sections.map(({ gateway }) => gatewayVerdict(gateway, entrances, attachments)),
  };
}

/** undefined: as the object says; 0: any free port. */
function annotatedPort(object: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}): number | undefined {
  const text = object.metadata.annotations?.[portAnnotation];
  if (text === undefined) return undefined;
  if (text === "auto") return 0;
  const port = Number(text);
  return /^\d+$/.test(text) && port <= 65_535 ? port : undefined;
}

const httpProtocols = ["HTTP"];

function entrancesOfGateway(gateway: Gateway): readonly Entrance[] {
  const { namespace = "", name } = gateway.metadata;
  const override = annotatedPort(gateway);
  return gateway.spec.listeners
    .filter((listener) => httpProtocols.includes(listener.protocol))
    .map((listener) => ({
      claim: {
        listener: `gateway/${namespace}/${name}:${listener.port}`,
        owner: { kind: "Gateway", namespace, name },
        port: listener.port,
        // One number cannot serve several ports; only "any free one" can.
        boundPort:
          override === 0 || (override !== undefined && isOnePort(gateway))
            ? override
            : listener.port,
      },
      section: listener.name,
      port: listener.port,
      hostname: listener.hostname,
      allowedFrom: listener.allowedRoutes?.namespaces?.from ?? "Same",
    }));
}

function isOnePort(gateway: Gateway): boolean {
  return new Set(gateway.spec.listeners.map((listener) => listener.port)).size === 1;
}

function entrancesOfService(service: Service): readonly Entrance[] {
  const { namespace = "", name } = service.metadata;
  const override = annotatedPort(service);
  const ports = (service.spec.ports ?? []).filter((port) => (port.protocol ?? "TCP") === "TCP");
  return ports.map((port, index) => ({
    claim: {
      listener: `service/${namespace}/${name}:${port.port}`,
      owner: { kind: "Service", namespace, name },
      port: port.port,
      boundPort: override !== undefined && (override === 0 || index === 0) ? override : port.port,
    },
    section: port.name ?? "",
    port: port.port,
    hostname: undefined,
    allowedFrom: "Same",
    service: { service, port },
  }));
}

/** The first claim of a port has it: Gateways before Services, then by name. */
function withConflicts(wanted: readonly Entrance[]): readonly Entrance[] {
  const holders = new Map<number, string>();
  return wanted.map((entrance) => {
    const { claim } = entrance;
    const holder = claim.boundPort === 0 ? undefined : holders.get(claim.boundPort);
    if (holder === undefined) holders.set(claim.boundPort, claim.listener);
    if (holder === undefined || holder === claim.listener) return entrance;
    return { ...entrance, claim: { ...claim, conflict: holder } };
  });
}

/** One claim per listener: the sections of a Gateway may share a port. */
function claimsOf(entrances: readonly Entrance[]): readonly PortClaim[] {
  return [...new Map(entrances.map(({ claim }) => [claim.listener, claim])).values()];
}

interface Attachment {
  readonly route: HTTPRoute;
  readonly rules: readonly Rule[];
  readonly verdicts: readonly ParentVerdict[];
  /** By listener: the hostnames the route is reached under there; an empty list means every one. */
  readonly places: ReadonlyMap<string, readonly string[]>;
  readonly sections: ReadonlySet<Entrance>;
}

function attach(
  route: HTTPRoute,
  entrances: readonly Entrance[],
  backends: Backends,
  objects: RoutingObjects,
): Attachment {
  const { rules, dropped, unresolved } = compileRules(route, backends);
  const places = new Map<string, readonly string[]>();
  const sections = new Set<Entrance>();
  const isUsable = rules.length > 0 || dropped.length === 0;
  const verdicts = (route.spec.parentRefs ?? []).map((parentRef): ParentVerdict => {
    const found = findPlaces(route, parentRef, entrances, objects);
    for (const { entrance, hostnames } of isUsable ? found.places : []) {
      sections.add(entrance);
      places.set(
        entrance.claim.listener,
        mergedHostnames(places.get(entrance.claim.listener), hostnames),
      );
    }
    const accepted = isUsable
      ? found.accepted
      : {
          isTrue: false,
          reason: "UnsupportedValue",
          message: `no rule can be carried out: ${dropped.join("; ")}`,
        };
    return {
      parentRef,
      accepted,
      resolved: resolvedVerdict(unresolved),
      dropped,
      listeners: accepted.isTrue
        ? [...new Set(found.places.map(({ entrance }) => entrance.claim.listener))]
        : [],
    };
  });
  return { route, rules, verdicts, places, sections };
}

function mergedHostnames(
  before: readonly string[] | undefined,
  more: readonly string[],
): readonly string[] {
  if (before === undefined) return more;
  return before.length === 0 || more.length === 0 ? [] : [...new Set([...before, ...more])];
}

function resolvedVerdict(unresolved: readonly Unresolved[]): Verdict {
  const first = unresolved[0];
  if (first === undefined)
    return { isTrue: true, reason: "ResolvedRefs", message: "all references lead somewhere" };
  const message = [...new Set(unresolved.map((each) => each.message))].join("; ");
  return { isTrue: false, reason: first.reason, message };
}

interface FoundPlaces {
  readonly accepted: Verdict;
  readonly places: readonly {
    readonly entrance: Entrance;
    readonly hostnames: readonly string[];
  }[];
}

function refusedPlace(reason: string, message: string): FoundPlaces {
  return { accepted: { isTrue: false, reason, message }, places: [] };
}

/** Which entrances a parentRef means, or why none. */
function findPlaces(
  route: HTTPRoute,
  parentRef: ParentRef,
  entrances: readonly Entrance[],
  objects: RoutingObjects,
): FoundPlaces {
  const { kind = "Gateway", namespace = route.metadata.namespace ?? "" } = parentRef;
  const where = `parentRef ${kind} ${namespace}/${parentRef.name}`;
  const parents: readonly Named[] = kind === "Gateway" ? objects.gateways : objects.services;
  if (kind !== "Gateway" && kind !== "Service") {
    return refusedPlace(
      "InvalidKind",
      `${where}: a route attaches to a Gateway or a Service; correct kind`,
    );
  }
  if (!parents.some((each) => keyOf(each) === `${namespace}/${parentRef.name}`)) {
    const known =
      parents
        .map((each) => keyOf(each))
        .sort()
        .join(", ") || "(there are none)";
    return refusedPlace(
      "NoMatchingParent",
      `${where}: it does not exist; create it or name one of: ${known}`,
    );
  }
  const ofParent = entrances.filter(
    ({ claim: { owner } }) =>
      owner.kind === kind && owner.namespace === namespace && owner.name === parentRef.name,
  );
  const named = ofParent.filter((entrance) => isMeant(entrance, parentRef));
  return named.length === 0 ? noListener(kind, ofParent, where) : amongAllowed(route, named, where);
}

function noListener(kind: string, ofParent: readonly Entrance[], where: string): FoundPlaces {
  const known =
    ofParent.map((each) => `${each.section || "(unnamed)"}:${each.port}`).join(", ") ||
    "none that speak HTTP";
  const isClosedService = kind === "Service" && ofParent.length === 0;
  const message = isClosedService
    ? `${where}: the Service opens no port here; give it type: LoadBalancer`
    : `${where}: it has no such listener; its listeners are ${known}`;
  return refusedPlace("NoMatchingParent", message);
}

function isMeant(entrance: Entrance, { sectionName, port }: ParentRef): boolean {
  return (
    (sectionName === undefined || entrance.section === sectionName) &&
    (port === undefined || entrance.port === port)
  );
}

function amongAllowed(route: HTTPRoute, named: readonly Entrance[], where: string): FoundPlaces {
  const allowed = named.filter(
    ({ claim, allowedFrom }) =>
      allowedFrom === "All" || claim.owner.namespace === (route.metadata.namespace ?? ""),
  );
  if (allowed.length === 0) {
    const message = `${where}: its listeners take no routes of namespace ${route.metadata.namespace ?? ""}; set allowedRoutes.namespaces.from: All`;
    return refusedPlace("NotAllowedByListeners", message);
  }
  const places = allowed.flatMap((entrance) => {
    const hostnames = commonHostnames(entrance.hostname, route.spec.hostnames ?? []);
    return hostnames === undefined ? [] : [{ entrance, hostnames }];
  });
  if (places.length > 0) {
    return {
      accepted: { isTrue: true, reason: "Accepted", message: "the route is attached" },
      places,
    };
  }
  const listening = allowed.map((each) => each.hostname ?? "*").join(", ");
  const message = `${where}: none of the route's hostnames (${(route.spec.hostnames ?? []).join(", ")}) is served there; it serves ${listening}`;
  return refusedPlace("NoMatchingListenerHostname", message);
}

function listenerOf(
  claim: PortClaim,
  entrances: readonly Entrance[],
  attachments: readonly Attachment[],
  backends: Backends,
): Listener {
  const attached = attachments.flatMap(({ route, rules, places }): readonly Route[] => {
    const hostnames = places.get(claim.listener);
    if (hostnames === undefined) return [];
    return [{ name: keyOf(route), ...(hostnames.length === 0 ? {} : { hostnames }), rules }];
  });
  const own = entrances.find((each) => each.claim.listener === claim.listener)?.service;
  const routes =
    attached.length === 0 && own !== undefined
      ? [serviceRoute(own.service, own.port, backends)]
      : attached;
  return { name: claim.listener, port: claim.boundPort, routes };
}

/** Without routes of its own, a LoadBalancer Service's port leads to its endpoints. */
function serviceRoute(service: Service, port: ServicePort, backends: Backends): Route {
  const backend = backends.of(service, port);
  return { name: keyOf(service), rules: [{ backends: [{ backend: backend.name, weight: 1 }] }] };
}

function gatewayVerdict(
  gateway: Gateway,
  entrances: readonly Entrance[],
  attachments: readonly Attachment[],
): GatewayVerdict {
  const { namespace = "", name } = gateway.metadata;
  const listeners = gateway.spec.listeners.map((listener): ListenerVerdict => {
    const entrance = entrances.find(
      ({ claim: { owner }, section }) =>
        owner.kind === "Gateway" &&
        owner.namespace === namespace &&
        owner.name === name &&
        section === listener.name,
    );
    if (entrance === undefined) {
      const message = `listener ${listener.name}: protocol ${listener.protocol} is not served on one machine; use HTTP`;
      const accepted = { isTrue: false, reason: "UnsupportedProtocol", message };
      return { name: listener.name, attachedRoutes: 0, accepted, listener: undefined };
    }
    const attachedRoutes = attachments.filter(({ sections }) => sections.has(entrance)).length;
    const { conflict, boundPort } = entrance.claim;
    const accepted =
      conflict === undefined
        ? { isTrue: true, reason: "Accepted", message: "" }
        : {
            isTrue: false,
            reason: "PortUnavailable",
            message: `port ${boundPort} is taken by ${conflict}; choose another one`,
          };
    return { name: listener.name, attachedRoutes, accepted, listener: entrance.claim.listener };
  });
  return { gateway, listeners };
}
