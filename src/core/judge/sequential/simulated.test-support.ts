// Described traffic for tests and measurements of the judge: exact random counts from a seed.
import { next, type Rng } from "../../../lib/rng.ts";
import { logChoose, logFactorial } from "./log-factorial.ts";
import type { CountSample, LatencySample, Tick } from "./tick.ts";

/** A draw from weights falling to both sides of a mode: inversion, beginning where most of the weight is. */
function fromMode(
  rng: Rng,
  mode: number,
  weightAtMode: number,
  ratio: { readonly up: (k: number) => number; readonly down: (k: number) => number },
): number {
  let left = next(rng) - weightAtMode;
  if (left <= 0) return mode;
  let [low, high] = [mode, mode];
  let [lowWeight, highWeight] = [weightAtMode, weightAtMode];
  while (lowWeight > 0 || highWeight > 0) {
    highWeight *= ratio.up(high);
    high += 1;
    left -= highWeight;
    if (left <= 0) return high;
    lowWeight *= low > 0 ? ratio.down(low) : 0;
    low -= 1;
    left -= lowWeight;
    if (left <= 0) return low;
  }
  return mode;
}

/** How many of n independent tries succeed. */
export function binomial(rng: Rng, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const log = logChoose(n, mode) + mode * Math.log(p) + (n - mode) * Math.log1p(-p);
  const odds = p / (1 - p);
  return fromMode(rng, mode, Math.exp(log), {
    up: (k) => ((n - k) / (k + 1)) * odds,
    down: (k) => k / ((n - k + 1) * odds),
  });
}

/** How many events of this mean happen. */
export function poisson(rng: Rng, mean: number): number {
  if (mean <= 0) return 0;
  const mode = Math.floor(mean);
  const log = mode * Math.log(mean) - mean - logFactorial(mode);
  return fromMode(rng, mode, Math.exp(log), {
    up: (k) => mean / (k + 1),
    down: (k) => k / mean,
  });
}

/** A standard normal number (Box and Muller). */
export function normal(rng: Rng): number {
  const radius = Math.sqrt(-2 * Math.log(1 - next(rng)));
  return radius * Math.cos(2 * Math.PI * next(rng));
}

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

/** A tick with one metric called `errors`. */
export function errorsTick(
  index: number,
  tickMs: number,
  canary: CountSample,
  stable: CountSample,
): Tick {
  return {
    fromMs: index * tickMs,
    toMs: (index + 1) * tickMs,
    samples: { errors: { canary, stable } },
  };
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
