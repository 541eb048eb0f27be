// Waiting for a condition, never for a time.
import { setTimeout as sleep } from "node:timers/promises";

const lookMs = 40;
/** How long anything may take on a busy machine before it counts as stuck. */
const patienceMs = 90_000;

export class Stuck extends Error {
  override readonly name = "Stuck";
}

/** Runs only while the controller is there: a dead one keeps nobody waiting by its slowness. */
class ServedClock {
  #awayMs = 0;
  #awaySinceMs: number | undefined;

  controllerIsGone(): void {
    this.#awaySinceMs ??= Date.now();
  }

  controllerIsBack(): void {
    this.#awayMs += Date.now() - (this.#awaySinceMs ?? Date.now());
    this.#awaySinceMs = undefined;
  }

  nowMs(): number {
    return (this.#awaySinceMs ?? Date.now()) - this.#awayMs;
  }
}

export const servedClock = new ServedClock();
export const wallClock = { nowMs: (): number => Date.now() };

/** Resolves once `isSo` does so with true; rejects with Stuck when it never does. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  clock: { nowMs(): number } = servedClock,
): Promise<void> {
  const deadlineMs = clock.nowMs() + patienceMs;
  while (!(await isSo())) {
    if (clock.nowMs() > deadlineMs)
      throw new Stuck(`waited ${String(patienceMs / 1000)} s for ${what}`);
    await sleep(lookMs);
  }
}
