// What a rollout drives in objects that people also write: weights of routes, selectors of Services.
// Applying a manifest keeps them as they are, or applying again would move traffic in its middle.
import { argoApiVersion, podTemplateHashLabel } from "../api/argo/keys.ts";
import type { HTTPRoute, HttpRouteRule } from "../api/gateway/http-route.ts";
import type { Service } from "../api/kubernetes/workloads.ts";
import type { KubeObject } from "../api/meta/object.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { parsedRollout } from "./fetch-tree.ts";

const managedRulePrefix = "haldane-managed-";

/** The Services whose share of the traffic a rollout of the namespace decides. */
export async function splitServices(
  store: ObjectStore,
  namespace: string,
): Promise<ReadonlySet<string>> {
  const { items } = await store.list({ apiVersion: argoApiVersion, kind: "Rollout", namespace });
  const names = items.flatMap((manifest) => {
    const { strategy } = parsedRollout(manifest).spec;
    if (strategy.kind !== "canary") return [];
    const { stableService, canaryService, pingPong } = strategy;
    return [stableService, canaryService, pingPong?.pingService, pingPong?.pongService];
  });
  return new Set(names.filter((name) => name !== undefined));
}

function withLiveWeights(
  rule: HttpRouteRule,
  live: HttpRouteRule | undefined,
  split: ReadonlySet<string>,
): HttpRouteRule {
  const liveRefs = live?.backendRefs ?? [];
  const backendRefs = (rule.backendRefs ?? []).map((ref) => {
    const weight = split.has(ref.name)
      ? liveRefs.find((other) => other.name === ref.name)?.weight
      : undefined;
    return weight === undefined ? ref : { ...ref, weight };
  });
  return rule.backendRefs ? { ...rule, backendRefs } : rule;
}

function isManaged({ name }: HttpRouteRule): boolean {
  return name?.startsWith(managedRulePrefix) === true;
}

/** The route as written, with the live weights of split Services and the rules a rollout put before it. */
export function keepingWeights(
  wanted: HTTPRoute,
  live: HTTPRoute,
  split: ReadonlySet<string>,
): HTTPRoute {
  const liveRules = live.spec.rules ?? [];
  const managed = liveRules.filter(isManaged);
  const plain = liveRules.filter((rule) => !isManaged(rule));
  const own = (wanted.spec.rules ?? []).filter((rule) => !isManaged(rule));
  const rules = own.map((rule, index) => withLiveWeights(rule, plain[index], split));
  return { ...wanted, spec: { ...wanted.spec, rules: [...managed, ...rules] } };
}

/** The Service as written, still pointing at the one version a rollout has put behind it. */
export function keepingHash(wanted: Service, live: Service): Service {
  const hash = live.spec.selector?.[podTemplateHashLabel];
  const { selector } = wanted.spec;
  if (hash === undefined || selector === undefined || selector[podTemplateHashLabel] !== undefined)
    return wanted;
  return {
    ...wanted,
    spec: { ...wanted.spec, selector: { ...selector, [podTemplateHashLabel]: hash } },
  };
}

/** `manifest` itself where nothing is driven by a rollout. */
export async function keepingSplit(
  manifest: KubeObject,
  live: KubeObject,
  store: ObjectStore,
): Promise<KubeObject> {
  if (manifest.kind === "Service") return keepingHash(manifest as Service, live as Service);
  if (manifest.kind !== "HTTPRoute") return manifest;
  const split = await splitServices(store, manifest.metadata.namespace ?? "");
  const rules = (live as HTTPRoute).spec.rules ?? [];
  const isSplit = rules.some(
    (rule) => isManaged(rule) || rule.backendRefs?.some(({ name }) => split.has(name)) === true,
  );
  return isSplit ? keepingWeights(manifest as HTTPRoute, live as HTTPRoute, split) : manifest;
}
