// From the routing objects to the gateway's config, and what is to be said about each object. Pure:
// the same objects give the same config, entry for entry, so an unchanged world is never pushed again.
// entrances.ts says which ports are asked for, attach.ts which routes are reached there, routes.ts and
// backends.ts what they lead to.
import type { Gateway, HTTPRoute } from "../../api/gateway/http-route.ts";
import type { Service, ServicePort } from "../../api/kubernetes/workloads.ts";
import type { GatewayConfig, Listener, Route } from "../../gateway/config.ts";
import { attach } from "./attach.ts";
import type { Attachment, ParentVerdict, Verdict } from "./attach.ts";
import { Backends } from "./backends.ts";
import type { BackendSources } from "./backends.ts";
import { claimsOf, entrancesOfGateway, entrancesOfService, withConflicts } from "./entrances.ts";
import type { Entrance, PortClaim } from "./entrances.ts";
import { byKey, keyOf } from "./named.ts";

export interface RoutingObjects extends BackendSources {
  readonly gateways: readonly Gateway[];
  readonly routes: readonly HTTPRoute[];
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

function isGoing(object: { readonly metadata: { readonly deletionTimestamp?: string } }): boolean {
  return object.metadata.deletionTimestamp !== undefined;
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
