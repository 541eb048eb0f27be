import type { PodTemplateSpec } from "../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { asJson } from "./as-json.ts";
import { injectedOf } from "./ephemeral-template.ts";
import { templatesEqual } from "./pod-template-equal.ts";
import { byCreation, hashOf, isBeingDeleted, isOfExperiment } from "./replica-set.ts";

/**
 * The ReplicaSet of a pod template (§2.1 step 5): by hash label, else the oldest whose template
 * means the same. The second way lets a rollout be taken over from a controller that hashes
 * differently without a redeployment.
 */
export function findReplicaSet(
  owned: readonly ReplicaSet[],
  hash: string,
  template: PodTemplateSpec,
): ReplicaSet | undefined {
  const candidates = owned
    .filter((rs) => !isOfExperiment(rs) && !isBeingDeleted(rs))
    .sort(byCreation);
  const wanted = asJson(template);
  return (
    candidates.find((rs) => hashOf(rs) === hash) ??
    candidates.find((rs) =>
      templatesEqual(asJson(rs.spec.template), wanted, injectedOf(rs.metadata.annotations)),
    )
  );
}
