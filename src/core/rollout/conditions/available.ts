import { setCondition } from "./condition-list.ts";
import type { Conditions } from "./condition-list.ts";
import type { EpochMs } from "../../../lib/time.ts";

export function withAvailable(list: Conditions, isAvailable: boolean, now: EpochMs): Conditions {
  const reason = "AvailableReason";
  return isAvailable
    ? setCondition(
        list,
        { type: "Available", status: "True", reason, message: "Rollout has minimum availability" },
        now,
      )
    : setCondition(
        list,
        {
          type: "Available",
          status: "False",
          reason,
          message: "Rollout does not have minimum availability",
        },
        now,
      );
}
