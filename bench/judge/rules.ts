// What the exposure measurement compares: one hour of the same traffic, and rules that say when they would roll back.

export interface Interval {
  readonly total: number;
  readonly failed: number;
}

/** One canary's hour: counts of both versions in stretches of `tickSeconds`. */
export interface Hour {
  readonly tickSeconds: number;
  readonly canary: readonly Interval[];
  readonly stable: readonly Interval[];
}

/** Seconds until the rule rolls back; undefined: not within the hour. */
export type Rule = (hour: Hour) => number | undefined;

/** Counts from the tick `from` up to, but not including, `to`. */
export function sum(intervals: readonly Interval[], from: number, to: number): Interval {
  let [total, failed] = [0, 0];
  for (const interval of intervals.slice(from, to)) {
    total += interval.total;
    failed += interval.failed;
  }
  return { total, failed };
}

/** Asks at the end of each `everySeconds`: the number of the look from 1, and the ticks it ends at. */
export function firstLook(
  { tickSeconds, canary }: Hour,
  everySeconds: number,
  isRollback: (look: number, endTick: number, ticksPerLook: number) => boolean,
): number | undefined {
  const ticksPerLook = everySeconds / tickSeconds;
  for (let look = 1; look * ticksPerLook <= canary.length; look += 1) {
    if (isRollback(look, look * ticksPerLook, ticksPerLook)) return look * everySeconds;
  }
  return undefined;
}
