// Splits traffic by a TrafficSplit of the Service Mesh Interface that belongs to the rollout.
// traffic-split.ts holds the translation plan <-> object; this file reads and writes.
import type { RouterConfig } from "../../api/argo/rollout.ts";
import type { TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import { textOf } from "../../api/argo/validate/json-fields.ts";
import { controllerReference, type ObjectRef } from "../../api/meta/object.ts";
import { errorText } from "../../runtime/log.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type TrafficRouter,
} from "../router.ts";
import { bringTo, fieldManager, getOwn, refusedAs, tellOf } from "../router-objects.ts";
import { servicesOf, unconfirmed } from "../split.ts";
import { apiVersionOf, splitOf, versionOf, withPlan, type TrafficSplit } from "./traffic-split.ts";

const kind = "smi";

const capabilities = {
  headerRoutes: false,
  mirrorRoutes: false,
  experimentWeights: true,
  acknowledges: false,
} as const satisfies RouterCapabilities;

type Version = NonNullable<ReturnType<typeof versionOf>>;

interface SmiWorld {
  readonly version: Version;
  readonly root: string;
  readonly canary: string;
  readonly stable: string;
}

class SmiRouter implements TrafficRouter {
  readonly kind = kind;
  readonly capabilities = capabilities;
  readonly watches: readonly ObjectRef[];
  readonly #context: RouterContext;
  readonly #world: SmiWorld;
  readonly #ref: ObjectRef;

  constructor(name: string, world: SmiWorld, context: RouterContext) {
    this.#context = context;
    this.#world = world;
    const { namespace } = context.rollout;
    const apiVersion = apiVersionOf(world.version);
    this.#ref = { apiVersion, kind: "TrafficSplit", namespace, name };
    this.watches = [this.#ref];
  }

  async read(): Promise<TrafficState> {
    const live = await this.#own();
    return unconfirmed(live && splitOf(live, this.#world));
  }

  async apply(plan: TrafficPlan): Promise<void> {
    const live = await this.#own();
    if (!live) {
      await this.#create(plan);
      return;
    }
    try {
      await bringTo(this.#context, live, withPlan(live, plan, this.#world));
    } catch (error) {
      throw refusedAs(error, `error patching TrafficSplit \`${live.metadata.name}\``);
    }
  }

  async #own(): Promise<TrafficSplit | undefined> {
    return getOwn<TrafficSplit>(this.#context, this.#ref, () => {
      const message = `Rollout does not own TrafficSplit \`${this.#ref.name}\``;
      return new RouterError("TrafficRoutingError", message);
    });
  }

  async #create(plan: TrafficPlan): Promise<void> {
    const { store, rollout } = this.#context;
    const { apiVersion, namespace, name } = this.#ref;
    const ownerReferences = [controllerReference(rollout.owner)];
    const metadata = { namespace, name, ownerReferences };
    const wanted = withPlan({ apiVersion, kind: "TrafficSplit", metadata }, plan, this.#world);
    const split = `TrafficSplit \`${name}\``;
    try {
      const created = await store.create(wanted, { fieldManager });
      await tellOf(this.#context, created, "TrafficSplitCreated", `${split} created`);
    } catch (error) {
      const refusal = refusedAs(error, `${split} failed creation`);
      if (refusal instanceof RouterError) {
        const message = `${split} failed creation: ${errorText(error)}`;
        await tellOf(this.#context, rollout.owner, "TrafficSplitNotCreated", message);
      }
      throw refusal;
    }
  }
}

function create({ config }: RouterConfig, context: RouterContext): TrafficRouter {
  const services = servicesOf(context.rollout, kind);
  const version = versionOf(context.settings ?? {});
  if (version === undefined) {
    const given = context.settings?.trafficSplitApiVersion ?? "";
    throw new RouterError(
      "TrafficRoutingError",
      `Unsupported TrafficSplit API version \`${given}\`; use v1alpha1, v1alpha2, v1alpha3 or v1alpha4`,
    );
  }
  const name = textOf(config, "trafficSplitName") || context.rollout.name;
  const root = textOf(config, "rootService") || services.stable;
  return new SmiRouter(name, { ...services, version, root }, context);
}

export const smiRouter: RouterFactory = {
  kind,
  capabilities,
  watchedKinds: (settings) => {
    const version = versionOf(settings);
    return version === undefined
      ? []
      : [{ apiVersion: apiVersionOf(version), kind: "TrafficSplit" }];
  },
  create,
};
