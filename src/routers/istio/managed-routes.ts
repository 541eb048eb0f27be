// Managed http routes <-> header and mirror routes, pure. A managed route is told by its name, which
// managedRoutes lists; it leads where the weighted route leads (§2.16 header route, mirror route).
import type { ManagedRoute } from "../../api/argo/traffic.ts";
import type { RouteMatch, StringMatch } from "../../api/argo/rollout.ts";
import type {
  IstioDestination,
  IstioHttpMatch,
  IstioHttpRoute,
  IstioStringMatch,
  RouteDestination,
} from "../../api/istio/networking.ts";
import { destinationOf, totalWeight } from "./destinations.ts";
import type { Sides } from "./istio-config.ts";

/** The route whose split managed routes stand beside. */
export interface WeightedRoute {
  readonly route: readonly RouteDestination[];
  readonly sides: Sides;
  /** For messages. */
  readonly where: string;
}

function writeMatch({ kind, value }: StringMatch): IstioStringMatch {
  return { [kind]: value };
}

function writeHeaders(headers: Readonly<Record<string, StringMatch>>): IstioHttpMatch {
  const entries = Object.entries(headers).map(([name, match]): [string, IstioStringMatch] => [
    name,
    writeMatch(match),
  ]);
  return entries.length === 0 ? {} : { headers: Object.fromEntries(entries) };
}

function writeRouteMatch({ method, path, headers }: RouteMatch): IstioHttpMatch {
  return {
    ...(method === undefined ? {} : { method: writeMatch(method) }),
    ...(path === undefined ? {} : { uri: writeMatch(path) }),
    ...writeHeaders(headers),
  };
}

/** The canary as the weighted route writes it: host, subset and the port the route answers on. */
function canaryOf({ route, sides, where }: WeightedRoute): IstioDestination {
  const { destination } = destinationOf(route, "canary", sides, where);
  const port = route[0]?.destination.port;
  const { host, subset } = destination;
  return {
    host,
    ...(subset === undefined ? {} : { subset }),
    ...(port === undefined ? {} : { port }),
  };
}

export function managedRoute(entry: ManagedRoute, weighted: WeightedRoute): IstioHttpRoute {
  const destination = canaryOf(weighted);
  switch (entry.kind) {
    case "header":
      return {
        name: entry.name,
        match: entry.match.map(({ headerName, headerValue }) =>
          writeHeaders({ [headerName]: headerValue }),
        ),
        route: [{ destination, weight: totalWeight }],
      };
    case "mirror":
      return {
        name: entry.name,
        match: entry.match.map(writeRouteMatch),
        route: weighted.route,
        mirror: destination,
        mirrorPercentage: { value: entry.percentage },
      };
  }
}

function readMatch(match: IstioStringMatch | undefined): StringMatch | undefined {
  if (match?.exact !== undefined) return { kind: "exact", value: match.exact };
  if (match?.prefix !== undefined) return { kind: "prefix", value: match.prefix };
  return match?.regex === undefined ? undefined : { kind: "regex", value: match.regex };
}

function readHeaders({ headers = {} }: IstioHttpMatch): Record<string, StringMatch> {
  const entries = Object.entries(headers).flatMap(([name, match]) => {
    const value = readMatch(match);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

/** What a managed route says; whether it is written as we would write it is for the caller to compare. */
export function readManagedRoute(name: string, route: IstioHttpRoute): ManagedRoute {
  const { match = [], mirror, mirrorPercentage } = route;
  if (mirror) {
    const matches = match.map((one) => ({
      method: readMatch(one.method),
      path: readMatch(one.uri),
      headers: readHeaders(one),
    }));
    return { kind: "mirror", name, percentage: mirrorPercentage?.value ?? 100, match: matches };
  }
  const headers = match.flatMap((one) =>
    Object.entries(readHeaders(one)).map(([headerName, headerValue]) => ({
      headerName,
      headerValue,
    })),
  );
  return { kind: "header", name, match: headers };
}
