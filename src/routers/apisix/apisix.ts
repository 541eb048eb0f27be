// Splits traffic by the backend weights of an ApisixRoute; header routes are ApisixRoutes of ours.
// route-edit.ts holds the translation plan <-> objects; this file reads and writes.
import type { RouterConfig } from "../../api/argo/rollout.ts";
import type { TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import { objectOf, stringsOf, textOf } from "../../api/argo/validate/json-fields.ts";
import { isControlledBy, type ObjectRef } from "../../api/meta/object.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isStoreError } from "../../objects/object-store.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type TrafficRouter,
} from "../router.ts";
import { bringTo, fieldManager, getOwn, mustGet, refusedAs } from "../router-objects.ts";
import { servicesOf, unconfirmed } from "../split.ts";
import {
  headerRouteObject,
  headerRouteOf,
  headerRoutesOf,
  splitOf,
  withWeights,
  type ApisixRoute,
  type HeaderRoute,
  type SplitRules,
  type Weights,
} from "./route-edit.ts";

const kind = "apisix";
const apiVersion = "apisix.apache.org/v2";

const capabilities = {
  headerRoutes: true,
  mirrorRoutes: false,
  experimentWeights: false,
  acknowledges: false,
} as const satisfies RouterCapabilities;

class ApisixRouter implements TrafficRouter {
  readonly kind = kind;
  readonly capabilities = capabilities;
  readonly watches: readonly ObjectRef[];
  readonly #context: RouterContext;
  readonly #rules: SplitRules;
  readonly #base: ObjectRef;

  constructor(routeName: string, rules: SplitRules, context: RouterContext) {
    this.#context = context;
    this.#rules = rules;
    this.#base = this.#refTo(routeName);
    this.watches = [this.#base, ...context.rollout.managedRoutes.map((name) => this.#refTo(name))];
  }

  async read(): Promise<TrafficState> {
    const base = await this.#getBase();
    const split = splitOf(base, this.#rules);
    return unconfirmed(split && { ...split, routes: await this.#readRoutes(base) });
  }

  async apply(plan: TrafficPlan): Promise<void> {
    const wanted = headerRoutesOf(plan);
    for (const name of plan.managedRouteNames) {
      if (!wanted.some((route) => route.name === name)) await this.#remove(name);
    }
    const base = await this.#weigh(await this.#getBase(), {
      canary: plan.canary.weight,
      stable: plan.stable.weight,
    });
    for (const [index, route] of wanted.entries()) {
      await this.#setHeaderRoute(base, route, wanted.length - index);
    }
  }

  #refTo(name: string): ObjectRef {
    const { namespace } = this.#context.rollout;
    return { apiVersion, kind: "ApisixRoute", namespace, name };
  }

  async #getBase(): Promise<ApisixRoute> {
    const { name } = this.#base;
    return mustGet<ApisixRoute>(
      this.#context,
      this.#base,
      () =>
        new RouterError(
          "TrafficRoutingError",
          `apisixroutes.apisix.apache.org "${name}" not found`,
        ),
    );
  }

  /** In the order of managedRoutes. One that no longer follows its base route is not in force. */
  async #readRoutes(base: ApisixRoute): Promise<readonly HeaderRoute[]> {
    const { store, rollout } = this.#context;
    const { owner, managedRoutes } = rollout;
    const objects = await Promise.all(
      managedRoutes.map(async (name) => store.get<ApisixRoute>(this.#refTo(name))),
    );
    const found = objects.flatMap((live) => {
      const route = live && isControlledBy(live, owner) ? headerRouteOf(live) : undefined;
      return live && route ? [{ live, route }] : [];
    });
    return found
      .filter(({ live, route }, index) => {
        const precedence = found.length - index;
        const of = { base, rules: this.#rules, owner, route, precedence, live };
        return deepEqual(headerRouteObject(of), live);
      })
      .map(({ route }) => route);
  }

  async #weigh(base: ApisixRoute, weights: Weights): Promise<ApisixRoute> {
    const wanted = withWeights(base, this.#rules, weights);
    try {
      return (await bringTo(this.#context, base, wanted)) ?? base;
    } catch (error) {
      const text = `Error updating apisix route "${this.#base.name}"`;
      throw refusedAs(error, text, "ApisixRouteUpdateError");
    }
  }

  async #setHeaderRoute(base: ApisixRoute, route: HeaderRoute, precedence: number): Promise<void> {
    const { store, rollout } = this.#context;
    const { name } = route;
    const live = await getOwn<ApisixRoute>(this.#context, this.#refTo(name), () => {
      const message = `duplicate ApisixRoute [${name}] already exists`;
      return new RouterError("ApisixRouteCreateError", message);
    });
    const { owner } = rollout;
    const of = { base, rules: this.#rules, owner, route, precedence, live };
    const wanted = headerRouteObject(of);
    const [verb, reason] = live
      ? (["updating", "ApisixRouteUpdateError"] as const)
      : (["creating", "ApisixRouteCreateError"] as const);
    try {
      await (live ? bringTo(this.#context, live, wanted) : store.create(wanted, { fieldManager }));
    } catch (error) {
      throw refusedAs(error, `Error ${verb} apisix route "${name}"`, reason);
    }
  }

  /** Only what is ours: a route of the same name that somebody else wrote stays. */
  async #remove(name: string): Promise<void> {
    const { store, rollout } = this.#context;
    const ref = this.#refTo(name);
    const live = await store.get(ref);
    if (!live || !isControlledBy(live, rollout.owner)) return;
    const { uid } = live.metadata;
    try {
      await store.delete(ref, uid === undefined ? {} : { preconditions: { uid } });
    } catch (error) {
      if (isStoreError(error, "NotFound")) return;
      throw refusedAs(error, `Error deleting apisix route "${name}"`, "ApisixRouteDeleteError");
    }
  }
}

function create({ config }: RouterConfig, context: RouterContext): TrafficRouter {
  const route = objectOf(config, "route");
  const name = textOf(route, "name");
  if (name === "") {
    throw new RouterError(
      "TrafficRoutingError",
      "spec.strategy.canary.trafficRouting.apisix.route.name must be set: the ApisixRoute to split",
    );
  }
  const listed = stringsOf(route, "rules");
  const names = listed.length === 0 ? [name] : listed;
  return new ApisixRouter(name, { names, ...servicesOf(context.rollout, kind) }, context);
}

export const apisixRouter: RouterFactory = {
  kind,
  capabilities,
  watchedKinds: () => [{ apiVersion, kind: "ApisixRoute" }],
  create,
};
