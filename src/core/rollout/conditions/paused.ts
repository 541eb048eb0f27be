import { conditionOf, setCondition } from "./condition-list.ts";
import type { Conditions } from "./condition-list.ts";
import type { EpochMs } from "../../../lib/time.ts";

/** Left as it is while aborted; never announced as False before it was True. */
export function withPaused(
  list: Conditions,
  isPaused: boolean,
  isAborted: boolean,
  now: EpochMs,
): Conditions {
  const wasPaused = conditionOf(list, "Paused")?.status === "True";
  if (isAborted || isPaused === wasPaused) return list;
  const status = isPaused ? "True" : "False";
  return setCondition(
    list,
    { type: "Paused", status, reason: "RolloutPaused", message: "Rollout is paused" },
    now,
  );
}
