import { podTemplateHashLabel } from "../../api/argo/keys.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { isEmptySelector, selectorMatches } from "../../api/meta/label-selector.ts";
import type { LabelSelector } from "../../api/meta/label-selector.ts";
import { controllerOf } from "../../api/meta/object.ts";
import type { OwnerReference } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { isBeingDeleted, isOfExperiment } from "../replicas/replica-set.ts";
import type { Effect } from "./decision.ts";
import type { ObservedRollout } from "./observed.ts";

// Which ReplicaSets belong to the Rollout (§2.2): as a Deployment does, it adopts those its selector
// matches and nobody controls, and releases those it controls and no longer matches. What somebody
// else controls is never touched.

function isOurKind(rs: ReplicaSet): boolean {
  const hash = rs.metadata.labels?.[podTemplateHashLabel] ?? "";
  return hash !== "" && !isOfExperiment(rs) && !isBeingDeleted(rs);
}

function adoption(rs: ReplicaSet, owner: OwnerReference): Effect {
  const { name, resourceVersion, ownerReferences = [] } = rs.metadata;
  const others = ownerReferences.filter(({ uid }) => uid !== owner.uid);
  const patch = asJson({ metadata: { ownerReferences: [...others, owner] } });
  return { kind: "adoptReplicaSet", name, resourceVersion, patch };
}

function release(rs: ReplicaSet, owner: OwnerReference): Effect {
  const { name, resourceVersion, ownerReferences = [] } = rs.metadata;
  const left = ownerReferences.filter(({ uid }) => uid !== owner.uid);
  const patch = asJson({ metadata: { ownerReferences: left.length > 0 ? left : null } });
  return { kind: "patchReplicaSet", name, resourceVersion, patch };
}

/** What has to change hands before anything else can be decided; nothing, nearly always. */
export function claimEffects(
  { replicaSets, orphans }: ObservedRollout,
  selector: LabelSelector,
  owner: OwnerReference,
): readonly Effect[] {
  if (isEmptySelector(selector)) return [];
  const matches = (rs: ReplicaSet): boolean => selectorMatches(selector, rs.metadata.labels);
  const released = replicaSets.filter((rs) => !isBeingDeleted(rs) && !matches(rs));
  const adopted = orphans.filter(
    (rs) => isOurKind(rs) && controllerOf(rs) === undefined && matches(rs),
  );
  return [...released.map((rs) => release(rs, owner)), ...adopted.map((rs) => adoption(rs, owner))];
}
