import { conditionOf, setCondition } from "./condition-list.ts";
import type { Conditions } from "./condition-list.ts";
import type { EpochMs } from "../../../lib/time.ts";

/** Healthy appears with the first success; it is only ever taken back, never announced as missing. */
export function withHealthy(list: Conditions, isHealthy: boolean, now: EpochMs): Conditions {
  const reason = "RolloutHealthy";
  if (isHealthy) {
    return setCondition(
      list,
      { type: "Healthy", status: "True", reason, message: "Rollout is healthy" },
      now,
    );
  }
  if (conditionOf(list, "Healthy") === undefined) return list;
  return setCondition(
    list,
    { type: "Healthy", status: "False", reason, message: "Rollout is not healthy" },
    now,
  );
}
