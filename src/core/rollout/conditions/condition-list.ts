// core/rollout/conditions: what status.conditions says, one file per condition; this one knows how
// a list of them changes. To add a condition: a file, and its place in all-conditions.ts.
import type { RolloutCondition, RolloutConditionType } from "../../../api/argo/rollout-status.ts";
import { formatTime } from "../../../lib/time.ts";
import type { EpochMs } from "../../../lib/time.ts";

export type Conditions = readonly RolloutCondition[];

export interface ConditionState {
  readonly type: RolloutConditionType;
  readonly status: RolloutCondition["status"];
  readonly reason: string;
  readonly message: string;
}

export function conditionOf(
  list: Conditions,
  type: RolloutConditionType,
): RolloutCondition | undefined {
  return list.find((condition) => condition.type === type);
}

export function withoutCondition(list: Conditions, type: RolloutConditionType): Conditions {
  return list.filter((condition) => condition.type !== type);
}

/** Puts a condition at the end of the list with new times; the transition time stays if the status does. */
export function rewriteCondition(
  list: Conditions,
  state: ConditionState,
  now: EpochMs,
): Conditions {
  const before = conditionOf(list, state.type);
  const at = formatTime(now);
  const lastTransitionTime = before?.status === state.status ? before.lastTransitionTime : at;
  const { type, status, reason, message } = state;
  const after: RolloutCondition = {
    type,
    status,
    lastUpdateTime: at,
    lastTransitionTime,
    reason,
    message,
  };
  return [...withoutCondition(list, state.type), after];
}

/** The same status and reason leave a condition as it is, its older message and times included (§1.4 set rule). */
export function setCondition(list: Conditions, state: ConditionState, now: EpochMs): Conditions {
  const before = conditionOf(list, state.type);
  const isSame = before?.status === state.status && before.reason === state.reason;
  return isSame ? list : rewriteCondition(list, state, now);
}
