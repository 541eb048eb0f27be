import { ephemeralMetadataAnnotation } from "../../api/argo/keys.ts";
import type { PodMetadata } from "../../api/argo/rollout.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { controllerOf } from "../../api/meta/object.ts";
import { specReplicas } from "../replicas/replica-set.ts";
import {
  injectedOf,
  injectionPatch,
  injectionRecord,
  wantedInjection,
} from "../replicas/ephemeral-template.ts";
import { rolesOf } from "./context.ts";
import type { Facts } from "./context.ts";
import { isFullyPromoted } from "./course.ts";
import type { Course } from "./course.ts";
import type { Effect } from "./decision.ts";
import type { ReplicaSetChange } from "./replica-set-changes.ts";

// Labels and annotations pods carry only as long as they are canary or stable (§2.15).

export interface EphemeralOutcome {
  readonly changes: readonly ReplicaSetChange[];
  readonly effects: readonly Effect[];
}

function metadataFor(facts: Facts, course: Course, rs: ReplicaSet): PodMetadata | undefined {
  const { strategy } = facts.spec;
  const { newRs, stableRs } = rolesOf(facts, course.stableHash);
  const isSteady = course.stableHash === "" || isFullyPromoted(facts, course);
  if (rs === newRs) return isSteady ? strategy.stableMetadata : strategy.canaryMetadata;
  return rs === stableRs ? strategy.stableMetadata : undefined;
}

/** Pods first carry what was injected before; they are brought along with their ReplicaSet. */
function podEffects(
  facts: Facts,
  rs: ReplicaSet,
  metadata: PodMetadata | undefined,
): readonly Effect[] {
  if (specReplicas(rs) === 0) return [];
  const before = injectedOf(rs.metadata.annotations);
  const after = wantedInjection(metadata);
  return facts.observed.pods.flatMap((pod): readonly Effect[] => {
    if (controllerOf(pod)?.uid !== rs.metadata.uid) return [];
    if (pod.metadata.deletionTimestamp !== undefined) return [];
    const patch = injectionPatch(pod.metadata, before, after);
    if (patch === undefined) return [];
    const { name, resourceVersion } = pod.metadata;
    return [{ kind: "patchPod", name, resourceVersion, patch: { metadata: patch } }];
  });
}

function changeOf(rs: ReplicaSet, metadata: PodMetadata | undefined): ReplicaSetChange {
  const before = injectedOf(rs.metadata.annotations);
  const after = wantedInjection(metadata);
  const templateMetadata = injectionPatch(rs.spec.template.metadata, before, after);
  const annotations = { [ephemeralMetadataAnnotation]: injectionRecord(after) ?? null };
  return {
    name: rs.metadata.name,
    annotations,
    ...(templateMetadata === undefined ? {} : { templateMetadata }),
  };
}

/** Nothing at all when neither of the two is configured. */
export function ephemeralMetadata(facts: Facts, course: Course): EphemeralOutcome {
  const { canaryMetadata, stableMetadata } = facts.spec.strategy;
  if (canaryMetadata === undefined && stableMetadata === undefined)
    return { changes: [], effects: [] };
  const sets = facts.replicaSets.map((rs) => ({ rs, metadata: metadataFor(facts, course, rs) }));
  return {
    changes: sets.map(({ rs, metadata }) => changeOf(rs, metadata)),
    effects: sets.flatMap(({ rs, metadata }) => podEffects(facts, rs, metadata)),
  };
}
