// Istio's networking kinds as far as deliveries use them: VirtualServices (routes with weighted
// destinations) and DestinationRules (subsets by label). Wire shapes, the same in v1alpha3, v1beta1
// and v1; unknown fields are kept. select-routes.ts beside this says which routes a rollout drives.
import type { KubeObject, StringMap } from "../meta/object.ts";

export interface IstioDestination {
  /** A Service: short name or full domain name. */
  readonly host: string;
  readonly subset?: string;
  readonly port?: { readonly number?: number };
}

export interface RouteDestination {
  readonly destination: IstioDestination;
  readonly weight?: number;
}

export interface IstioStringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

export interface IstioHttpMatch {
  readonly uri?: IstioStringMatch;
  readonly method?: IstioStringMatch;
  readonly headers?: Readonly<Record<string, IstioStringMatch>>;
}

export interface IstioHttpRoute {
  readonly name?: string;
  readonly match?: readonly IstioHttpMatch[];
  readonly route?: readonly RouteDestination[];
  readonly mirror?: IstioDestination;
  /** Of a route with `mirror`; 100 unless set. */
  readonly mirrorPercentage?: { readonly value?: number };
}

/** A route of `spec.tls` or `spec.tcp`. */
export interface IstioConnectionRoute {
  readonly match?: readonly { readonly port?: number; readonly sniHosts?: readonly string[] }[];
  readonly route?: readonly RouteDestination[];
}

export interface VirtualService extends KubeObject {
  readonly kind: "VirtualService";
  readonly spec: {
    readonly hosts?: readonly string[];
    readonly gateways?: readonly string[];
    readonly http?: readonly IstioHttpRoute[];
    readonly tls?: readonly IstioConnectionRoute[];
    readonly tcp?: readonly IstioConnectionRoute[];
  };
}

export interface IstioSubset {
  readonly name: string;
  readonly labels?: StringMap;
}

export interface DestinationRule extends KubeObject {
  readonly kind: "DestinationRule";
  readonly spec: { readonly host: string; readonly subsets?: readonly IstioSubset[] };
}
