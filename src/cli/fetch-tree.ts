// Reads a rollout and everything below it through the object API.
import type { AnalysisRun } from "../api/argo/analysis.ts";
import type { Experiment } from "../api/argo/experiment.ts";
import { argoApiVersion } from "../api/argo/keys.ts";
import { parseRollout } from "../api/argo/parse/rollout.ts";
import type { Rollout } from "../api/argo/rollout.ts";
import type { Pod } from "../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../api/kubernetes/workloads.ts";
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import type { BelowRollout, ObservedTree } from "../core/view/rollout-view.ts";
import type { ListScope, ObjectStore } from "../objects/object-store.ts";
import { mustExist } from "./must-exist.ts";

export function rolloutRef(namespace: string, name: string): ObjectRef {
  return { apiVersion: argoApiVersion, kind: "Rollout", namespace, name };
}

export function rolloutScope(namespace: string): ListScope {
  return { apiVersion: argoApiVersion, kind: "Rollout", namespace };
}

export async function getRollout(
  store: ObjectStore,
  namespace: string,
  name: string,
): Promise<KubeObject> {
  return mustExist(store, rolloutRef(namespace, name));
}

export function parsedRollout(manifest: KubeObject): Rollout {
  return parseRollout(asJson(manifest)).rollout;
}

async function all<T extends KubeObject>(
  store: ObjectStore,
  scope: ListScope,
): Promise<readonly T[]> {
  return (await store.list<T>(scope)).items;
}

/** The kinds a tree is made of, for reading and for watching. */
export function treeScopes(namespace: string): readonly ListScope[] {
  return [
    { apiVersion: argoApiVersion, kind: "Rollout", namespace },
    { apiVersion: "apps/v1", kind: "ReplicaSet", namespace },
    { apiVersion: "v1", kind: "Pod", namespace },
    { apiVersion: argoApiVersion, kind: "AnalysisRun", namespace },
    { apiVersion: argoApiVersion, kind: "Experiment", namespace },
  ];
}

export async function fetchTree(
  store: ObjectStore,
  namespace: string,
  name: string,
): Promise<ObservedTree> {
  const manifest = await getRollout(store, namespace, name);
  return { rollout: parsedRollout(manifest), manifest, ...(await fetchBelow(store, namespace)) };
}

export async function fetchBelow(store: ObjectStore, namespace: string): Promise<BelowRollout> {
  const scope = (apiVersion: string, kind: string): ListScope => ({ apiVersion, kind, namespace });
  const [replicaSets, pods, analysisRuns, experiments] = await Promise.all([
    all<ReplicaSet>(store, scope("apps/v1", "ReplicaSet")),
    all<Pod>(store, scope("v1", "Pod")),
    all<AnalysisRun>(store, scope(argoApiVersion, "AnalysisRun")),
    all<Experiment>(store, scope(argoApiVersion, "Experiment")),
  ]);
  return { replicaSets, pods, analysisRuns, experiments };
}
