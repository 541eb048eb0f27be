// How clumped stable's bad events are: variance over mean of their counts, 1 when they are independent. A retry storm
// that fails five at a time is one fifth of the evidence it looks like; without this, every second good release with
// such clumps would be rolled back.
import { keptForShow } from "./logs.ts";

/** Stretches of stable traffic before their dispersion is believed. */
export const burnInTicks = 12;

export interface Dispersion {
  readonly ticks: number;
  /** Σ count. */
  readonly count: number;
  /** Σ total. */
  readonly total: number;
  /** Σ count² / total. */
  readonly squares: number;
}

export const noDispersion: Dispersion = { ticks: 0, count: 0, total: 0, squares: 0 };

export function addCounts(before: Dispersion, count: number, total: number): Dispersion {
  if (total === 0) return before;
  return {
    ticks: before.ticks + 1,
    count: before.count + count,
    total: before.total + total,
    squares: count === 0 ? before.squares : keptForShow(before.squares + (count * count) / total),
  };
}

/**
 * Pearson's statistic over its degrees of freedom: with stretches of equal size exactly their variance over mean. At
 * least 1. A rate that drifts makes it larger, which costs time and no false alarms.
 */
export function dispersionOf({ ticks, count, total, squares }: Dispersion): number {
  if (ticks < 2 || count === 0) return 1;
  return Math.max(1, ((squares * total) / count - count) / (ticks - 1));
}
