// The weighted destinations of one route <-> shares, pure (argo-rollouts-algorithms.md §2.16).
import type { IstioDestination, RouteDestination } from "../../api/istio/networking.ts";
import type { TrafficPlan } from "../../api/argo/traffic.ts";
import { RouterError } from "../router.ts";
import type { Sides } from "./istio-config.ts";

/** Istio's weights are percentages. */
export const totalWeight = 100;

export interface Shares {
  readonly canary: number;
  readonly stable: number;
  /** By Service name, those with a share, in order of their names. */
  readonly additional: readonly (readonly [service: string, weight: number])[];
}

type Role = "canary" | "stable" | "kept" | "other";

/** A host's first label: what a Service is called however its host is written. */
function serviceOf({ host }: IstioDestination): string {
  return host.split(".")[0] ?? "";
}

function roleOf({ destination }: RouteDestination, sides: Sides): Role {
  const name = sides.by === "host" ? serviceOf(destination) : destination.subset;
  if (name === sides.canary) return "canary";
  if (name === sides.stable) return "stable";
  const isKept = sides.by === "subset" && name !== undefined && sides.kept.includes(name);
  return isKept ? "kept" : "other";
}

function refuse(where: string, problem: string): never {
  throw new RouterError("TrafficRoutingError", `${where}: ${problem}`);
}

/** The destination of one side. Throws a RouterError unless the route has exactly one. */
export function destinationOf(
  route: readonly RouteDestination[],
  side: "canary" | "stable",
  sides: Sides,
  where: string,
): RouteDestination {
  for (const { destination } of route as readonly Partial<RouteDestination>[]) {
    if ((destination?.host ?? "") === "") refuse(where, "a destination has no host; give it one");
  }
  const what = sides.by === "host" ? "Service" : "DestinationRule subset";
  const title = `${side === "canary" ? "Canary" : "Stable"} ${what} '${sides[side]}'`;
  const [found, second] = route.filter((entry) => roleOf(entry, sides) === side);
  if (found === undefined) return refuse(where, `${title} not found in route`);
  if (second) refuse(where, `${title} is found twice in route; keep one destination for it`);
  return found;
}

function sumOf(entries: readonly RouteDestination[]): number {
  return entries.reduce((sum, { weight = 0 }) => sum + weight, 0);
}

/** What each side gets; what is given to additionalSubsetNames counts as stable's. */
export function readShares(
  route: readonly RouteDestination[],
  sides: Sides,
  where: string,
): Shares {
  const canary = destinationOf(route, "canary", sides, where).weight ?? 0;
  const written = destinationOf(route, "stable", sides, where).weight ?? 0;
  const others = route.filter((entry) => roleOf(entry, sides) === "other" && entry.weight);
  const additional = others
    .map(({ destination, weight = 0 }) => [serviceOf(destination), weight] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const kept = sumOf(route.filter((entry) => roleOf(entry, sides) === "kept"));
  const left = Math.max(0, totalWeight - canary - sumOf(others));
  return { canary, stable: written === 0 ? Math.min(kept, left) : written + kept, additional };
}

/**
 * The destinations with the plan's weights. Destinations of nobody here that carry weight are
 * dropped, as shares must add up; those without weight, and additionalSubsetNames, stay.
 */
export function withShares(
  route: readonly RouteDestination[],
  plan: TrafficPlan,
  sides: Sides,
  where: string,
): readonly RouteDestination[] {
  destinationOf(route, "canary", sides, where);
  destinationOf(route, "stable", sides, where);
  const wanted = new Map(
    plan.additional.flatMap(({ service, weight }) =>
      service === undefined || weight === 0 ? [] : [[service, weight] as const],
    ),
  );
  const kept = sumOf(route.filter((entry) => roleOf(entry, sides) === "kept"));
  const edited = route.flatMap((entry): readonly RouteDestination[] => {
    switch (roleOf(entry, sides)) {
      case "canary":
        return [{ ...entry, weight: plan.canary.weight }];
      case "stable":
        return [{ ...entry, weight: Math.max(0, plan.stable.weight - kept) }];
      case "kept":
        return [entry];
      case "other": {
        const weight = wanted.get(serviceOf(entry.destination));
        if (weight !== undefined) return [{ ...entry, weight }];
        return entry.weight ? [] : [entry];
      }
    }
  });
  const present = new Set(route.map(({ destination }) => serviceOf(destination)));
  const added = [...wanted]
    .filter(([service]) => !present.has(service))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([host, weight]) => ({ destination: { host }, weight }));
  return [...edited, ...added];
}
