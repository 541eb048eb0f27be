// Splits traffic by the weights of one TraefikService (`spec.weighted.services`): the entries of the
// canary and the stable Service; all others keep theirs. weighted-service.ts is the translation.
import type { TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import type { ObjectRef } from "../../api/meta/object.ts";
import { bringTo, mustGet, refusedAs } from "../router-objects.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type RouterSettings,
  type TrafficRouter,
} from "../router.ts";
import { servicesOf, twoWaySplit, unconfirmed } from "../split.ts";
import {
  readWeights,
  totalWeight,
  withWeights,
  type SplitServices,
  type TraefikService,
} from "./weighted-service.ts";

const capabilities = {
  headerRoutes: false,
  mirrorRoutes: false,
  experimentWeights: false,
  acknowledges: false,
} as const satisfies RouterCapabilities;

const kind = "TraefikService";
const plural = "traefikservices";

class TraefikRouter implements TrafficRouter {
  readonly kind = "traefik";
  readonly capabilities = capabilities;
  readonly watches: readonly ObjectRef[];
  readonly #context: RouterContext;
  readonly #ref: ObjectRef;
  readonly #services: SplitServices;

  constructor(ref: ObjectRef, services: SplitServices, context: RouterContext) {
    this.#context = context;
    this.#ref = ref;
    this.#services = services;
    this.watches = [ref];
  }

  async read(): Promise<TrafficState> {
    const weights = readWeights(await this.#own(), this.#services);
    return unconfirmed(twoWaySplit(this.#services, weights));
  }

  async apply({ canary, stable }: TrafficPlan): Promise<void> {
    const services = {
      canary: canary.service ?? this.#services.canary,
      stable: stable.service ?? this.#services.stable,
    };
    await this.#write(services, canary.weight);
  }

  async #own(): Promise<TraefikService> {
    const { name, apiVersion } = this.#ref;
    const group = apiVersion.split("/")[0] ?? "";
    const message = `${plural}.${group} "${name}" not found`;
    const missing = (): RouterError => new RouterError("TrafficRoutingError", message);
    return mustGet<TraefikService>(this.#context, this.#ref, missing);
  }

  async #write(services: SplitServices, canaryWeight: number): Promise<void> {
    const before = await this.#own();
    const after = withWeights(before, services, {
      canary: canaryWeight,
      stable: totalWeight - canaryWeight,
    });
    try {
      await bringTo(this.#context, before, after);
    } catch (error) {
      const refused = refusedAs(error, `Error updating traefik service "${this.#ref.name}"`);
      if (!(refused instanceof RouterError)) throw refused;
      throw new RouterError("TraefikServiceUpdateError", refused.message, { cause: error });
    }
  }
}

function apiVersionOf({ traefikApiVersion = "traefik.io/v1alpha1" }: RouterSettings): string {
  return traefikApiVersion;
}

export const traefikRouter: RouterFactory = {
  kind: "traefik",
  capabilities,
  watchedKinds: (settings) => [{ apiVersion: apiVersionOf(settings), kind }],
  create({ config }, context) {
    const { namespace } = context.rollout;
    const services = servicesOf(context.rollout, "traefik");
    const name = config["weightedTraefikServiceName"];
    if (typeof name !== "string" || name === "") {
      const field = "spec.strategy.canary.trafficRouting.traefik.weightedTraefikServiceName";
      throw new RouterError("TrafficRoutingError", `${field}: name the TraefikService to split`);
    }
    const ref = { apiVersion: apiVersionOf(context.settings ?? {}), kind, namespace, name };
    return new TraefikRouter(ref, services, context);
  },
};
