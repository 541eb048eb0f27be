import type { RolloutCondition } from "../../../api/argo/rollout-status.ts";
import type { Condition } from "../../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../../api/kubernetes/workloads.ts";
import { deepEqual } from "../../../lib/deep-equal.ts";
import { asJson } from "../../replicas/as-json.ts";
import { conditionOf, withoutCondition } from "./condition-list.ts";
import type { Conditions } from "./condition-list.ts";

function failureOf(rs: ReplicaSet): Condition | undefined {
  return rs.status?.conditions?.find((condition) => condition.type === "ReplicaFailure");
}

/** Why pods cannot be made, as the ReplicaSet says it: the new one first, else the first that says so. */
export function withReplicaFailure(
  list: Conditions,
  replicaSets: readonly ReplicaSet[],
): Conditions {
  const failure = replicaSets.map(failureOf).find((condition) => condition !== undefined);
  if (failure === undefined) return withoutCondition(list, "ReplicaFailure");
  const at = failure.lastTransitionTime ?? "";
  const after: RolloutCondition = {
    type: "ReplicaFailure",
    status: failure.status,
    lastUpdateTime: at,
    lastTransitionTime: at,
    reason: failure.reason ?? "",
    message: failure.message ?? "",
  };
  const before = conditionOf(list, "ReplicaFailure");
  if (before !== undefined && deepEqual(asJson(before), asJson(after))) return list;
  return [...withoutCondition(list, "ReplicaFailure"), after];
}
