// status.conditions of workloads: one entry per type, a transition time that moves with the status.
import type { Condition } from "../../api/kubernetes/pod.ts";
import { formatTime } from "../../lib/time.ts";
import type { EpochMs } from "../../lib/time.ts";

export interface Claim {
  readonly type: string;
  readonly status: Condition["status"];
  readonly reason: string;
  readonly message: string;
}

/** The conditions with this claim in place. Equal status keeps its transition time; equal claims change nothing. */
export function withCondition(
  conditions: readonly Condition[],
  claim: Claim,
  nowMs: EpochMs,
): readonly Condition[] {
  const before = conditions.find((each) => each.type === claim.type);
  const others = conditions.filter((each) => each.type !== claim.type);
  const isSame =
    before?.status === claim.status &&
    before.reason === claim.reason &&
    before.message === claim.message;
  if (isSame) return conditions;
  const now = formatTime(nowMs);
  const since = before?.status === claim.status ? (before.lastTransitionTime ?? now) : now;
  return [...others, { ...claim, lastUpdateTime: now, lastTransitionTime: since }];
}

export function withoutCondition(
  conditions: readonly Condition[],
  type: string,
): readonly Condition[] {
  return conditions.some((each) => each.type === type)
    ? conditions.filter((each) => each.type !== type)
    : conditions;
}

export function isConditionTrue(
  conditions: readonly Condition[] | undefined,
  type: string,
): boolean {
  return conditions?.some((each) => each.type === type && each.status === "True") ?? false;
}
