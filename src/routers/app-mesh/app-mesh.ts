// Splits traffic of AWS App Mesh: VirtualService → VirtualRouter, whose routes are weighted between
// two VirtualNodes. mesh-edit.ts holds the translation; this file reads and writes, in an order in
// which no node ever has traffic for pods that are not meant to have it.
import type { RouterConfig } from "../../api/argo/rollout.ts";
import type { TrafficPlan, TrafficState } from "../../api/argo/traffic.ts";
import { objectOf, stringsOf, textOf } from "../../api/argo/validate/json-fields.ts";
import type { ObjectRef } from "../../api/meta/object.ts";
import {
  RouterError,
  type RouterCapabilities,
  type RouterContext,
  type RouterFactory,
  type RouterSettings,
  type TrafficRouter,
} from "../router.ts";
import { bringTo, mustGet, refusedAs } from "../router-objects.ts";
import { destination, servicesOf, unconfirmed } from "../split.ts";
import {
  noHash,
  selectedHash,
  selecting,
  virtualRouterName,
  weightsOf,
  withWeights,
  type MeshSplit,
  type VirtualNode,
  type VirtualRouter,
  type VirtualService,
  type Weights,
} from "./mesh-edit.ts";

const kind = "appMesh";
const group = "appmesh.k8s.aws";
const version = "v1beta2";
const kinds = ["VirtualService", "VirtualRouter", "VirtualNode"] as const;
type MeshKind = (typeof kinds)[number];

const capabilities = {
  headerRoutes: false,
  mirrorRoutes: false,
  experimentWeights: false,
  acknowledges: false,
} as const satisfies RouterCapabilities;

/** Only v1beta2 has these fields. */
function isKnownVersion({ appMeshApiVersion = version }: RouterSettings): boolean {
  return appMeshApiVersion.replace(`${group}/`, "") === version;
}

/** The hashes the two nodes should select: a node without a version of its own selects nothing. */
function hashesOf({ canary, stable }: TrafficPlan): { canary: string; stable: string } {
  const hasOwn = canary.podTemplateHash !== "" && canary.podTemplateHash !== stable.podTemplateHash;
  return {
    canary: hasOwn ? canary.podTemplateHash : noHash.canary,
    stable: stable.podTemplateHash === "" ? noHash.stable : stable.podTemplateHash,
  };
}

class AppMeshRouter implements TrafficRouter {
  readonly kind = kind;
  readonly capabilities = capabilities;
  readonly #context: RouterContext;
  readonly #service: ObjectRef;
  readonly #split: MeshSplit;
  #virtualRouter: ObjectRef | undefined;

  constructor(service: string, split: MeshSplit, context: RouterContext) {
    this.#context = context;
    this.#service = this.#refTo("VirtualService", service);
    this.#split = split;
  }

  /** Which VirtualRouter it is, the VirtualService says: it is among them once that has been read. */
  get watches(): readonly ObjectRef[] {
    const { canaryNode, stableNode } = this.#split;
    const nodes = [canaryNode, stableNode].map((name) => this.#refTo("VirtualNode", name));
    return [this.#service, ...nodes, ...(this.#virtualRouter ? [this.#virtualRouter] : [])];
  }

  async read(): Promise<TrafficState> {
    const weights = weightsOf(await this.#router(), this.#split);
    const canaryHash = selectedHash(await this.#node(this.#split.canaryNode));
    const stableHash = selectedHash(await this.#node(this.#split.stableNode));
    if (!weights || canaryHash === undefined || stableHash === undefined) {
      return unconfirmed(undefined);
    }
    const { canaryService, stableService } = this.#context.rollout;
    // A canary node that selects nothing stands for "the canary is what is stable".
    const hash = canaryHash === noHash.canary ? stableHash : canaryHash;
    return unconfirmed({
      maxWeight: weights.canary + weights.stable,
      canary: destination(canaryService, weights.canary, hash),
      stable: destination(stableService, weights.stable, stableHash),
      additional: [],
      routes: [],
    });
  }

  /**
   * The stable node first: it may only ever get a version that has served as canary. Then a share
   * that shrinks goes before the canary node changes its pods, and one that grows after.
   */
  async apply(plan: TrafficPlan): Promise<void> {
    const hashes = hashesOf(plan);
    const weights = { canary: plan.canary.weight, stable: plan.stable.weight };
    const now = weightsOf(await this.#router(), this.#split);
    const isGrowing = now !== undefined && weights.canary > now.canary;
    await this.#select(this.#split.stableNode, hashes.stable);
    if (!isGrowing) await this.#weigh(weights);
    await this.#select(this.#split.canaryNode, hashes.canary);
    if (isGrowing) await this.#weigh(weights);
  }

  #refTo(meshKind: MeshKind, name: string): ObjectRef {
    const { namespace } = this.#context.rollout;
    return { apiVersion: `${group}/${version}`, kind: meshKind, namespace, name };
  }

  async #get<T extends VirtualService | VirtualRouter | VirtualNode>(ref: ObjectRef): Promise<T> {
    const message = `${ref.kind} \`${ref.name}\` not found in namespace \`${ref.namespace}\``;
    return mustGet<T>(this.#context, ref, () => new RouterError(`${ref.kind}NotFound`, message));
  }

  async #router(): Promise<VirtualRouter> {
    const service = await this.#get<VirtualService>(this.#service);
    const ref = this.#refTo("VirtualRouter", virtualRouterName(service));
    this.#virtualRouter = ref;
    return this.#get<VirtualRouter>(ref);
  }

  async #node(name: string): Promise<VirtualNode> {
    return this.#get<VirtualNode>(this.#refTo("VirtualNode", name));
  }

  async #weigh(weights: Weights): Promise<void> {
    const router = await this.#router();
    try {
      await bringTo(this.#context, router, withWeights(router, this.#split, weights));
    } catch (error) {
      throw refusedAs(error, `Error updating virtual-router "${router.metadata.name}"`);
    }
  }

  async #select(name: string, hash: string): Promise<void> {
    const node = await this.#node(name);
    try {
      await bringTo(this.#context, node, selecting(node, hash, this.#context.rollout.name));
    } catch (error) {
      throw refusedAs(error, `Error updating virtual-node "${name}"`);
    }
  }
}

function create({ config }: RouterConfig, context: RouterContext): TrafficRouter {
  const refuse = (message: string): RouterError =>
    new RouterError(
      "TrafficRoutingError",
      `spec.strategy.canary.trafficRouting.appMesh: ${message}`,
    );
  if (!isKnownVersion(context.settings ?? {})) {
    throw refuse(
      `API version ${context.settings?.appMeshApiVersion ?? ""} is not known; use ${version}`,
    );
  }
  servicesOf(context.rollout, kind);
  const service = objectOf(config, "virtualService");
  const name = textOf(service, "name");
  const canaryNode = textOf(objectOf(config, "virtualNodeGroup", "canaryVirtualNodeRef"), "name");
  const stableNode = textOf(objectOf(config, "virtualNodeGroup", "stableVirtualNodeRef"), "name");
  if (name === "") throw refuse("must provide virtual-service");
  if (canaryNode === "" || stableNode === "") {
    throw refuse("virtualNodeGroup must name canaryVirtualNodeRef and stableVirtualNodeRef");
  }
  const { namespace } = context.rollout;
  const split = { namespace, canaryNode, stableNode, routes: stringsOf(service, "routes") };
  return new AppMeshRouter(name, split, context);
}

export const appMeshRouter: RouterFactory = {
  kind,
  capabilities,
  watchedKinds: (settings) =>
    isKnownVersion(settings)
      ? kinds.map((watched) => ({ apiVersion: `${group}/${version}`, kind: watched }))
      : [],
  create,
};
