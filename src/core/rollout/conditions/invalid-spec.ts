import { conditionOf, rewriteCondition } from "./condition-list.ts";
import type { Conditions } from "./condition-list.ts";
import type { EpochMs } from "../../../lib/time.ts";

/** Rewritten only when the error is another one. */
export function withInvalidSpec(
  list: Conditions,
  name: string,
  error: string,
  now: EpochMs,
): Conditions {
  const message = `The Rollout "${name}" is invalid: ${error}`;
  if (conditionOf(list, "InvalidSpec")?.message === message) return list;
  return rewriteCondition(
    list,
    { type: "InvalidSpec", status: "True", reason: "InvalidSpec", message },
    now,
  );
}
