// What the core asks a traffic router for, and what a router says is in force. One shape for
// both, so that "is it done yet?" is a comparison.
import type { Json } from "../../lib/json.ts";
import type { RouteMatch, StringMatch } from "./rollout.ts";

export interface TrafficDestination {
  readonly weight: number;
  /** Service name; undefined where the router splits by something else (subsets, ping-pong). */
  readonly service: string | undefined;
  readonly podTemplateHash: string;
}

export type ManagedRoute =
  | {
      readonly kind: "header";
      readonly name: string;
      readonly match: readonly { readonly headerName: string; readonly headerValue: StringMatch }[];
    }
  | {
      readonly kind: "mirror";
      readonly name: string;
      readonly percentage: number;
      readonly match: readonly RouteMatch[];
    };

/** Weights sum to `maxWeight`. `routes` are all managed routes in force, highest precedence first. */
export interface TrafficPlan {
  readonly maxWeight: number;
  readonly canary: TrafficDestination;
  readonly stable: TrafficDestination;
  readonly additional: readonly TrafficDestination[];
  readonly routes: readonly ManagedRoute[];
  /** Every route name the rollout may own: those not in `routes` are removed. */
  readonly managedRouteNames: readonly string[];
}

/** What a router's objects say now. */
export interface TrafficState {
  /** undefined = the router's objects do not carry a split of this rollout yet. */
  readonly inForce: Omit<TrafficPlan, "managedRouteNames"> | undefined;
  /**
   * Whether the data plane serves exactly this state. undefined = this router cannot tell
   * (RouterCapabilities.acknowledges is false).
   */
  readonly acknowledged: boolean | undefined;
  /** Why it is not acknowledged, for people ("gateway runs generation 7, wants 8"). */
  readonly waitingFor: string | undefined;
  /** Nobody tells when the data plane has followed: ask again after so long. */
  readonly askAgainMs?: number;
  /** For status.albs: what stands behind each Ingress; undefined = this router knows of none. */
  readonly albs?: readonly Json[];
}
