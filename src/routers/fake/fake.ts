// A router whose objects are one ConfigMap: `<rollout>-traffic`. It is the pattern to copy for a new
// router and keeps the sheet honest: what it cannot answer, no router can be asked. It is not in the
// registry: nobody's traffic goes through a ConfigMap.
import type { ConfigMap } from "../../api/kubernetes/workloads.ts";
import { controllerReference, isControlledBy, type ObjectRef } from "../../api/meta/object.ts";
import type { TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isStoreError } from "../../objects/object-store.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type TrafficRouter,
} from "../router.ts";

const capabilities = {
  headerRoutes: true,
  mirrorRoutes: true,
  experimentWeights: true,
  acknowledges: true,
} as const satisfies RouterCapabilities;

type InForce = NonNullable<TrafficState["inForce"]>;

/** `data.wanted` is what the router was told, `data.serving` what the data plane says it serves. */
export function fakeTrafficName(rollout: string): string {
  return `${rollout}-traffic`;
}

function withoutNames({ managedRouteNames: _names, ...inForce }: TrafficPlan): InForce {
  return inForce;
}

function readWanted(configMap: ConfigMap | undefined): InForce | undefined {
  const text = configMap?.data?.["wanted"];
  return text === undefined ? undefined : (JSON.parse(text) as InForce);
}

class FakeRouter implements TrafficRouter {
  readonly kind = "haldane.dev/fake";
  readonly capabilities = capabilities;
  readonly watches: readonly ObjectRef[];
  readonly #context: RouterContext;
  readonly #ref: ObjectRef;

  constructor(context: RouterContext) {
    const { namespace, name } = context.rollout;
    this.#context = context;
    this.#ref = { apiVersion: "v1", kind: "ConfigMap", namespace, name: fakeTrafficName(name) };
    this.watches = [this.#ref];
  }

  async read(): Promise<TrafficState> {
    const configMap = await this.#own();
    const wanted = readWanted(configMap);
    if (!wanted) return { inForce: undefined, acknowledged: undefined, waitingFor: undefined };
    const acknowledged = configMap?.data?.["serving"] === configMap?.data?.["wanted"];
    const waitingFor = acknowledged ? undefined : `the data plane to serve ${this.#ref.name}`;
    return { inForce: wanted, acknowledged, waitingFor };
  }

  async apply(plan: TrafficPlan): Promise<void> {
    const configMap = await this.#own();
    const wanted = withoutNames(plan);
    if (deepEqual(readWanted(configMap), wanted)) return;
    await this.#write(configMap, { ...configMap?.data, wanted: JSON.stringify(wanted) });
  }

  async #own(): Promise<ConfigMap | undefined> {
    const configMap = await this.#context.store.get<ConfigMap>(this.#ref);
    if (configMap && !isControlledBy(configMap, this.#context.rollout.owner)) {
      const { namespace, name } = this.#ref;
      throw new RouterError(
        "TrafficRoutingError",
        `ConfigMap ${namespace}/${name} belongs to somebody else`,
      );
    }
    return configMap;
  }

  async #write(existing: ConfigMap | undefined, data: ConfigMap["data"] & object): Promise<void> {
    const { store, rollout } = this.#context;
    if (existing) {
      await store.update({ ...existing, data });
      return;
    }
    const { namespace, name } = this.#ref;
    const ownerReferences = [controllerReference(rollout.owner)];
    const created: ConfigMap = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace, name, ownerReferences },
      data,
    };
    await store.create(created);
  }
}

export const fakeRouter: RouterFactory = {
  kind: "haldane.dev/fake",
  capabilities,
  watchedKinds: () => [{ apiVersion: "v1", kind: "ConfigMap" }],
  create: (_config, context) => new FakeRouter(context),
};

/** What a described data plane does: serve what is wanted. Returns whether that was a change. */
export async function acknowledgeFakeTraffic(
  context: Pick<RouterContext, "store">,
  ref: ObjectRef,
): Promise<boolean> {
  const configMap = await context.store.get<ConfigMap>(ref);
  const wanted = configMap?.data?.["wanted"];
  if (!configMap || wanted === undefined || configMap.data?.["serving"] === wanted) return false;
  try {
    await context.store.update({ ...configMap, data: { ...configMap.data, serving: wanted } });
    return true;
  } catch (error) {
    if (isStoreError(error, "Conflict") || isStoreError(error, "NotFound")) return false;
    throw error;
  }
}
