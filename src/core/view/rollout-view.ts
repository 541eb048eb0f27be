// One Rollout with everything below it, as the plugin's tree and the dashboard show it
// (argo-kubectl-plugin.md §3 and §5): numbers computed once, drawn in cli/ and dashboard/.
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import type { Experiment } from "../../api/argo/experiment.ts";
import {
  experimentTemplateAnnotation,
  podTemplateHashLabel,
  revisionAnnotation,
  scaleDownDeadlineAnnotation,
} from "../../api/argo/keys.ts";
import type { Rollout } from "../../api/argo/rollout.ts";
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { isControlledBy, type KubeObject } from "../../api/meta/object.ts";
import { podView, type PodView } from "./pod-view.ts";

/** What may stand below a rollout or an experiment, of a whole namespace. */
export interface BelowRollout {
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly analysisRuns: readonly AnalysisRun[];
  readonly experiments: readonly Experiment[];
}

export interface ObservedTree extends BelowRollout {
  readonly rollout: Rollout;
  /** The Rollout as stored: owner of the rest. */
  readonly manifest: KubeObject;
}

export interface ReplicaSetView {
  readonly name: string;
  readonly createdAt: string | undefined;
  readonly revision: number;
  readonly status: string;
  /** stable, canary, active, preview, ping, pong, delay:…, Σ:template: in the plugin's order. */
  readonly tags: readonly string[];
  readonly scaleDownDeadline: string | undefined;
  readonly images: readonly string[];
  readonly replicas: number;
  readonly available: number;
  readonly pods: readonly PodView[];
}

export interface JobView {
  readonly name: string;
  readonly status: string;
  readonly startedAt: string | undefined;
}

export interface AnalysisRunView {
  readonly name: string;
  readonly createdAt: string | undefined;
  readonly revision: number;
  readonly status: string;
  readonly message: string;
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly error: number;
  readonly jobs: readonly JobView[];
}

export interface ExperimentView {
  readonly name: string;
  readonly createdAt: string | undefined;
  readonly revision: number;
  readonly status: string;
  readonly message: string;
  readonly replicaSets: readonly ReplicaSetView[];
  readonly analysisRuns: readonly AnalysisRunView[];
}

export interface ImageView {
  readonly image: string;
  readonly tags: readonly string[];
}

export interface RevisionView {
  readonly revision: number;
  readonly replicaSets: readonly ReplicaSetView[];
  readonly experiments: readonly ExperimentView[];
  readonly analysisRuns: readonly AnalysisRunView[];
}

export const strategyNames = {
  canary: "Canary",
  blueGreen: "BlueGreen",
  rollingUpdate: "RollingUpdate",
  recreate: "Recreate",
} as const;

export interface WeightView {
  /** "2/8", or "" without steps. */
  readonly step: string;
  readonly setWeight: number;
  readonly actualWeight: number;
}

export function revisionOf(object: KubeObject): number {
  const revision = Number(object.metadata.annotations?.[revisionAnnotation] ?? "0");
  return Number.isInteger(revision) ? revision : 0;
}

// ---- weights ---------------------------------------------------------------------------------

/**
 * What the canary should get and gets now; undefined for strategies without weights. Without a router
 * the share follows the pods: `canaryAvailable` are those of the canary that are available; without that
 * number the updated ones are taken, and no more than is wanted.
 */
export function weightView(
  { spec, status }: Rollout,
  canaryAvailable?: number,
): WeightView | undefined {
  const { strategy } = spec;
  if (strategy.kind !== "canary") return undefined;
  const { steps, trafficRouting } = strategy;
  const maxWeight = trafficRouting?.maxTrafficWeight ?? 100;
  const index = status.currentStepIndex;
  const hasStep = (index ?? 0) < steps.length;
  const upTo = steps.slice(0, (index ?? 0) + 1);
  const lastWeight = upTo.findLast((step) => step.kind === "setWeight")?.weight ?? 0;
  const wanted = hasStep ? lastWeight : maxWeight;
  const setWeight = status.abort === true ? 0 : wanted;
  const step = steps.length === 0 || index === undefined ? "" : `${index}/${steps.length}`;
  if (!hasStep && status.abort !== true) return { step, setWeight, actualWeight: maxWeight };
  const actualWeight =
    trafficRouting === undefined && canaryAvailable !== undefined
      ? podShare(status, maxWeight, canaryAvailable)
      : statusWeight(status, maxWeight, setWeight);
  return { step, setWeight, actualWeight };
}

function podShare(status: Rollout["status"], maxWeight: number, canaryAvailable: number): number {
  const { availableReplicas = 0 } = status;
  return availableReplicas === 0
    ? 0
    : Math.floor((canaryAvailable * maxWeight) / availableReplicas);
}

function statusWeight(status: Rollout["status"], maxWeight: number, setWeight: number): number {
  const { availableReplicas = 0, updatedReplicas = 0, canary } = status;
  if (availableReplicas === 0) return 0;
  if (canary?.weights) return canary.weights.canary.weight;
  if (status.abort === true) return 0;
  return Math.min(setWeight, Math.floor((updatedReplicas * maxWeight) / availableReplicas));
}

// ---- ReplicaSets -----------------------------------------------------------------------------

export function replicaSetStatus({ metadata, spec, status }: ReplicaSet): string {
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return "Progressing";
  const hasFailure = status?.conditions?.some(
    (c) => c.type === "ReplicaFailure" && c.status === "True",
  );
  if (hasFailure === true) return "ReplicaFailure";
  if ((status?.availableReplicas ?? 0) < (spec.replicas ?? 1)) return "Progressing";
  return spec.replicas === 0 ? "ScaledDown" : "Healthy";
}

function hashOf(replicaSet: ReplicaSet): string {
  return replicaSet.metadata.labels?.[podTemplateHashLabel] ?? "";
}

function roleTags({ spec, status }: Rollout, hash: string): readonly string[] {
  if (spec.strategy.kind === "blueGreen") {
    const { activeSelector, previewSelector } = status.blueGreen ?? {};
    const role = hash === activeSelector ? ["active"] : hash === previewSelector ? ["preview"] : [];
    return [...(hash === status.stableRS ? ["stable"] : []), ...role];
  }
  const role =
    hash === status.stableRS ? ["stable"] : hash === status.currentPodHash ? ["canary"] : [];
  const hasPingPong = spec.strategy.kind === "canary" && spec.strategy.pingPong !== undefined;
  if (!hasPingPong || role.length === 0) return role;
  const stableIsPing = status.canary?.stablePingPong === "ping";
  return [...role, (role[0] === "stable") === stableIsPing ? "ping" : "pong"];
}

function replicaSetView(
  replicaSet: ReplicaSet,
  tree: BelowRollout,
  tags: readonly string[],
): ReplicaSetView {
  const pods = tree.pods.filter((pod) => isControlledBy(pod, replicaSet));
  const byAge = [...pods].sort((a, b) =>
    ageKey(a) === ageKey(b)
      ? compare(a.metadata.name, b.metadata.name)
      : compare(ageKey(a), ageKey(b)),
  );
  return {
    name: replicaSet.metadata.name,
    createdAt: replicaSet.metadata.creationTimestamp,
    revision: revisionOf(replicaSet),
    status: replicaSetStatus(replicaSet),
    tags,
    scaleDownDeadline: replicaSet.metadata.annotations?.[scaleDownDeadlineAnnotation],
    images: replicaSet.spec.template.spec.containers.flatMap(({ image }) => image ?? []),
    replicas: replicaSet.status?.replicas ?? 0,
    available: replicaSet.status?.availableReplicas ?? 0,
    pods: byAge.map(podView),
  };
}

function ageKey(object: KubeObject): string {
  return object.metadata.creationTimestamp ?? "";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// ---- runs and experiments --------------------------------------------------------------------

export function analysisRunView(run: AnalysisRun): AnalysisRunView {
  const results = run.status?.metricResults ?? [];
  const total = (pick: "successful" | "failed" | "inconclusive" | "error"): number =>
    results.reduce((sum, result) => sum + (result[pick] ?? 0), 0);
  const measurements = results.flatMap((result) => result.measurements ?? []);
  const jobs = measurements.flatMap(({ metadata, phase, startedAt }): readonly JobView[] => {
    const name = metadata?.["job-name"];
    return name === undefined ? [] : [{ name, status: phase, startedAt }];
  });
  return {
    name: run.metadata.name,
    createdAt: run.metadata.creationTimestamp,
    revision: revisionOf(run),
    status: run.status?.phase ?? "Pending",
    message: run.status?.message ?? "",
    successful: total("successful"),
    failed: total("failed"),
    inconclusive: total("inconclusive"),
    error: total("error"),
    jobs,
  };
}

function sortRuns(runs: readonly AnalysisRun[]): readonly AnalysisRun[] {
  return [...runs].sort((a, b) => {
    if (revisionOf(a) !== revisionOf(b)) return revisionOf(b) - revisionOf(a);
    if (ageKey(a) !== ageKey(b)) return compare(ageKey(a), ageKey(b));
    return compare(b.metadata.name, a.metadata.name);
  });
}

export function experimentView(experiment: Experiment, tree: BelowRollout): ExperimentView {
  const sets = tree.replicaSets.filter((set) => isControlledBy(set, experiment));
  const runs = tree.analysisRuns.filter((run) => isControlledBy(run, experiment));
  return {
    name: experiment.metadata.name,
    createdAt: experiment.metadata.creationTimestamp,
    revision: revisionOf(experiment),
    status: experiment.status?.phase ?? "Pending",
    message: experiment.status?.message ?? "",
    replicaSets: sortSets(sets).map((set) => {
      const template = set.metadata.annotations?.[experimentTemplateAnnotation];
      return replicaSetView(set, tree, template === undefined ? [] : [`Σ:${template}`]);
    }),
    analysisRuns: sortRuns(runs).map(analysisRunView),
  };
}

function sortSets(sets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return [...sets].sort((a, b) =>
    revisionOf(a) === revisionOf(b)
      ? compare(a.metadata.name, b.metadata.name)
      : revisionOf(b) - revisionOf(a),
  );
}

// ---- the whole -------------------------------------------------------------------------------

/** Revisions, newest first, each with its ReplicaSets, Experiments and AnalysisRuns. */
export function revisionViews(tree: ObservedTree): readonly RevisionView[] {
  const ownedBy = (object: KubeObject): boolean => isControlledBy(object, tree.manifest);
  const sets = sortSets(tree.replicaSets.filter(ownedBy));
  const runs = sortRuns(tree.analysisRuns.filter(ownedBy));
  const experiments = tree.experiments.filter(ownedBy);
  const all = [...sets, ...runs, ...experiments].map((object) => revisionOf(object));
  const revisions = [...new Set(all)].sort((a, b) => b - a);
  return revisions.map((revision) => ({
    revision,
    replicaSets: sets
      .filter((set) => revisionOf(set) === revision)
      .map((set) => replicaSetView(set, tree, roleTags(tree.rollout, hashOf(set)))),
    experiments: experiments
      .filter((experiment) => revisionOf(experiment) === revision)
      .map((experiment) => experimentView(experiment, tree)),
    analysisRuns: runs.filter((run) => revisionOf(run) === revision).map(analysisRunView),
  }));
}

/** Pods of the canary that are available, of a rollout's revisions. */
export function canaryAvailable(revisions: readonly RevisionView[]): number {
  const sets = revisions.flatMap(({ replicaSets }) => replicaSets);
  return sets.find(({ tags }) => tags.includes("canary"))?.available ?? 0;
}

/**
 * Images that run now with what they run as, one entry per image, sorted by image. Roles are in the plugin's
 * order, and sorted where more than one ReplicaSet has the image.
 */
export function imageViews(revisions: readonly RevisionView[]): readonly ImageView[] {
  const tagsByImage = new Map<string, readonly string[]>();
  const sets = revisions.flatMap((revision) => [
    ...revision.replicaSets,
    ...revision.experiments.flatMap((experiment) => experiment.replicaSets),
  ]);
  for (const set of sets.filter(({ replicas }) => replicas > 0)) {
    for (const image of set.images) {
      const known = tagsByImage.get(image);
      const tags = known === undefined ? set.tags : [...new Set([...known, ...set.tags])].sort();
      tagsByImage.set(image, tags);
    }
  }
  return [...tagsByImage.entries()]
    .map(([image, tags]) => ({ image, tags }))
    .sort((a, b) => compare(a.image, b.image));
}
