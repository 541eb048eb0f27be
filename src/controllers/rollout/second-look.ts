// Views lag behind the store, each by a time of its own: one of the routes may be older than one of
// the rollout. What matters to users is therefore decided on the Rollout and the routes as they are
// in the store, and where weights change on the pods they lead to, too: a few reads for each such
// pass, and none for a rollout that rests.
import { isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { refOf, type KubeObject } from "../../api/meta/object.ts";
import type { Decision, Effect } from "../../core/rollout/decision.ts";
import type { ObservedRollout } from "../../core/rollout/observed.ts";
import { hashOf } from "../../core/replicas/replica-set.ts";
import { StoreError, type ObjectStore } from "../../objects/object-store.ts";

export type LiveStore = Pick<ObjectStore, "get">;

function sizeIn({ spec }: JsonObject): Json | undefined {
  return isJsonObject(spec) ? spec["replicas"] : undefined;
}

const questions: readonly Effect["kind"][] = [
  "createAnalysisRun",
  "createExperiment",
  "terminateAnalysisRun",
  "terminateExperiment",
];

function isShrinking(effect: Effect, { replicaSets }: ObservedRollout): boolean {
  if (effect.kind !== "patchReplicaSet") return false;
  const size = sizeIn(effect.patch);
  const set = replicaSets.find(({ metadata }) => metadata.name === effect.name);
  return typeof size === "number" && size < (set?.spec.replicas ?? 1);
}

/** The template of another object begins a revision: an old view of that object would go back to an old one. */
function takesTemplateOver({ status }: Decision, { rollout, workload }: ObservedRollout): boolean {
  return workload !== undefined && status.currentPodHash !== rollout.status.currentPodHash;
}

/**
 * What an abort begins with, if that is to give all weight back to the stable version: it waits for
 * no second look. Every router's write names the version of the object it was decided on, and as long
 * as stable has a part of the traffic its pods are there, so that no old view can mislead here; and
 * users do not meet a bad version for longer than they must.
 */
export function rescueOf({ effects }: Decision, observed: ObservedRollout): Effect | undefined {
  const { rollout, traffic } = observed;
  const { strategy } = rollout.spec;
  const first = effects.find(({ kind }) => kind !== "event");
  if (first?.kind !== "applyTraffic" || rollout.status.abort !== true) return undefined;
  const isMovingPods = strategy.kind !== "canary" || strategy.dynamicStableScale;
  const isServing = traffic.every(({ state }) => (state.inForce?.stable.weight ?? 0) > 0);
  if (isMovingPods || !isServing) return undefined;
  const { canary, stable, additional } = first.plan;
  const isAll = canary.weight === 0 && additional.every(({ weight }) => weight === 0);
  return isAll && stable.podTemplateHash === rollout.status.stableRS ? first : undefined;
}

/**
 * Questions are asked or withdrawn; a workload's template begins a revision; or, where a router splits
 * the traffic, weights change, a version loses pods, or a step or a promotion counts as done.
 */
export function deservesSecondLook(decision: Decision, observed: ObservedRollout): boolean {
  if (takesTemplateOver(decision, observed)) return true;
  const isRouted = observed.traffic.length > 0;
  return decision.effects.some((effect) => {
    if (questions.includes(effect.kind)) return true;
    const isMoving = effect.kind === "recordTurn" || effect.kind === "applyTraffic";
    return isRouted && (isMoving || isShrinking(effect, observed));
  });
}

/** The store with every object read from where it is kept, whatever a view says. */
export function readingLive(store: ObjectStore, live: LiveStore): ObjectStore {
  return {
    get: async (ref) => live.get(ref),
    list: async (scope, page) => store.list(scope, page),
    watch: (scope, options) => store.watch(scope, options),
    create: async (object, options) => store.create(object, options),
    update: async (object, options) => store.update(object, options),
    patch: async (ref, patch, options) => store.patch(ref, patch, options),
    delete: async (ref, options) => store.delete(ref, options),
  };
}

/** The ReplicaSets, with those that traffic is to be led to as they are in the store. */
export async function withServingSetsLive(
  { effects }: Decision,
  { replicaSets }: ObservedRollout,
  live: LiveStore,
): Promise<readonly ReplicaSet[]> {
  const serving = new Set(
    effects.flatMap((effect) =>
      effect.kind === "applyTraffic"
        ? [effect.plan.canary, effect.plan.stable].map(({ podTemplateHash }) => podTemplateHash)
        : [],
    ),
  );
  const sets = replicaSets.map(async (set) =>
    serving.has(hashOf(set)) ? live.get<ReplicaSet>(refOf(set)) : set,
  );
  return (await Promise.all(sets)).filter((set) => set !== undefined);
}

/** Throws Conflict when the Rollout has moved on since it was seen. */
export async function mustBeCurrent(manifest: KubeObject, live: LiveStore): Promise<void> {
  const current = await live.get(refOf(manifest));
  if (current?.metadata.resourceVersion === manifest.metadata.resourceVersion) return;
  const { name } = manifest.metadata;
  throw new StoreError("Conflict", `Rollout ${name} has changed since it was looked at`);
}

/** What a decision is to ask. */
export function questionsOf({ effects }: Decision): readonly KubeObject[] {
  return effects.flatMap((effect): readonly KubeObject[] => {
    if (effect.kind === "createAnalysisRun") return [effect.run];
    return effect.kind === "createExperiment" ? [effect.experiment] : [];
  });
}

/**
 * Throws Conflict when a question is to be asked under a name that is taken: by a run of an earlier attempt
 * which the view does not show yet. Named in the status, its verdict would count for this one.
 */
export async function namesMustBeFree(
  questions: readonly KubeObject[],
  live: LiveStore,
): Promise<void> {
  const taken = await Promise.all(questions.map(async (question) => live.get(refOf(question))));
  const found = taken.find((object) => object !== undefined);
  if (found === undefined) return;
  throw new StoreError("Conflict", `${found.kind} ${found.metadata.name} has not been seen yet`);
}

/** Throws Conflict when the object behind workloadRef has moved on since it was seen, or is gone. */
export async function workloadMustBeCurrent(
  { rollout, workload }: Pick<ObservedRollout, "rollout" | "workload">,
  live: LiveStore,
): Promise<void> {
  if (workload === undefined) return;
  const { apiVersion, kind, name, generation } = workload;
  const { namespace = "" } = rollout.metadata;
  const current = await live.get({ apiVersion, kind, namespace, name });
  if (current?.metadata.generation === generation) return;
  throw new StoreError("Conflict", `${kind} ${name} has changed since it was looked at`);
}
