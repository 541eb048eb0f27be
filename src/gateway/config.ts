// gateway: Haldane's embedded data plane, a process of its own that must never lose a request.
// This file is its contract: the control plane compiles routing objects into a GatewayConfig and puts it
// over the admin socket (client.ts); gateway.ts swaps it in between two requests. routing/ picks a rule and
// a backend, proxy/ moves the bytes, stats/ counts them, admin.ts answers the control plane.
// May import lib, undici, pino and zod. A new kind of match goes to routing/match.ts, a new filter to
// the Filter union here; config-validation.ts must learn both.

/** Everything the gateway does, as JSON. A config with a lower generation than the live one is refused. */
export interface GatewayConfig {
  /** Grows with every change; acknowledged once the new table is live. A whole number from 0. */
  readonly generation: number;
  readonly listeners: readonly Listener[];
  readonly backends: readonly Backend[];
}

/** One open port and the routes behind it. */
export interface Listener {
  readonly name: string;
  /** 0 takes a free port, which is reported and kept over swaps and restarts. */
  readonly port: number;
  /** The address to bind; 127.0.0.1 by default. */
  readonly address?: string;
  readonly routes: readonly Route[];
}

export interface Route {
  readonly name: string;
  /** Exact names or `*.suffix`; none means every host. */
  readonly hostnames?: readonly string[];
  readonly rules: readonly Rule[];
}

/** Requests that satisfy one of `matches` (none: every request) go to `backends` in proportion to their weights. */
export interface Rule {
  readonly matches?: readonly Match[];
  readonly filters?: readonly Filter[];
  readonly backends: readonly WeightedBackend[];
  readonly timeouts?: Timeouts;
}

/** All conditions present must hold. */
export interface Match {
  readonly path?: { readonly type: PathMatchType; readonly value: string };
  readonly headers?: readonly HeaderMatch[];
  readonly method?: string;
  readonly queryParams?: readonly QueryParamMatch[];
}

export const pathMatchTypes = ["Exact", "PathPrefix", "RegularExpression"] as const;
export type PathMatchType = (typeof pathMatchTypes)[number];

export const headerMatchTypes = ["Exact", "RegularExpression", "Prefix"] as const;
export interface HeaderMatch {
  readonly type: (typeof headerMatchTypes)[number];
  readonly name: string;
  readonly value: string;
}

export const queryParamMatchTypes = ["Exact", "RegularExpression"] as const;
export interface QueryParamMatch {
  readonly type: (typeof queryParamMatchTypes)[number];
  readonly name: string;
  readonly value: string;
}

export type Filter = RequestHeadersFilter | MirrorFilter;

/** Changes the request's headers on their way to the backend: removes first, then sets, then adds. */
export interface RequestHeadersFilter {
  readonly kind: "requestHeaders";
  readonly set?: readonly HeaderField[];
  readonly add?: readonly HeaderField[];
  readonly remove?: readonly string[];
}

/** Sends a copy of `percent` (0 to 100, 100 by default) of the rule's requests to another backend and discards the answers. */
export interface MirrorFilter {
  readonly kind: "mirror";
  readonly backend: string;
  readonly percent?: number;
}

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** `weight` is a share of the rule's sum, a whole number from 0; 0 receives nothing. */
export interface WeightedBackend {
  readonly backend: string;
  readonly weight: number;
}

/** None by default. `requestMs` bounds the whole exchange, `backendRequestMs` one attempt at a backend. */
export interface Timeouts {
  readonly requestMs?: number;
  readonly backendRequestMs?: number;
}

/** A Service and its port; the name is `namespace/service:port`. */
export interface Backend {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

/** One ready pod's port. `version` is its `rollouts-pod-template-hash`, or empty. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** `namespace/name` */
  readonly pod: string;
  readonly version: string;
}

export const defaultListenerAddress = "127.0.0.1";

/** What a gateway that was never configured serves: nothing. */
export const emptyConfig: GatewayConfig = { generation: 0, listeners: [], backends: [] };
