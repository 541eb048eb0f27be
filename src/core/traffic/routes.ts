import type { CanaryStep } from "../../api/argo/rollout.ts";
import type { ManagedRoute } from "../../api/argo/traffic.ts";

function routeOf(step: CanaryStep): ManagedRoute | undefined {
  switch (step.kind) {
    case "setHeaderRoute":
      return { kind: "header", name: step.name, match: step.match };
    case "setMirrorRoute":
      return { kind: "mirror", name: step.name, percentage: step.percentage, match: step.match };
    case "setWeight":
    case "pause":
    case "setCanaryScale":
    case "analysis":
    case "experiment":
    case "plugin":
    case "pauseUntilSafe":
      return undefined;
  }
}

/**
 * The managed routes in force at a step: for each name the last step at or before the index that
 * speaks of it, and none if that one has no match. Ordered as managedRoutes lists them.
 */
export function routesAt(
  steps: readonly CanaryStep[],
  index: number,
  managedRoutes: readonly string[],
): readonly ManagedRoute[] {
  const byName = new Map<string, ManagedRoute>();
  for (const step of steps.slice(0, index + 1)) {
    const route = routeOf(step);
    if (route !== undefined) byName.set(route.name, route);
  }
  return managedRoutes.flatMap((name) => {
    const route = byName.get(name);
    return route === undefined || route.match.length === 0 ? [] : [route];
  });
}
