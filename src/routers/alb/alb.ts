// Splits traffic of AWS application load balancers: annotations of Ingresses that the AWS load
// balancer controller turns into listener rules. ingress-edit.ts holds the translation, verify.ts asks
// what the load balancers serve (only where the installation says so); this file reads and writes.
import type { RouterConfig } from "../../api/argo/rollout.ts";
import type { TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import { objectOf, stringsOf, textOf } from "../../api/argo/validate/json-fields.ts";
import type { Ingress } from "../../api/kubernetes/ingress.ts";
import type { ObjectRef } from "../../api/meta/object.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import type { JsonObject } from "../../lib/json.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type TrafficRouter,
} from "../router.ts";
import { bringTo, mustGet, refusedAs, tellOf } from "../router-objects.ts";
import { agreed, servicesOf, unconfirmed, type InForce } from "../split.ts";
import { mustLeadTo, splitOf, withPlan, type AlbConfig, type AlbRollout } from "./ingress-edit.ts";
import { releasableIngress } from "./release.ts";
import { recordedAlbs, verify, wasVerified, type Verification } from "./verify.ts";
import type { Stickiness } from "./wire.ts";

const kind = "alb";
const usualPrefix = "alb.ingress.kubernetes.io";
const longestStickinessSeconds = 604_800;
const largestWeight = 999;
/** How often load balancers are asked until they serve what they should, unless the settings say. */
const usualAskAgainMs = 10_000;

const capabilities = {
  headerRoutes: true,
  mirrorRoutes: false,
  experimentWeights: true,
  acknowledges: false,
} as const satisfies RouterCapabilities;

function wrong(message: string): RouterError {
  return new RouterError("TrafficRoutingError", message);
}

function stickinessOf(config: JsonObject): Stickiness | undefined {
  const { enabled, durationSeconds } = objectOf(config, "stickinessConfig");
  if (enabled !== true) return undefined;
  const isInRange =
    typeof durationSeconds === "number" &&
    durationSeconds >= 1 &&
    durationSeconds <= longestStickinessSeconds;
  if (isInRange) return { durationSeconds };
  throw wrong(
    "TargetGroupStickinessConfig's duration must be between 1 and 604800 seconds (7 days)!",
  );
}

function ingressesOf(config: JsonObject): readonly string[] {
  const single = textOf(config, "ingress");
  const several = stringsOf(config, "ingresses");
  if ((single === "") !== (several.length === 0)) return single === "" ? several : [single];
  const which = single === "" ? "Neither" : "Both";
  throw wrong(`Either Ingress or Ingresses must be configured. ${which} are configured.`);
}

function parseConfig({ config }: RouterConfig, stable: string): AlbConfig {
  const { servicePort } = config;
  if (typeof servicePort !== "number") {
    throw wrong("spec.strategy.canary.trafficRouting.alb.servicePort must be set");
  }
  return {
    prefix: textOf(config, "annotationPrefix") || usualPrefix,
    servicePort,
    root: textOf(config, "rootService") || stable,
    stickiness: stickinessOf(config),
  };
}

class AlbRouter implements TrafficRouter {
  readonly kind = kind;
  readonly capabilities: RouterCapabilities;
  readonly watches: readonly ObjectRef[];
  readonly #context: RouterContext;
  readonly #config: AlbConfig;
  readonly #rollout: AlbRollout;

  constructor(ingresses: readonly string[], config: AlbConfig, context: RouterContext) {
    const { name, namespace, managedRoutes } = context.rollout;
    this.#context = context;
    this.#config = config;
    this.#rollout = { name, managedRoutes, ...servicesOf(context.rollout, kind) };
    this.capabilities = {
      ...capabilities,
      acknowledges: context.settings?.targetGroups !== undefined,
    };
    this.watches = ingresses.map((ingress) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      namespace,
      name: ingress,
    }));
  }

  async read(): Promise<TrafficState> {
    const ingresses = await Promise.all(this.watches.map(async (ref) => this.#get(ref)));
    const inForce = agreed(ingresses.map((ingress) => this.#read(ingress)));
    const { settings, rollout } = this.#context;
    if (settings?.targetGroups === undefined) return unconfirmed(inForce);
    const waiting = { inForce, acknowledged: false, albs: recordedAlbs(rollout.owner) };
    if (inForce === undefined) return { ...waiting, waitingFor: "the Ingress to be annotated" };
    if (wasVerified(rollout.owner, inForce)) {
      return { ...waiting, acknowledged: true, waitingFor: undefined };
    }
    const { servicePort } = this.#config;
    const asked = { targetGroups: settings.targetGroups, servicePort, ingresses, split: inForce };
    return this.#answer(waiting, await verify(asked));
  }

  async #answer(
    waiting: Pick<TrafficState, "inForce" | "albs">,
    { waitingFor, error, albs }: Verification,
  ): Promise<TrafficState> {
    if (error !== undefined) {
      const { generation = 0 } = this.#context.rollout.owner.metadata;
      const event = { type: "Warning", reason: "WeightVerifyError", message: error } as const;
      await this.#context.tell?.({ ...event, cause: String(generation) });
    }
    const seen = { ...waiting, ...(albs.length === 0 ? {} : { albs }) };
    if (waitingFor === undefined) return { ...seen, acknowledged: true, waitingFor };
    const { verifyRetryMs: askAgainMs = usualAskAgainMs } = this.#context.settings ?? {};
    return { ...seen, acknowledged: false, waitingFor, askAgainMs };
  }

  async apply(plan: TrafficPlan): Promise<void> {
    if (plan.maxWeight > largestWeight) {
      throw wrong(
        `spec.strategy.canary.trafficRouting.maxTrafficWeight is ${plan.maxWeight}; a load balancer's weights go up to ${largestWeight}`,
      );
    }
    for (const ref of this.watches) {
      const ingress = await this.#get(ref);
      mustLeadTo(ingress, this.#config);
      const before = splitOf(ingress, this.#config, this.#rollout);
      const wanted = withPlan(ingress, plan, this.#config, this.#rollout);
      await this.#patch(ingress, wanted, changeText(before, plan));
    }
  }

  /** Annotations or paths that are not what the split would make of them carry none. */
  #read(ingress: Ingress): InForce | undefined {
    mustLeadTo(ingress, this.#config);
    const split = splitOf(ingress, this.#config, this.#rollout);
    if (split === undefined) return undefined;
    const wanted = withPlan(ingress, split, this.#config, this.#rollout);
    return deepEqual(wanted, ingress) ? split : undefined;
  }

  async #get(ref: ObjectRef): Promise<Ingress> {
    return mustGet<Ingress>(this.#context, ref, () =>
      wrong(
        `error retrieving Ingress \`${ref.name}\`: ingresses.networking.k8s.io "${ref.name}" not found`,
      ),
    );
  }

  async #patch(live: Ingress, wanted: Ingress, change: string): Promise<void> {
    const { name } = live.metadata;
    try {
      const written = await bringTo(this.#context, live, wanted);
      if (!written) return;
      await tellOf(
        this.#context,
        written,
        "PatchingALBIngress",
        `Updating Ingress \`${name}\` ${change}`,
      );
    } catch (error) {
      throw refusedAs(error, `error patching alb ingress \`${name}\``);
    }
  }
}

function changeText(before: InForce | undefined, { canary, routes }: TrafficPlan): string {
  const isOnlyRoutes = before?.canary.weight === canary.weight && !deepEqual(before.routes, routes);
  if (!isOnlyRoutes) return `to desiredWeight '${canary.weight}'`;
  if (routes.length === 0) return "removing managed routes";
  return `to header routes '${routes.map(({ name }) => name).join(", ")}'`;
}

export const albRouter: RouterFactory = {
  kind,
  capabilities,
  watchedKinds: () => [{ apiVersion: "networking.k8s.io/v1", kind: "Ingress" }],
  releasable: () => [releasableIngress],
  create(config, context) {
    const { stable } = servicesOf(context.rollout, kind);
    const ingresses = ingressesOf(config.config);
    return new AlbRouter(ingresses, parseConfig(config, stable), context);
  },
};
