import type { Rollout, RolloutSpec } from "../../api/argo/rollout.ts";
import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import type { LabelSelector } from "../../api/meta/label-selector.ts";
import { controllerReference } from "../../api/meta/object.ts";
import type { OwnerReference } from "../../api/meta/object.ts";
import type { PodTemplateSpec } from "../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { argoApiVersion } from "../../api/argo/keys.ts";
import { invariant } from "../../lib/invariant.ts";
import type { EpochMs } from "../../lib/time.ts";
import { asJson } from "../replicas/as-json.ts";
import { wantedInjection } from "../replicas/ephemeral-template.ts";
import { findReplicaSet } from "../replicas/find-new.ts";
import { newReplicaSet } from "../replicas/new-replica-set.ts";
import { podTemplateHash } from "../replicas/pod-template-hash.ts";
import { byCreation, hashOf, isOfExperiment, revisionOf } from "../replicas/replica-set.ts";
import type { ObservedRollout } from "./observed.ts";
import { withWorkloadGeneration } from "./workload-generation.ts";

/** What follows from the observation alone. Computed once per decision and never changed. */
export interface Facts {
  readonly observed: ObservedRollout;
  readonly now: EpochMs;
  /** As observed, and of the workload's generation that was observed with it. */
  readonly rollout: Rollout;
  readonly spec: RolloutSpec;
  /** The status as stored. */
  readonly before: RolloutStatus;
  readonly name: string;
  readonly namespace: string;
  readonly owner: OwnerReference;
  /** spec.replicas. */
  readonly n: number;
  readonly selector: LabelSelector;
  readonly template: PodTemplateSpec;
  /** Owned ReplicaSets but for those of experiments, oldest first. Without the planned one. */
  readonly replicaSets: readonly ReplicaSet[];
  /** The ReplicaSet of spec.template: the observed one, or the one to be made in this pass. */
  readonly newRs: ReplicaSet;
  /** Whether newRs exists already. */
  readonly newRsExists: boolean;
  readonly newHash: string;
  /** The revision spec.template has, or gets in this pass. */
  readonly revision: number;
  readonly collisionCount: number | undefined;
  /** The name of a new ReplicaSet is taken by somebody else's: this pass only counts the collision. */
  readonly hasCollision: boolean;
}

/** Which ReplicaSet is what, for a given idea of which hash is stable. */
export interface Roles {
  readonly newRs: ReplicaSet;
  /** undefined if nothing is stable yet or its ReplicaSet is gone. The same as newRs once promoted. */
  readonly stableRs: ReplicaSet | undefined;
  /** Neither new nor stable. */
  readonly others: readonly ReplicaSet[];
}

export function rolesOf(facts: Facts, stableHash: string): Roles {
  const { newRs, newHash, replicaSets } = facts;
  const stableRs =
    stableHash === newHash ? newRs : replicaSets.find((rs) => hashOf(rs) === stableHash);
  const others = replicaSets.filter((rs) => rs !== newRs && rs !== stableRs);
  return { newRs, stableRs: stableHash === "" ? undefined : stableRs, others };
}

function plannedReplicaSet(
  { metadata, spec, status }: Rollout,
  hash: string,
  revision: number,
  owner: OwnerReference,
): ReplicaSet {
  const { template, selector } = spec;
  invariant(
    template !== undefined && selector !== undefined,
    "a valid rollout has a template and a selector",
  );
  const hasStable = (status.stableRS ?? "") !== "";
  const metadataToInject = hasStable ? spec.strategy.canaryMetadata : spec.strategy.stableMetadata;
  return newReplicaSet({
    rolloutName: metadata.name,
    namespace: metadata.namespace ?? "default",
    owner,
    rolloutAnnotations: metadata.annotations,
    hash,
    template,
    selector,
    minReadySeconds: spec.minReadySeconds,
    revision,
    n: spec.replicas ?? 1,
    injected: wantedInjection(metadataToInject),
    antiAffinity: spec.strategy.antiAffinity,
    stableHash: status.stableRS ?? "",
  });
}

/** Derives the facts of a valid rollout. */
export function factsOf(observed: ObservedRollout, now: EpochMs): Facts {
  const rollout = withWorkloadGeneration(observed);
  const { metadata, spec, status } = rollout;
  const { template, selector } = spec;
  invariant(
    template !== undefined && selector !== undefined,
    "a valid rollout has a template and a selector",
  );
  const replicaSets = observed.replicaSets.filter((rs) => !isOfExperiment(rs)).sort(byCreation);
  const computedHash = podTemplateHash(asJson(template), status.collisionCount);
  const found = findReplicaSet(replicaSets, computedHash, template);
  const highestOther = replicaSets
    .filter((rs) => rs !== found)
    .reduce((highest, rs) => Math.max(highest, revisionOf(rs)), 0);
  const revision = Math.max(revisionOf(found), highestOther + 1);
  const owner = controllerReference({ apiVersion: argoApiVersion, kind: "Rollout", metadata });
  const newRs = found ?? plannedReplicaSet(rollout, computedHash, revision, owner);
  const hasCollision =
    found === undefined && observed.foreignReplicaSet?.metadata.name === newRs.metadata.name;
  return {
    observed,
    now,
    rollout,
    spec,
    before: status,
    name: metadata.name,
    namespace: metadata.namespace ?? "default",
    owner,
    n: spec.replicas ?? 1,
    selector,
    template,
    replicaSets,
    newRs,
    newRsExists: found !== undefined,
    newHash: found === undefined ? computedHash : hashOf(found),
    revision,
    collisionCount: hasCollision ? (status.collisionCount ?? 0) + 1 : status.collisionCount,
    hasCollision,
  };
}
