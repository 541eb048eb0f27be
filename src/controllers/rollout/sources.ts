// What wakes a rollout: its own changes, those of what it owns, and of what it refers to.
import { controllerOf, type KubeObject, type ObjectRef } from "../../api/meta/object.ts";
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { selectorMatches, type LabelSelector } from "../../api/meta/label-selector.ts";
import { asJson } from "../../api/meta/wire.ts";
import { isShownSafe } from "../../core/rollout/shown-safe.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import type { JsonObject } from "../../lib/json.ts";
import { keyOf, type Cache, type Change } from "../../runtime/cache.ts";
import { sourceOf, type Source } from "../../runtime/controller.ts";
import type { RolloutsByName } from "./naming.ts";
import type { RolloutViews } from "./views.ts";

function ownerKeys(object: KubeObject): readonly string[] {
  const owner = controllerOf(object);
  if (owner?.kind !== "Rollout") return [];
  return [`${object.metadata.namespace ?? ""}/${owner.name}`];
}

function podOwnerKeys({ replicaSets }: RolloutViews): (pod: KubeObject) => readonly string[] {
  return (pod) => {
    const owner = controllerOf(pod);
    const set = owner && replicaSets.get(pod.metadata.namespace ?? "", owner.name);
    return set ? ownerKeys(set) : [];
  };
}

/** Rollouts that may want a ReplicaSet nobody controls; without a selector of their own it is their workload's. */
function mayAdopt(rollout: KubeObject, set: KubeObject): boolean {
  const { spec } = rollout as KubeObject & {
    readonly spec?: { readonly selector?: LabelSelector };
  };
  return spec?.selector === undefined || selectorMatches(spec.selector, set.metadata.labels);
}

/** Which rollouts watch which objects of their routers; filled anew by each pass. */
export class RouterWatches {
  readonly #keysByRef = new Map<string, Set<string>>();
  readonly #refsByKey = new Map<string, readonly string[]>();
  readonly #caches: readonly Cache<KubeObject>[];

  constructor(caches: readonly Cache<KubeObject>[]) {
    this.#caches = caches;
  }

  set(key: string, watches: readonly ObjectRef[]): void {
    const refs = watches.map((ref) => `${ref.kind} ${ref.namespace}/${ref.name}`);
    if (refs.length === 0 && !this.#refsByKey.has(key)) return;
    this.forget(key);
    if (refs.length > 0) this.#refsByKey.set(key, refs);
    for (const ref of refs) {
      const keys = this.#keysByRef.get(ref) ?? new Set<string>();
      keys.add(key);
      this.#keysByRef.set(ref, keys);
    }
  }

  forget(key: string): void {
    for (const ref of this.#refsByKey.get(key) ?? []) {
      const keys = this.#keysByRef.get(ref);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysByRef.delete(ref);
    }
    this.#refsByKey.delete(key);
  }

  sources(): readonly Source[] {
    return this.#caches.map((cache) =>
      sourceOf(cache, (object) => [
        ...(this.#keysByRef.get(`${object.kind} ${keyOf(object)}`) ?? []),
      ]),
    );
  }
}

/**
 * Its verdict, its spec or its end, a metric's first answer, or that safety was shown: what a step may
 * wait for. That something was measured once more is no news to the rollout.
 */
function isNewsOfRun({ before, after }: Change<AnalysisRun>): boolean {
  if (!before || !after || before.metadata.uid !== after.metadata.uid) return true;
  const verdict = (run: AnalysisRun): JsonObject => {
    const { status, metadata, spec } = run;
    return asJson({
      phase: status?.phase,
      message: status?.message,
      answered: status?.metricResults?.map(({ name, count = 0 }) => [name, count > 0]),
      isSafe: isShownSafe(run),
      leavesAt: metadata.deletionTimestamp,
      labels: metadata.labels,
      spec,
    });
  };
  return !deepEqual(verdict(before), verdict(after));
}

function keysOf(rollouts: readonly KubeObject[]): readonly string[] {
  return rollouts.map((rollout) => keyOf(rollout));
}

export function rolloutSources(
  views: RolloutViews,
  byName: RolloutsByName,
  routerObjects: RouterWatches,
): readonly Source[] {
  const { rollouts } = views;
  const orphanKeys = (set: ReplicaSet): readonly string[] =>
    controllerOf(set) === undefined
      ? keysOf(rollouts.list(set.metadata.namespace).filter((rollout) => mayAdopt(rollout, set)))
      : [];
  const ofService = (service: KubeObject): readonly string[] => keysOf(byName.ofService(service));
  const ofWorkload = (object: KubeObject): readonly string[] => keysOf(byName.ofWorkload(object));
  const invalid = (object: KubeObject): readonly string[] => keysOf(byName.invalidBeside(object));
  return [
    sourceOf(rollouts, (rollout) => [keyOf(rollout)]),
    sourceOf(views.replicaSets, ownerKeys),
    sourceOf(views.replicaSets, orphanKeys),
    // Only that a pod is gone matters (recreate waits for it); the rest shows in the ReplicaSet.
    sourceOf(views.pods, podOwnerKeys(views), ({ after }) => after === undefined),
    sourceOf(views.analysisRuns, ownerKeys, isNewsOfRun),
    sourceOf(views.experiments, ownerKeys),
    sourceOf(views.services, ofService),
    sourceOf(views.deployments, ofWorkload),
    sourceOf(views.podTemplates, ofWorkload),
    sourceOf(
      views.workloadReplicaSets,
      ofWorkload,
      // Those of Rollouts, by far the most, are nobody's workload.
      ({ before, after }) => [before, after].every((set) => !set || ownerKeys(set).length === 0),
    ),
    sourceOf(views.analysisTemplates, invalid),
    sourceOf(views.clusterAnalysisTemplates, invalid),
    ...routerObjects.sources(),
  ];
}
