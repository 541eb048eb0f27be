// Splits traffic by the backendRefs of HTTPRoutes, under the name and configuration of Argo's
// community plugin: `plugins["argoproj-labs/gatewayAPI"]: { httpRoute | httpRoutes, namespace }`.
// route-edit.ts holds the pure translation plan <-> HTTPRoute; this file reads and writes.
import type { HTTPRoute } from "../../api/gateway/http-route.ts";
import type { RouterConfig } from "../../api/argo/rollout.ts";
import type { TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import type { ObjectRef } from "../../api/meta/object.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isJsonObject, type Json } from "../../lib/json.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type TrafficRouter,
} from "../router.ts";
import { acknowledgement } from "./acknowledgement.ts";
import { readSplit, withPlan, withoutCanary, type SplitServices } from "./route-edit.ts";

const kind = "argoproj-labs/gatewayAPI";

const capabilities = {
  headerRoutes: true,
  mirrorRoutes: true,
  experimentWeights: true,
  acknowledges: true,
} as const satisfies RouterCapabilities;

interface GatewayApiConfig {
  readonly namespace: string;
  readonly routeNames: readonly string[];
}

function refuse(message: string): never {
  throw new RouterError(
    "TrafficRoutingError",
    `spec.strategy.canary.trafficRouting.plugins["${kind}"]: ${message}`,
  );
}

function nameOfRoute(entry: Json): string {
  if (isJsonObject(entry) && typeof entry["name"] === "string") return entry["name"];
  return refuse("every entry of httpRoutes needs a name");
}

function parseConfig({ config }: RouterConfig, rolloutNamespace: string): GatewayApiConfig {
  for (const key of ["grpcRoute", "grpcRoutes", "tcpRoute", "tcpRoutes", "tlsRoutes"]) {
    if (config[key] !== undefined) refuse(`${key} is not carried out yet; use httpRoute`);
  }
  const { httpRoute, httpRoutes, namespace } = config;
  const listed = Array.isArray(httpRoutes) ? (httpRoutes as readonly Json[]).map(nameOfRoute) : [];
  const routeNames = typeof httpRoute === "string" ? [httpRoute, ...listed] : listed;
  if (routeNames.length === 0) refuse("httpRoute is required: the name of the HTTPRoute to split");
  return { namespace: typeof namespace === "string" ? namespace : rolloutNamespace, routeNames };
}

class GatewayApiRouter implements TrafficRouter {
  readonly kind = kind;
  readonly capabilities = capabilities;
  readonly watches: readonly ObjectRef[];
  readonly #context: RouterContext;
  readonly #services: SplitServices;

  constructor(config: GatewayApiConfig, services: SplitServices, context: RouterContext) {
    this.#context = context;
    this.#services = services;
    this.watches = config.routeNames.map((name) => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      namespace: config.namespace,
      name,
    }));
  }

  /** Several routes carry the split only if they agree, and are acknowledged only together. */
  async read(): Promise<TrafficState> {
    const routes = await Promise.all(this.watches.map((ref) => this.#get(ref)));
    const splits = routes.map((route) => readSplit(route, this.#services));
    const [first] = splits;
    const inForce = splits.every((split) => deepEqual(split, first)) ? first : undefined;
    const waits = routes.map(acknowledgement);
    const waitingFor = waits.find((wait) => wait !== undefined);
    return { inForce, acknowledged: waitingFor === undefined, waitingFor };
  }

  async apply(plan: TrafficPlan): Promise<void> {
    for (const ref of this.watches) {
      await this.#edit(ref, (route) => withPlan(route, plan, this.#services));
    }
  }

  async finalize(): Promise<void> {
    for (const ref of this.watches) {
      const exists = await this.#context.store.get<HTTPRoute>(ref);
      if (exists) await this.#edit(ref, (route) => withoutCanary(route, this.#services));
    }
  }

  async #get(ref: ObjectRef): Promise<HTTPRoute> {
    const route = await this.#context.store.get<HTTPRoute>(ref);
    if (route) return route;
    throw new RouterError(
      "TrafficRoutingError",
      `HTTPRoute ${ref.namespace}/${ref.name} not found`,
    );
  }

  /** The write carries the version the edit was made from; a conflict is the caller's to retry. */
  async #edit(ref: ObjectRef, change: (route: HTTPRoute) => HTTPRoute): Promise<void> {
    const route = await this.#get(ref);
    const changed = change(route);
    if (deepEqual(route.spec, changed.spec)) return;
    await this.#context.store.update(changed, { fieldManager: "haldane-controller" });
  }
}

export const gatewayApiRouter: RouterFactory = {
  kind,
  capabilities,
  watchedKinds: () => [{ apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" }],
  create(config, context) {
    const { canaryService, stableService, namespace, name } = context.rollout;
    if (canaryService === undefined || stableService === undefined) {
      return refuse("canaryService and stableService must be set");
    }
    const services = {
      canary: canaryService,
      stable: stableService,
      owner: `${namespace}/${name}`,
    };
    return new GatewayApiRouter(parseConfig(config, namespace), services, context);
  },
};
