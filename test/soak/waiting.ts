// Waiting for a condition, never for a time.
import { setTimeout as sleep } from "node:timers/promises";

const lookMs = 40;
/** How long anything may take on a busy machine before it counts as stuck. */
const patienceMs = 90_000;

export class Stuck extends Error {
  override readonly name = "Stuck";
}

/** Resolves once `isSo` does so with true; rejects with Stuck when it never does. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + patienceMs;
  while (!(await isSo())) {
    if (Date.now() > deadlineMs)
      throw new Stuck(`waited ${String(patienceMs / 1000)} s for ${what}`);
    await sleep(lookMs);
  }
}
