import { conditionOf, rewriteCondition } from "./condition-list.ts";
import type { Conditions } from "./condition-list.ts";
import type { EpochMs } from "../../../lib/time.ts";

function textOf(name: string, error: string): string {
  return `The Rollout "${name}" is invalid: ${error}`;
}

/** Whether the conditions say already that the Rollout is invalid for this reason. */
export function saysInvalid(list: Conditions, name: string, error: string): boolean {
  return conditionOf(list, "InvalidSpec")?.message === textOf(name, error);
}

/** Rewritten only when the error is another one. */
export function withInvalidSpec(
  list: Conditions,
  name: string,
  error: string,
  now: EpochMs,
): Conditions {
  if (saysInvalid(list, name, error)) return list;
  const message = textOf(name, error);
  return rewriteCondition(
    list,
    { type: "InvalidSpec", status: "True", reason: "InvalidSpec", message },
    now,
  );
}
