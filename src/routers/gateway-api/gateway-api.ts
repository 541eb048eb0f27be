// Splits traffic by the backendRefs of Gateway API routes, under the name and configuration of Argo's
// community plugin: `plugins["argoproj-labs/gatewayAPI"]: { httpRoute | httpRoutes | grpcRoute … }`.
// gateway-api-config.ts reads that; route-edit.ts holds the pure translation plan <-> route,
// progress-mark.ts the label for GitOps tools; this file reads and writes.
import type { ManagedRoute, TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import type { ObjectRef } from "../../api/meta/object.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type TrafficRouter,
} from "../router.ts";
import { bringTo, mustGet, refusedAs } from "../router-objects.ts";
import { servicesOf, type InForce } from "../split.ts";
import { acknowledgement, type AttachedRoute } from "./acknowledgement.ts";
import {
  parseGatewayApiConfig,
  pluginName,
  watchedRouteKinds,
  type GatewayApiConfig,
  type RouteUse,
} from "./gateway-api-config.ts";
import { withMark } from "./progress-mark.ts";
import { readSplit, withPlan, type SplitRoute, type SplitServices } from "./route-edit.ts";

const capabilities = {
  headerRoutes: true,
  mirrorRoutes: true,
  experimentWeights: true,
  acknowledges: true,
} as const satisfies RouterCapabilities;

type Route = SplitRoute & AttachedRoute;

function takes({ takesHeaderRoutes, takesMirrorRoutes }: RouteUse, route: ManagedRoute): boolean {
  return route.kind === "header" ? takesHeaderRoutes : takesMirrorRoutes;
}

/** While anybody but stable gets anything, or may by a header or a mirror. */
function isUnderWay({ canary, additional, routes }: TrafficPlan): boolean {
  const shares = [canary, ...additional].some(({ weight }) => weight > 0);
  return shares || routes.length > 0;
}

class GatewayApiRouter implements TrafficRouter {
  readonly kind = pluginName;
  readonly capabilities = capabilities;
  readonly watches: readonly ObjectRef[];
  readonly #context: RouterContext;
  readonly #config: GatewayApiConfig;
  readonly #services: Pick<SplitServices, "canary" | "stable">;

  constructor(config: GatewayApiConfig, context: RouterContext) {
    this.#context = context;
    this.#config = config;
    this.#services = servicesOf(context.rollout, `plugins["${pluginName}"]`);
    this.watches = config.routes.map(({ ref }) => ref);
  }

  /** Several routes carry the split only if they agree, and are acknowledged only together. */
  async read(): Promise<TrafficState> {
    const { routes: uses } = this.#config;
    const routes = await Promise.all(uses.map(async ({ ref }) => this.#get(ref)));
    const splits = routes.map((route, index) => readSplit(route, this.#splitOf(uses[index])));
    const waitingFor = routes.map(acknowledgement).find((wait) => wait !== undefined);
    return {
      inForce: this.#common(splits),
      acknowledged: waitingFor === undefined,
      waitingFor,
    };
  }

  async apply(plan: TrafficPlan): Promise<void> {
    const { routes: uses, mark } = this.#config;
    const homeless = plan.routes.find((route) => !uses.some((use) => takes(use, route)));
    if (homeless) throw nowhereFor(homeless);
    for (const use of uses) {
      const ownPlan = { ...plan, routes: plan.routes.filter((route) => takes(use, route)) };
      await this.#edit(use, (route, split) => {
        const edited = withPlan(route, ownPlan, split);
        return withMark(edited, mark, this.#rolloutKey(), isUnderWay(plan));
      });
    }
  }

  #rolloutKey(): string {
    const { namespace, name } = this.#context.rollout;
    return `${namespace}/${name}`;
  }

  #splitOf(use: RouteUse | undefined): SplitServices {
    const { managedRoutes } = this.#context.rollout;
    return { ...this.#services, ruleName: use?.ruleName, managedRoutes };
  }

  /** Weights all agree on; managed routes in the order of managedRoutes, each wherever it can be. */
  #common(splits: readonly (InForce | undefined)[]): InForce | undefined {
    const [first] = splits;
    if (first === undefined) return undefined;
    const found = splits.flatMap((split) => split?.routes ?? []);
    const { managedRoutes } = this.#context.rollout;
    const routes = managedRoutes.flatMap((name) => found.find((one) => one.name === name) ?? []);
    const agree = splits.every((split, index) => {
      const use = this.#config.routes[index];
      const own = routes.filter((route) => use !== undefined && takes(use, route));
      return deepEqual(split, { ...first, routes: own });
    });
    return agree ? { ...first, routes } : undefined;
  }

  async #get(ref: ObjectRef): Promise<Route> {
    const message = `${ref.kind} ${ref.namespace}/${ref.name} not found`;
    return mustGet<Route>(
      this.#context,
      ref,
      () => new RouterError("TrafficRoutingError", message),
    );
  }

  /** The write carries the version the edit was made from; a conflict is the caller's to retry. */
  async #edit(use: RouteUse, change: (route: Route, split: SplitServices) => Route): Promise<void> {
    const route = await this.#get(use.ref);
    try {
      await bringTo(this.#context, route, change(route, this.#splitOf(use)));
    } catch (error) {
      const { kind, namespace, name } = use.ref;
      throw refusedAs(error, `${kind} ${namespace}/${name} cannot be updated`);
    }
  }
}

function nowhereFor({ kind, name }: ManagedRoute): RouterError {
  const [step, hint] =
    kind === "header"
      ? ["setHeaderRoute", "set useHeaderRoutes: true on an entry of httpRoutes or grpcRoutes"]
      : ["setMirrorRoute", "only an HTTPRoute can mirror: name one in httpRoute or httpRoutes"];
  const place = `spec.strategy.canary.trafficRouting.plugins["${pluginName}"]`;
  return new RouterError("TrafficRoutingError", `${place}: ${step} ${name} has no route; ${hint}`);
}

export const gatewayApiRouter: RouterFactory = {
  kind: pluginName,
  capabilities,
  watchedKinds: () => watchedRouteKinds,
  create({ config }, context) {
    const parsed = parseGatewayApiConfig(config, context.rollout.namespace);
    return new GatewayApiRouter(parsed, context);
  },
};
