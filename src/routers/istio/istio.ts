// Splits traffic by the weighted destinations of VirtualServices: between two Services, or between two
// subsets of a DestinationRule, which then follow the versions by label. istio-config.ts reads the
// rollout's block; virtual-service.ts, destinations.ts, managed-routes.ts and destination-rule.ts are
// the pure translations; this file reads and writes, in an order that never leads to a subset without pods.
import type { TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import type { DestinationRule, VirtualService } from "../../api/istio/networking.ts";
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { bringTo, mustGet, refusedAs, tellOf } from "../router-objects.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type RouterSettings,
  type TrafficRouter,
} from "../router.ts";
import { destination, unconfirmed, type InForce } from "../split.ts";
import {
  readHashes,
  releasableRule,
  withSubsets,
  type SubsetGoal,
  type SubsetHashes,
} from "./destination-rule.ts";
import {
  parseIstioConfig,
  type IstioConfig,
  type Sides,
  type VirtualServiceUse,
} from "./istio-config.ts";
import { readSplit, withPlan, type RouteUse, type ServiceSplit } from "./virtual-service.ts";

/** Argo's reason for it, space included. */
const updatedService = "Updated VirtualService";

const capabilities = {
  headerRoutes: true,
  mirrorRoutes: true,
  experimentWeights: true,
  acknowledges: false,
} as const satisfies RouterCapabilities;

interface Rule {
  readonly object: DestinationRule;
  readonly sides: Extract<Sides, { by: "subset" }>;
}

/** What all VirtualServices agree on. */
function common(splits: readonly ServiceSplit[]): ServiceSplit {
  const [first = { shares: undefined, routes: [] }] = splits;
  const agree = splits.every((split) => deepEqual(split, first));
  return agree ? first : { ...first, shares: undefined };
}

function inForceOf(
  { shares, routes }: ServiceSplit,
  sides: Sides,
  hashes: SubsetHashes | undefined,
): InForce | undefined {
  // A subset without a hash is of every version: no split yet, whatever the weights say.
  if (shares === undefined || hashes?.canary === "" || hashes?.stable === "") return undefined;
  const serviceOf = (side: "canary" | "stable"): string | undefined =>
    sides.by === "host" ? sides[side] : undefined;
  const additional = shares.additional.map(([service, weight]) =>
    destination(service, weight, hashes?.additional.get(service)),
  );
  const given = additional.reduce((sum, { weight }) => sum + weight, 0);
  const { canary, stable } = shares;
  return {
    maxWeight: canary + stable + given,
    canary: destination(serviceOf("canary"), canary, hashes?.canary),
    stable: destination(serviceOf("stable"), stable, hashes?.stable),
    additional,
    routes,
  };
}

/**
 * Which subsets may follow their version before the weights change: one that is about to be used
 * must, one that nobody is led to may. The others follow once nobody is led to them any more.
 */
function earlyGoal(plan: TrafficPlan, { shares, routes }: ServiceSplit): SubsetGoal {
  const isCanaryNeeded = plan.canary.weight > 0 || plan.routes.length > 0;
  const isCanaryFree = shares?.canary === 0 && routes.length === 0;
  const isStableReady = plan.stable.weight > 0 || shares?.stable === 0;
  return {
    canary: isCanaryNeeded || isCanaryFree ? plan.canary.podTemplateHash : undefined,
    stable: isStableReady ? plan.stable.podTemplateHash : undefined,
    additional: plan.additional,
    isFinal: false,
  };
}

function finalGoal({ canary, stable, additional }: TrafficPlan): SubsetGoal {
  return {
    canary: canary.podTemplateHash,
    stable: stable.podTemplateHash,
    additional,
    isFinal: true,
  };
}

class IstioRouter implements TrafficRouter {
  readonly kind = "istio";
  readonly capabilities = capabilities;
  readonly watches: readonly ObjectRef[];
  readonly #context: RouterContext;
  readonly #config: IstioConfig;

  constructor(config: IstioConfig, context: RouterContext) {
    this.#context = context;
    this.#config = config;
    const rule = config.destinationRule ? [config.destinationRule] : [];
    this.watches = [...config.virtualServices.map(({ ref }) => ref), ...rule];
  }

  async read(): Promise<TrafficState> {
    const [split, rule] = await Promise.all([this.#split(), this.#rule()]);
    const hashes = rule && readHashes(rule.object, rule.sides);
    return unconfirmed(inForceOf(split, this.#config.sides, hashes));
  }

  async apply(plan: TrafficPlan): Promise<void> {
    const before = (await this.#rule())?.object;
    if (before) await this.#editRule(earlyGoal(plan, await this.#split()));
    for (const use of this.#config.virtualServices) await this.#editService(use, plan);
    if (before) await this.#tellRule(before, await this.#editRule(finalGoal(plan)));
  }

  #use({ reference }: VirtualServiceUse): RouteUse {
    const { managedRoutes } = this.#context.rollout;
    return { reference, sides: this.#config.sides, managedRoutes };
  }

  async #service({ ref, name }: VirtualServiceUse): Promise<VirtualService> {
    return mustGet<VirtualService>(
      this.#context,
      ref,
      () => new RouterError("VirtualServiceNotFound", `VirtualService \`${name}\` not found`),
    );
  }

  async #split(): Promise<ServiceSplit> {
    const splits = this.#config.virtualServices.map(async (use) =>
      readSplit(await this.#service(use), this.#use(use)),
    );
    return common(await Promise.all(splits));
  }

  async #rule(): Promise<Rule | undefined> {
    const { destinationRule: ref, sides } = this.#config;
    if (ref === undefined || sides.by !== "subset") return undefined;
    const object = await mustGet<DestinationRule>(
      this.#context,
      ref,
      () => new RouterError("DestinationRuleNotFound", `DestinationRule \`${ref.name}\` not found`),
    );
    return { object, sides };
  }

  async #editService(use: VirtualServiceUse, plan: TrafficPlan): Promise<void> {
    const before = await this.#service(use);
    const after = await this.#bring(before, withPlan(before, plan, this.#use(use)));
    if (after === undefined) return;
    const text = `VirtualService \`${use.name}\` set to desiredWeight '${String(plan.canary.weight)}'`;
    await tellOf(this.#context, after, updatedService, text);
    await this.#tellRoutes(use, before, after);
  }

  /** Told once for each managed route that is new, other than before, or gone. */
  async #tellRoutes(
    use: VirtualServiceUse,
    before: VirtualService,
    after: VirtualService,
  ): Promise<void> {
    const managed = ({ spec: { http = [] } }: VirtualService): typeof http =>
      http.filter(({ name = "" }) => this.#context.rollout.managedRoutes.includes(name));
    const [old, now] = [managed(before), managed(after)];
    for (const route of now) {
      const known = old.find(({ name }) => name === route.name);
      if (known && deepEqual(asJson({ ...known, route: [] }), asJson({ ...route, route: [] })))
        continue;
      const step = route.mirror ? "mirrorRoute" : "headerRoute";
      const text = `VirtualService \`${use.name}\` set ${step} '${route.name ?? ""}'`;
      await tellOf(this.#context, after, updatedService, text);
    }
    if (old.length === 0 || now.length > 0) return;
    const text = `VirtualService \`${use.name}\` removed all managed routes.`;
    await tellOf(this.#context, after, updatedService, text);
  }

  async #editRule(goal: SubsetGoal): Promise<DestinationRule | undefined> {
    const rule = await this.#rule();
    if (!rule) return undefined;
    const { object, sides } = rule;
    const wanted = withSubsets(object, goal, sides, this.#context.rollout.name);
    return (await this.#bring(object, wanted)) ?? object;
  }

  async #tellRule(before: DestinationRule, after: DestinationRule | undefined): Promise<void> {
    if (!after || deepEqual(asJson(before.spec), asJson(after.spec))) return;
    const { sides } = this.#config;
    if (sides.by !== "subset") return;
    const { canary, stable } = readHashes(after, sides);
    const subsets = `${sides.canary}: ${canary}, ${sides.stable}: ${stable}`;
    const text = `DestinationRule ${after.metadata.name} subset updated (${subsets})`;
    await tellOf(this.#context, after, "UpdatedDestinationRule", text);
  }

  async #bring<T extends KubeObject>(live: T, wanted: T): Promise<T | undefined> {
    try {
      return await bringTo(this.#context, live, wanted);
    } catch (error) {
      const { namespace = "", name } = live.metadata;
      throw refusedAs(error, `${live.kind} ${namespace}/${name} cannot be updated`);
    }
  }
}

/** Argo's default; every Istio since 1.0 serves it. Also written with its group. */
function apiVersionOf({ istioApiVersion = "v1alpha3" }: RouterSettings): string {
  return istioApiVersion.includes("/") ? istioApiVersion : `networking.istio.io/${istioApiVersion}`;
}

export const istioRouter: RouterFactory = {
  kind: "istio",
  capabilities,
  watchedKinds: (settings) =>
    ["VirtualService", "DestinationRule"].map((kind) => ({
      apiVersion: apiVersionOf(settings),
      kind,
    })),
  releasable: (settings) => [releasableRule(apiVersionOf(settings))],
  create({ config }, context) {
    const apiVersion = apiVersionOf(context.settings ?? {});
    return new IstioRouter(parseIstioConfig(config, context.rollout, apiVersion), context);
  },
};
