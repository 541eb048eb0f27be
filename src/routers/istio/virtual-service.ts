// VirtualService <-> TrafficPlan, pure. Weighted are the routes the rollout names (or the only one);
// managed routes stand before all others, in the order of managedRoutes, and mirror routes carry the
// same split. Everything else of the object stays as it is.
import type { ManagedRoute, TrafficPlan } from "../../api/argo/traffic.ts";
import type {
  IstioHttpRoute,
  RouteDestination,
  VirtualService,
} from "../../api/istio/networking.ts";
import {
  selectRoutes,
  type RouteProtocol,
  type SelectedRoutes,
} from "../../api/istio/select-routes.ts";
import { asJson } from "../../api/meta/wire.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { RouterError } from "../router.ts";
import { readShares, withShares, type Shares } from "./destinations.ts";
import type { Sides } from "./istio-config.ts";
import { managedRoute, readManagedRoute, type WeightedRoute } from "./managed-routes.ts";

export interface RouteUse {
  readonly reference: JsonObject;
  readonly sides: Sides;
  readonly managedRoutes: readonly string[];
}

/** What a VirtualService says: undefined shares where its routes differ or are not as we write them. */
export interface ServiceSplit {
  readonly shares: Shares | undefined;
  readonly routes: readonly ManagedRoute[];
}

interface Selected {
  readonly protocol: RouteProtocol;
  readonly index: number;
  readonly route: readonly RouteDestination[];
  readonly where: string;
}

function titleOf({ metadata }: VirtualService): string {
  return `VirtualService ${metadata.namespace ?? ""}/${metadata.name}`;
}

function refuse(service: VirtualService, problem: string): never {
  throw new RouterError("TrafficRoutingError", `${titleOf(service)}: ${problem}`);
}

function selectionOf(service: VirtualService, use: RouteUse): readonly SelectedRoutes[] {
  const spec = asJson(service)["spec"];
  const json = isJsonObject(spec) ? spec : {};
  const selections = selectRoutes(json, use.reference, use.managedRoutes);
  const problem = selections.find((selection) => selection.problem !== undefined)?.problem;
  if (problem !== undefined) refuse(service, problem);
  if (selections.length === 0) {
    refuse(service, "it has no http, tls or tcp routes to split");
  }
  return selections;
}

function selectedIn(service: VirtualService, use: RouteUse): readonly Selected[] {
  return selectionOf(service, use).flatMap(({ protocol, indexes }) =>
    indexes.map((index): Selected => {
      const where = `${titleOf(service)} spec.${protocol}[${String(index)}]`;
      return { protocol, index, route: service.spec[protocol]?.[index]?.route ?? [], where };
    }),
  );
}

function isManaged({ name }: IstioHttpRoute, names: readonly string[]): boolean {
  return name !== undefined && names.includes(name);
}

/** Managed routes first, each as we would write it beside this split. */
function areAsWritten(
  http: readonly IstioHttpRoute[],
  managed: readonly ManagedRoute[],
  weighted: WeightedRoute | undefined,
): boolean {
  if (managed.length > 0 && weighted === undefined) return false;
  return managed.every(
    (entry, index) =>
      weighted !== undefined &&
      deepEqual(asJson(http[index] ?? {}), asJson(managedRoute(entry, weighted))),
  );
}

export function readSplit(service: VirtualService, use: RouteUse): ServiceSplit {
  const { http = [] } = service.spec;
  const selected = selectedIn(service, use);
  const shares = selected.map(({ route, where }) => readShares(route, use.sides, where));
  const [first] = shares;
  const routes = http
    .filter((route) => isManaged(route, use.managedRoutes))
    .map((route) => readManagedRoute(route.name ?? "", route));
  const weighted = weightedOf(selected, use.sides);
  const agree =
    shares.every((one) => deepEqual(one, first)) && areAsWritten(http, routes, weighted);
  return { shares: agree ? first : undefined, routes };
}

function weightedOf(selected: readonly Selected[], sides: Sides): WeightedRoute | undefined {
  const http = selected.find(({ protocol }) => protocol === "http");
  return http && { route: http.route, sides, where: http.where };
}

/** With ping-pong the plan may have changed the Services' roles since the rollout was read. */
function sidesOf({ sides }: RouteUse, plan: TrafficPlan): Sides {
  if (sides.by === "subset") return sides;
  const { canary, stable } = plan;
  return {
    ...sides,
    canary: canary.service ?? sides.canary,
    stable: stable.service ?? sides.stable,
  };
}

/** The object with the plan in force. Throws a RouterError where it has no place for it. */
export function withPlan(
  service: VirtualService,
  plan: TrafficPlan,
  use: RouteUse,
): VirtualService {
  const sides = sidesOf(use, plan);
  const selected = selectedIn(service, use).map((one) => ({
    ...one,
    route: withShares(one.route, plan, sides, one.where),
  }));
  const edited = (protocol: RouteProtocol): object => {
    const routes = service.spec[protocol];
    if (routes === undefined) return {};
    const changed = routes.map((route, index) => {
      const found = selected.find((one) => one.protocol === protocol && one.index === index);
      return found ? { ...route, route: found.route } : route;
    });
    return { [protocol]: changed };
  };
  const spec: VirtualService["spec"] = {
    ...service.spec,
    ...edited("http"),
    ...edited("tls"),
    ...edited("tcp"),
  };
  const weighted = weightedOf(selected, sides);
  const own = [...use.managedRoutes, ...plan.managedRouteNames];
  const managed = plan.routes.map((entry) => {
    if (weighted) return managedRoute(entry, weighted);
    const problem = `managed route '${entry.name}' needs an http route that is split`;
    return refuse(service, problem);
  });
  const { http } = spec;
  if (http === undefined) return { ...service, spec };
  const others = http.filter((route) => !isManaged(route, own));
  return { ...service, spec: { ...spec, http: [...managed, ...others] } };
}
