// Shapes of a split that several routers read or need.
import type { TrafficDestination, TrafficState } from "../api/argo/traffic.ts";
import { deepEqual } from "../lib/deep-equal.ts";
import { RouterError, type RoutedRollout } from "./router.ts";

export type InForce = NonNullable<TrafficState["inForce"]>;

export function destination(
  service: string | undefined,
  weight: number,
  podTemplateHash = "",
): TrafficDestination {
  return { weight, service, podTemplateHash };
}

/** A canary and a stable share, nothing else; what is not the canary's is stable's. */
export function twoWaySplit(
  { canary, stable }: { readonly canary: string | undefined; readonly stable: string | undefined },
  weights: { readonly canary: number; readonly stable: number },
): InForce {
  return {
    maxWeight: weights.canary + weights.stable,
    canary: destination(canary, weights.canary),
    stable: destination(stable, weights.stable),
    additional: [],
    routes: [],
  };
}

/** Several objects carry a split only if they all carry the same one. */
export function agreed(splits: readonly (InForce | undefined)[]): InForce | undefined {
  const [first] = splits;
  return splits.every((split) => deepEqual(split, first)) ? first : undefined;
}

/** State of a router whose data plane tells nothing. */
export function unconfirmed(inForce: InForce | undefined): TrafficState {
  return { inForce, acknowledged: undefined, waitingFor: undefined };
}

/** Both Services of a rollout; a RouterError naming the router's field if one is not set. */
export function servicesOf(
  { canaryService = "", stableService = "" }: RoutedRollout,
  field: string,
): { readonly canary: string; readonly stable: string } {
  if (canaryService !== "" && stableService !== "") {
    return { canary: canaryService, stable: stableService };
  }
  throw new RouterError(
    "TrafficRoutingError",
    `spec.strategy.canary.trafficRouting.${field}: canaryService and stableService must be set`,
  );
}
