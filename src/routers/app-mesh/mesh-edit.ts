// App Mesh's objects <-> TrafficPlan, pure. Two VirtualNodes select the pods of the two versions by
// hash; a VirtualRouter's routes split between the nodes.
import { managedByRolloutsAnnotation, podTemplateHashLabel } from "../../api/argo/keys.ts";
import type { KubeObject, StringMap } from "../../api/meta/object.ts";
import { RouterError } from "../router.ts";

export interface VirtualService extends KubeObject {
  readonly spec?: {
    readonly provider?: {
      readonly virtualRouter?: { readonly virtualRouterRef?: { readonly name?: string } };
    };
  };
}

export interface VirtualNode extends KubeObject {
  readonly spec?: { readonly podSelector?: { readonly matchLabels?: StringMap } | null };
}

interface WeightedTarget {
  readonly virtualNodeRef?: { readonly name: string; readonly namespace?: string };
  readonly weight: number;
}

interface RouteAction {
  readonly action?: { readonly weightedTargets?: readonly WeightedTarget[] };
}

const routeKinds = ["httpRoute", "tcpRoute", "http2Route", "grpcRoute"] as const;

export type MeshRoute = { readonly name: string } & {
  readonly [K in (typeof routeKinds)[number]]?: RouteAction;
};

export interface VirtualRouter extends KubeObject {
  readonly spec?: { readonly routes?: readonly MeshRoute[] };
}

/** Names of the two VirtualNodes, in the rollout's namespace, and of the routes that split between them. */
export interface MeshSplit {
  readonly namespace: string;
  readonly canaryNode: string;
  readonly stableNode: string;
  /** Empty = all routes. */
  readonly routes: readonly string[];
}

export interface Weights {
  readonly canary: number;
  readonly stable: number;
}

function wrong(message: string): RouterError {
  return new RouterError("TrafficRoutingError", message);
}

export function virtualRouterName({ metadata, spec }: VirtualService): string {
  const name = spec?.provider?.virtualRouter?.virtualRouterRef?.name ?? "";
  if (name !== "") return name;
  throw wrong(
    `Virtual-service is not associated with virtual-router: VirtualService \`${metadata.name}\` has no spec.provider.virtualRouter.virtualRouterRef`,
  );
}

function targetOf(
  route: MeshRoute,
  node: string,
  { namespace }: MeshSplit,
): WeightedTarget | undefined {
  const targets = routeKinds.flatMap((kind) => route[kind]?.action?.weightedTargets ?? []);
  return targets.find(
    ({ virtualNodeRef: ref }) => ref?.name === node && (ref.namespace ?? namespace) === namespace,
  );
}

/** The routes to split, each sure to lead to both nodes. */
function chosenRoutes({ metadata, spec }: VirtualRouter, split: MeshSplit): readonly MeshRoute[] {
  const all = spec?.routes ?? [];
  const missing = split.routes.find((name) => !all.some((route) => route.name === name));
  if (all.length === 0)
    throw wrong(`No routes defined for AppMesh virtual-router ${metadata.name}`);
  if (missing !== undefined) {
    throw wrong(`AppMesh virtual-router ${metadata.name} has no route ${missing}`);
  }
  const chosen =
    split.routes.length === 0 ? all : all.filter(({ name }) => split.routes.includes(name));
  for (const route of chosen) {
    for (const node of [split.canaryNode, split.stableNode]) {
      if (targetOf(route, node, split)) continue;
      throw wrong(
        `AppMesh virtual-router ${metadata.name}, route ${route.name}: no weighted target leads to virtual-node ${node}`,
      );
    }
  }
  return chosen;
}

/** The weights all chosen routes agree on; undefined where they differ. */
export function weightsOf(router: VirtualRouter, split: MeshSplit): Weights | undefined {
  const [first, ...others] = chosenRoutes(router, split).map((route) => ({
    canary: targetOf(route, split.canaryNode, split)?.weight ?? 0,
    stable: targetOf(route, split.stableNode, split)?.weight ?? 0,
  }));
  const isSame = ({ canary, stable }: Weights): boolean =>
    canary === first?.canary && stable === first.stable;
  return others.every(isSame) ? first : undefined;
}

function weighed(route: MeshRoute, split: MeshSplit, weights: Weights): MeshRoute {
  const canary = targetOf(route, split.canaryNode, split);
  const stable = targetOf(route, split.stableNode, split);
  const weigh = (target: WeightedTarget): WeightedTarget => {
    if (target === canary) return { ...target, weight: weights.canary };
    return target === stable ? { ...target, weight: weights.stable } : target;
  };
  const kinds = routeKinds.flatMap((kind) => {
    const spec = route[kind];
    if (!spec?.action?.weightedTargets) return [];
    const action = { ...spec.action, weightedTargets: spec.action.weightedTargets.map(weigh) };
    return [[kind, { ...spec, action }] as const];
  });
  return { ...route, ...Object.fromEntries(kinds) };
}

/** The VirtualRouter with these weights in the chosen routes; all else stays. */
export function withWeights(
  router: VirtualRouter,
  split: MeshSplit,
  weights: Weights,
): VirtualRouter {
  const chosen = chosenRoutes(router, split);
  const routes = (router.spec?.routes ?? []).map((route) =>
    chosen.includes(route) ? weighed(route, split, weights) : route,
  );
  return { ...router, spec: { ...router.spec, routes } };
}

/** What a node selects when there is no version for it: no pod has this hash. */
export const noHash = { canary: "canary-hash", stable: "stable-hash" } as const;

export function selectedHash({ spec }: VirtualNode): string | undefined {
  return spec?.podSelector?.matchLabels?.[podTemplateHashLabel];
}

/** The VirtualNode that selects the pods of this version, too; its other labels stay. */
export function selecting(node: VirtualNode, hash: string, rollout: string): VirtualNode {
  const annotations = { ...node.metadata.annotations, [managedByRolloutsAnnotation]: rollout };
  const matchLabels = { ...node.spec?.podSelector?.matchLabels, [podTemplateHashLabel]: hash };
  return {
    ...node,
    metadata: { ...node.metadata, annotations },
    spec: { ...node.spec, podSelector: { ...node.spec?.podSelector, matchLabels } },
  };
}
