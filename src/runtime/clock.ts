// runtime: what every controller needs and no domain knows: clock, work queue, cache, controller
// loop, leader election, events, log, metrics. May import lib, api and objects/object-store.ts.
import type { EpochMs } from "../lib/time.ts";

export type CancelTimer = () => void;

/** Time as a port: the system's in production, a virtual one in tests and the simulator. */
export interface Clock {
  now(): EpochMs;
  /** Calls `fire` once, `delayMs` from now (0 = as soon as possible), unless cancelled. */
  after(delayMs: number, fire: () => void): CancelTimer;
}

const longestTimeoutMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, fire) {
    if (delayMs > longestTimeoutMs) {
      let cancelRest: CancelTimer | undefined;
      const first = setTimeout(() => {
        cancelRest = systemClock.after(delayMs - longestTimeoutMs, fire);
      }, longestTimeoutMs);
      return () => {
        clearTimeout(first);
        cancelRest?.();
      };
    }
    const timer = setTimeout(fire, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or rejects with the signal's reason once it is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
