import { setCondition } from "./condition-list.ts";
import type { Conditions } from "./condition-list.ts";
import type { EpochMs } from "../../../lib/time.ts";

export function withCompleted(list: Conditions, isCompleted: boolean, now: EpochMs): Conditions {
  const status = isCompleted ? "True" : "False";
  const reason = "RolloutCompleted";
  return setCondition(list, { type: "Completed", status, reason, message: reason }, now);
}
