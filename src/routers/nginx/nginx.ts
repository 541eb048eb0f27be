// Splits traffic of ingress-nginx: beside each stable Ingress stands a canary Ingress of ours whose
// annotations say the weight. canary-ingress.ts makes it from the stable one; this file reads and writes.
import type { RouterConfig } from "../../api/argo/rollout.ts";
import type { TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import { objectOf, stringsOf, textOf } from "../../api/argo/validate/json-fields.ts";
import type { Ingress } from "../../api/kubernetes/ingress.ts";
import type { ObjectRef, StringMap } from "../../api/meta/object.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import type { JsonObject } from "../../lib/json.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type TrafficRouter,
} from "../router.ts";
import { bringTo, fieldManager, getOwn, mustGet, refusedAs, tellOf } from "../router-objects.ts";
import { agreed, servicesOf, twoWaySplit, unconfirmed, type InForce } from "../split.ts";
import {
  canaryIngress,
  canaryIngressName,
  splitOf,
  releasableIngress,
  type CanaryOf,
  type CanarySplit,
  type NginxConfig,
  type Sides,
} from "./canary-ingress.ts";

const kind = "nginx";
const usualPrefix = "nginx.ingress.kubernetes.io";

const capabilities = {
  headerRoutes: false,
  mirrorRoutes: false,
  experimentWeights: false,
  acknowledges: false,
} as const satisfies RouterCapabilities;

function stringMapOf(config: JsonObject, key: string): StringMap {
  const entries = Object.entries(objectOf(config, key));
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function parseConfig({ config }: RouterConfig): NginxConfig {
  const single = textOf(config, "stableIngress");
  const several = stringsOf(config, "stableIngresses");
  if ((single === "") === (several.length === 0)) {
    const which = single === "" ? "Neither" : "Both";
    throw new RouterError(
      "TrafficRoutingError",
      `Either StableIngress or StableIngresses must be configured. ${which} are configured.`,
    );
  }
  return {
    prefix: textOf(config, "annotationPrefix") || usualPrefix,
    stableIngresses: single === "" ? several : [single],
    additionalAnnotations: stringMapOf(config, "additionalIngressAnnotations"),
    canaryAnnotations: stringMapOf(config, "canaryIngressAnnotations"),
  };
}

/** One stable Ingress and the canary beside it. */
interface Pair {
  readonly stable: ObjectRef;
  readonly canary: ObjectRef;
}

class NginxRouter implements TrafficRouter {
  readonly kind = kind;
  readonly capabilities = capabilities;
  readonly watches: readonly ObjectRef[];
  readonly #context: RouterContext;
  readonly #config: NginxConfig;
  readonly #sides: Sides;
  readonly #pairs: readonly Pair[];

  constructor(config: NginxConfig, context: RouterContext) {
    this.#context = context;
    this.#config = config;
    this.#sides = servicesOf(context.rollout, kind);
    const { namespace, name: rollout } = context.rollout;
    const refTo = (name: string): ObjectRef => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      namespace,
      name,
    });
    this.#pairs = config.stableIngresses.map((name) => ({
      stable: refTo(name),
      canary: refTo(canaryIngressName(rollout, name)),
    }));
    this.watches = this.#pairs.flatMap(({ stable, canary }) => [stable, canary]);
  }

  async read(): Promise<TrafficState> {
    const splits = await Promise.all(this.#pairs.map((pair) => this.#read(pair)));
    return unconfirmed(agreed(splits));
  }

  async apply({ canary: { weight }, maxWeight }: TrafficPlan): Promise<void> {
    for (const pair of this.#pairs) await this.#bring(pair, { weight, maxWeight });
  }

  /** A canary Ingress that no longer follows its stable one carries no split. */
  async #read(pair: Pair): Promise<InForce | undefined> {
    const found = await this.#find(pair);
    const split = found.live && splitOf(found.live, this.#config);
    if (!split || !deepEqual(canaryIngress(found, split), found.live)) return undefined;
    const { weight, maxWeight } = split;
    return twoWaySplit(this.#sides, { canary: weight, stable: maxWeight - weight });
  }

  async #find({ stable: ref, canary }: Pair): Promise<CanaryOf> {
    const stable = await mustGet<Ingress>(this.#context, ref, () => {
      const why = `ingresses.networking.k8s.io "${ref.name}" not found`;
      return new RouterError(
        "TrafficRoutingError",
        `error retrieving stableIngress \`${ref.name}\` from cache: ${why}`,
      );
    });
    const live = await this.#own(canary);
    const { owner } = this.#context.rollout;
    return { stable, live, owner, config: this.#config, sides: this.#sides };
  }

  async #own(ref: ObjectRef): Promise<Ingress | undefined> {
    return getOwn<Ingress>(this.#context, ref, () => {
      const message = `canary ingress \`${ref.name}\` controlled by different object`;
      return new RouterError("TrafficRoutingError", message);
    });
  }

  async #bring(pair: Pair, split: CanarySplit): Promise<void> {
    const found = await this.#find(pair);
    const wanted = canaryIngress(found, split);
    await (found.live ? this.#patch(found.live, wanted, split) : this.#create(wanted, split));
  }

  async #create(wanted: Ingress, { weight }: CanarySplit): Promise<void> {
    const { name } = wanted.metadata;
    try {
      const created = await this.#context.store.create(wanted, { fieldManager });
      const message = `Creating canary ingress \`${name}\` with weight \`${weight}\``;
      await tellOf(this.#context, created, "CreatingCanaryIngress", message);
    } catch (error) {
      throw refusedAs(error, `error creating canary ingress \`${name}\``);
    }
  }

  async #patch(live: Ingress, wanted: Ingress, { weight }: CanarySplit): Promise<void> {
    const { name } = live.metadata;
    try {
      const written = await bringTo(this.#context, live, wanted);
      if (!written) return;
      const message = `Updating Ingress \`${name}\` to desiredWeight '${weight}'`;
      await tellOf(this.#context, written, "PatchingCanaryIngress", message);
    } catch (error) {
      throw refusedAs(error, `error patching canary ingress \`${name}\``);
    }
  }
}

export const nginxRouter: RouterFactory = {
  kind,
  capabilities,
  watchedKinds: () => [{ apiVersion: "networking.k8s.io/v1", kind: "Ingress" }],
  releasable: () => [releasableIngress],
  create: (config, context) => new NginxRouter(parseConfig(config), context),
};
