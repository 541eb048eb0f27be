// A view that is a moment behind does not show what was applied just before the object that names it.
// Before something is called missing it is therefore looked up where it is kept: a false alarm would
// end whoever waits for the rollout with an error, and an Experiment for good.
import type { AnalysisTemplate } from "../api/argo/analysis.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { StoreError, type ObjectStore } from "../objects/object-store.ts";
import type { Cache } from "../runtime/cache.ts";

/** What an object names, and the view that should show it. */
export interface Named {
  readonly view: Pick<Cache<KubeObject>, "isBehind" | "scope">;
  readonly namespace: string;
  readonly name: string;
}

export interface TemplateViews {
  readonly analysisTemplates: Cache<AnalysisTemplate>;
  readonly clusterAnalysisTemplates: Cache<AnalysisTemplate>;
}

interface TemplateName {
  readonly templateName: string;
  readonly clusterScope?: boolean;
}

/** These templates, and those that the ones among them which are known name in turn. */
export function templatesNamed(
  refs: readonly TemplateName[],
  namespace: string,
  views: TemplateViews,
): readonly Named[] {
  const named = new Map<string, Named>();
  const left = [...refs];
  for (let ref = left.pop(); ref !== undefined; ref = left.pop()) {
    const { templateName: name, clusterScope: isCluster = false } = ref;
    const key = `${isCluster} ${name}`;
    if (named.has(key)) continue;
    const view = isCluster ? views.clusterAnalysisTemplates : views.analysisTemplates;
    const place = { namespace: isCluster ? "" : namespace, name };
    named.set(key, { view, ...place });
    left.push(...(view.get(place.namespace, name)?.spec.templates ?? []));
  }
  return [...named.values()];
}

/** Throws Conflict when one of them is there although its view does not show it. */
export async function mustBeSeen(
  named: readonly Named[],
  live: Pick<ObjectStore, "get">,
): Promise<void> {
  for (const { view, namespace, name } of named) {
    if (!(await view.isBehind(namespace, name, live))) continue;
    throw new StoreError("Conflict", `${view.scope.kind} ${name} has not been seen yet`);
  }
}
