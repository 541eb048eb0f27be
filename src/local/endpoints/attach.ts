// Where an HTTPRoute is attached: which entrances its parentRefs mean, which of them take it, under
// which hostnames, and what is to be said about each.
import type { HTTPRoute, ParentRef } from "../../api/gateway/http-route.ts";
import type { Gateway } from "../../api/gateway/http-route.ts";
import type { Service } from "../../api/kubernetes/workloads.ts";
import type { Rule } from "../../gateway/config.ts";
import type { Backends } from "./backends.ts";
import type { Entrance } from "./entrances.ts";
import { commonHostnames } from "./hostnames.ts";
import { keyOf, type Named } from "./named.ts";
import { compileRules } from "./routes.ts";
import type { Unresolved } from "./routes.ts";

/** What a parentRef can mean. */
export interface Parents {
  readonly gateways: readonly Gateway[];
  readonly services: readonly Service[];
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

export interface Attachment {
  readonly route: HTTPRoute;
  readonly rules: readonly Rule[];
  readonly verdicts: readonly ParentVerdict[];
  /** By listener: the hostnames the route is reached under there; an empty list means every one. */
  readonly places: ReadonlyMap<string, readonly string[]>;
  readonly sections: ReadonlySet<Entrance>;
}

export function attach(
  route: HTTPRoute,
  entrances: readonly Entrance[],
  backends: Backends,
  objects: Parents,
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
  objects: Parents,
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
