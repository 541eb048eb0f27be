// Fisher's non-central hypergeometric likelihood: given how many of both versions' requests were slow, how many of
// them are the canary's? Exact for requests that are slow independently of each other, whatever the shares are.
import { logChoose } from "../../../lib/log-factorial.ts";

/** One stretch: `bad` of `total` requests of the version under suspicion, and of the other one. Whole numbers. */
export interface Pair {
  readonly bad: number;
  readonly total: number;
  readonly otherBad: number;
  readonly otherTotal: number;
}

/** Terms smaller than this share of the largest one change no digit of the sum. */
const negligible = 1e-18;

/** The k with the largest term of M: where the ratio of neighbours crosses 1. */
function modeOf(pair: Pair, odds: number): number {
  const bad = pair.bad + pair.otherBad;
  const a = odds - 1;
  const b = odds * (pair.total + bad + 2) + pair.otherTotal - bad;
  const c = odds * (pair.total + 1) * (bad + 1);
  const mode = Math.floor((2 * c) / (b + Math.sqrt(Math.max(0, b * b - 4 * a * c))));
  return Math.min(Math.max(mode, bad - pair.otherTotal, 0), bad, pair.total);
}

/**
 * log M(odds), M = Σ_k C(total, k)·C(otherTotal, bad − k)·odds^k over all possible k: from the largest term to
 * both sides by the ratio of neighbours, as far as terms count. Takes about 17 standard deviations of steps.
 */
export function logFisherSum(pair: Pair, odds: number): number {
  const { total, otherTotal } = pair;
  const bad = pair.bad + pair.otherBad;
  const least = Math.max(0, bad - otherTotal);
  const most = Math.min(bad, total);
  const mode = modeOf(pair, odds);
  let sum = 1;
  let term = 1;
  for (let k = mode; k < most && term > negligible * sum; k += 1) {
    term *= (odds * (total - k) * (bad - k)) / ((k + 1) * (otherTotal - bad + k + 1));
    sum += term;
  }
  term = 1;
  for (let k = mode; k > least && term > negligible * sum; k -= 1) {
    term *= (k * (otherTotal - bad + k)) / (odds * (total - k + 1) * (bad - k + 1));
    sum += term;
  }
  const largest = logChoose(total, mode) + logChoose(otherTotal, bad - mode);
  return largest + mode * Math.log(odds) + Math.log(sum);
}

/**
 * The log likelihood ratio of odds `nullOdds · r` against `nullOdds`, for each r of `factors`. 0 where nothing can be
 * learned: no requests of one version, none bad or all.
 */
export function fisherLogRatios(
  pair: Pair,
  nullOdds: number,
  factors: readonly number[],
): readonly number[] {
  const bad = pair.bad + pair.otherBad;
  const all = pair.total + pair.otherTotal;
  if (pair.total === 0 || pair.otherTotal === 0 || bad === 0 || bad === all) {
    return factors.map(() => 0);
  }
  const atNull = logFisherSum(pair, nullOdds);
  return factors.map((r) => pair.bad * Math.log(r) + atNull - logFisherSum(pair, nullOdds * r));
}
