import type { EpochMs } from "../../lib/time.ts";

/**
 * Milliseconds until the counters are read next: always a tenth of the interval before it is full. Measurements are due at
 * whole seconds and then find what was counted in the second before them, not in one that ended long ago.
 */
export function untilCountedMs(now: EpochMs, intervalMs: number): number {
  const leadMs = intervalMs / 10;
  return intervalMs - ((now + leadMs) % intervalMs);
}
