// Described traffic for tests and measurements of the judge: exact random counts from a seed.
import { binomial, poisson } from "../../../lib/chance.ts";
import { logChoose } from "../../../lib/log-factorial.ts";
import type { Rng } from "../../../lib/rng.ts";
import type { LatencySample } from "./tick.ts";

/** Failures that come `clump` at a time; 1 = one by one. */
export function failures(rng: Rng, total: number, rate: number, clump = 1): number {
  if (clump === 1) return binomial(rng, total, rate);
  return Math.min(total, clump * poisson(rng, (total * rate) / clump));
}

/** Log-normal durations in milliseconds, counted into buckets by their exact shares. */
export function latencies(
  rng: Rng,
  total: number,
  { medianMs, spread }: { readonly medianMs: number; readonly spread: number },
  edgesMs: readonly number[],
): LatencySample {
  const buckets: number[] = [];
  let left = total;
  let above = 1;
  for (const edge of edgesMs) {
    const beyond = normalTail(Math.log(edge / medianMs) / spread);
    const here = above <= 0 ? 0 : binomial(rng, left, Math.max(0, 1 - beyond / above));
    buckets.push(here);
    left -= here;
    above = beyond;
  }
  return { buckets: [...buckets, left] };
}

/** P(Z > z), to 1e-7 (Abramowitz and Stegun 26.2.17). */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (series * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/**
 * The lower end of the one-sided Clopper-Pearson interval: the smallest rate under which `hits` or more of `runs`
 * have at least the chance 1 − confidence.
 */
export function clopperPearsonLower(hits: number, runs: number, confidence: number): number {
  if (hits === 0) return 0;
  const chanceOfAtLeast = (p: number): number => {
    let below = 0;
    for (let k = 0; k < hits; k += 1) {
      below += Math.exp(logChoose(runs, k) + k * Math.log(p) + (runs - k) * Math.log1p(-p));
    }
    return 1 - below;
  };
  let [low, high] = [0, hits / runs];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (chanceOfAtLeast(middle) < 1 - confidence) low = middle;
    else high = middle;
  }
  return low;
}
