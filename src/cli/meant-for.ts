// A promote is meant for the version, step and pause somebody has looked at; it must not promote another.
import { clientPhase } from "../core/rollout/phase.ts";
import { isSameTarget } from "../core/rollout/promotion-target.ts";
import type { JsonObject } from "../lib/json.ts";
import { CliError } from "./command.ts";

/** Throws a CliError when the rollout is no longer where it was when it was looked at. */
export function mustBeSameTarget(name: string, seen: JsonObject, now: JsonObject): void {
  if (isSameTarget(seen, now)) return;
  const { phase, message } = clientPhase(now);
  const state = message === "" ? phase : `${phase} - ${message}`;
  throw new CliError(
    `rollout '${name}' was not promoted: it has changed since it was looked at, and is ${state} now; look again, then promote`,
  );
}
