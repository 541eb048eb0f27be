// How clumped stable's bad events are: variance over mean of their counts, 1 when they are independent. A retry storm
// that fails five at a time is one fifth of the evidence it looks like; without dividing by this, every second good
// release with such clumps would be rolled back.
import type { Pair } from "./fisher.ts";
import { significant } from "./logs.ts";

/** Stretches of stable's traffic, also from before the canary, until the measured dispersion is believed. */
export const burnInTicks = 12;
/** What is supposed until then: clumps of five. */
const supposed = 5;
/** A stretch further from the usual than this many standard deviations is an outage, not a clump. */
const outageDeviations = 10;

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

/**
 * Pearson's statistic over its degrees of freedom: with stretches of equal size exactly their variance over mean. A
 * rate that drifts makes it larger, which costs time and no false alarms. `binomial`: counts are a large share of
 * the total, and vary less than Poisson's.
 */
export function dispersionOf(
  { ticks, count, total, squares }: Dispersion,
  model: "poisson" | "binomial" = "poisson",
): number {
  if (ticks < 2 || count === 0 || count >= total) return 1;
  const overMean = ((squares * total) / count - count) / (ticks - 1);
  return Math.max(1, model === "poisson" ? overMean : overMean / (1 - count / total));
}

/**
 * What evidence is divided by: the measured dispersion and one standard error for what few events cannot tell; before
 * the burn-in is over clumps of five at least.
 */
export function divisorOf(before: Dispersion, model: "poisson" | "binomial" = "poisson"): number {
  const measured = dispersionOf(before, model);
  const { ticks, count } = before;
  if (ticks < burnInTicks) return Math.max(supposed, measured);
  const known = Math.min(ticks, count + 1);
  return measured * (1 + Math.sqrt(2 / known) - Math.sqrt(2 / ticks));
}

/** A count as it may enter the dispersion: one outage must not make the judge deaf for hours. */
export function cappedCount(before: Dispersion, count: number, total: number): number {
  if (before.ticks < burnInTicks) return count;
  const usual = (before.count / before.total) * total;
  const deviation = Math.sqrt(dispersionOf(before) * Math.max(usual, 1));
  return Math.min(count, usual + outageDeviations * deviation);
}

/** The same with stable's count as it usually is at most: that stable has an outage does not make the canary safe. */
export function withUsual(pair: Pair, before: Dispersion): Pair {
  return { ...pair, otherBad: cappedCount(before, pair.otherBad, pair.otherTotal) };
}

/** After one more stretch of stable's traffic. */
export function addCounts(before: Dispersion, count: number, total: number): Dispersion {
  if (total === 0) return before;
  const capped = cappedCount(before, count, total);
  return {
    ticks: before.ticks + 1,
    count: significant(before.count + capped),
    total: before.total + total,
    squares:
      capped === 0 ? before.squares : significant(before.squares + (capped * capped) / total),
  };
}
