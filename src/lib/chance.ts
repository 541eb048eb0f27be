// Random counts from a seeded generator, exact whatever their size: by inversion, beginning where most of the weight is,
// which takes about as many steps as the standard deviation.
import { logChoose, logFactorial } from "./log-factorial.ts";
import { next, type Rng } from "./rng.ts";

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
