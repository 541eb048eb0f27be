// A promote is meant for the version, step and pause somebody has looked at; it must not promote another.
import type { KubeObject } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { clientPhase } from "../core/rollout/phase.ts";
import { isSameTarget } from "../core/rollout/promotion-target.ts";
import type { JsonObject } from "../lib/json.ts";
import { sleep, type Clock } from "../runtime/clock.ts";
import { CliError } from "./command.ts";

/** Throws a CliError when the rollout is no longer where it was when it was looked at. */
export function mustBeSameTarget(
  name: string,
  seen: JsonObject,
  now: JsonObject,
  isFull: boolean,
): void {
  if (isSameTarget(seen, now, isFull)) return;
  const { phase, message } = clientPhase(now);
  const state = message === "" ? phase : `${phase} - ${message}`;
  throw new CliError(
    `rollout '${name}' was not promoted: it has changed since it was looked at, and is ${state} now; look again, then promote`,
  );
}

/** The status is still that of an older version: what is asked of it there would be forgotten with it. */
export function isUnseen(manifest: JsonObject): boolean {
  return clientPhase(manifest).message.startsWith("waiting for rollout spec update");
}

const takenUpWithinMs = 5000;
const lookAgainMs = 100;

/** The rollout once its newest change has been taken up, or as it is some seconds later. */
export async function takenUp<T extends KubeObject>(
  read: () => Promise<T>,
  clock: Clock,
): Promise<T> {
  const untilMs = clock.now() + takenUpWithinMs;
  for (;;) {
    const rollout = await read();
    if (!isUnseen(asJson(rollout)) || clock.now() >= untilMs) return rollout;
    await sleep(clock, lookAgainMs);
  }
}
