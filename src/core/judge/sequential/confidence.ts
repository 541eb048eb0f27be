// The confidence sequence for the ratio of rates: every ratio that neither the "worse" nor the "safe" test rejects
// at α/2. The tests at any ratio need ℓ(ratio) = events·log ratio − Σ bad·log(1 + ratio·total/otherTotal), a smooth
// curve over log ratio: its values at 24 Chebyshev nodes stand for all of it (error below 1e-5 of the events counted).
import type { Pair } from "./fisher.ts";
import { keptForShow, logMeanExp } from "./logs.ts";
import { safeFactors, worseFactors } from "./ratio.ts";

/** The smallest and largest ratio told apart: what lies outside is "0.05 or less" and "20 or more". */
export const ratioRange = { lo: 0.05, hi: 20 } as const;

const nodeCount = 24;
const from = Math.log(ratioRange.lo * Math.min(...safeFactors));
const to = Math.log(ratioRange.hi * Math.max(...worseFactors));
const middle = (from + to) / 2;
const half = (to - from) / 2;

const angles = Array.from(
  { length: nodeCount },
  (_, j) => ((2 * j + 1) * Math.PI) / (2 * nodeCount),
);
const ratios = angles.map((angle) => Math.exp(middle + half * Math.cos(angle)));
/** cosines[k][j] = cos(k·angle of node j): from values at the nodes to Chebyshev's coefficients. */
const cosines = angles.map((_, k) => angles.map((angle) => Math.cos(k * angle)));

export interface Curve {
  /** Σ bad of the suspect, divided by the dispersion. */
  readonly events: number;
  /** Σ bad·log(1 + odds) at each node. */
  readonly nodes: readonly number[];
}

export const noCurve: Curve = { events: 0, nodes: ratios.map(() => 0) };

export function addToCurve(before: Curve, pair: Pair, divisor: number): Curve {
  const bad = pair.bad + pair.otherBad;
  if (bad === 0 || pair.total === 0 || pair.otherTotal === 0) return before;
  const odds = pair.total / pair.otherTotal;
  return {
    events: keptForShow(before.events + pair.bad / divisor),
    nodes: before.nodes.map((value, j) =>
      keptForShow(value + (bad * Math.log1p(odds * (ratios[j] ?? 0))) / divisor),
    ),
  };
}

interface Polynomial {
  readonly events: number;
  readonly coefficients: readonly number[];
}

function polynomialOf({ events, nodes }: Curve): Polynomial {
  const coefficients = cosines.map((row, k) => {
    let sum = 0;
    for (let j = 0; j < nodeCount; j += 1) sum += (row[j] ?? 0) * (nodes[j] ?? 0);
    return ((k === 0 ? 1 : 2) * sum) / nodeCount;
  });
  return { events, coefficients };
}

/** ℓ at a logarithm of a ratio (Clenshaw's recurrence). */
function logLikelihood({ events, coefficients }: Polynomial, logRatio: number): number {
  const twice = (2 * (logRatio - middle)) / half;
  let [next, afterNext] = [0, 0];
  for (let k = nodeCount - 1; k > 0; k -= 1) {
    const here = (coefficients[k] ?? 0) + twice * next - afterNext;
    afterNext = next;
    next = here;
  }
  return events * logRatio - ((coefficients[0] ?? 0) + (twice / 2) * next - afterNext);
}

const worseLogs = worseFactors.map((r) => Math.log(r));
const safeLogs = safeFactors.map((r) => Math.log(r));

function isRejected(
  curve: Polynomial,
  logRatio: number,
  alternatives: readonly number[],
  threshold: number,
): boolean {
  const atNull = logLikelihood(curve, logRatio);
  const enough = threshold + Math.log(alternatives.length);
  const logs: number[] = [];
  let largest = -Infinity;
  for (const r of alternatives) {
    const log = logLikelihood(curve, logRatio + r) - atNull;
    // One alternative alone may decide it.
    if (log >= enough) return true;
    if (log > largest) largest = log;
    logs.push(log);
  }
  return largest >= threshold && logMeanExp(logs) >= threshold;
}

/** Far below what two digits show. */
const precision = 0.001;

/** Where rejection ends, between a rejected and a kept logarithm. */
function border(rejected: number, keptOne: number, isOut: (at: number) => boolean): number {
  let [outside, inside] = [rejected, keptOne];
  while (Math.abs(inside - outside) > precision) {
    const between = (outside + inside) / 2;
    if (isOut(between)) outside = between;
    else inside = between;
  }
  return inside;
}

/**
 * The ratios not ruled out, all moments together with probability 1 − alpha. undefined: nothing was counted yet.
 * Borders at `ratioRange` mean "or less" and "or more".
 */
export function confidenceOf(
  curve: Curve,
  alpha: number,
): { readonly lo: number; readonly hi: number } | undefined {
  if (curve.nodes.every((value) => value === 0)) return undefined;
  const threshold = Math.log(2 / alpha);
  const polynomial = polynomialOf(curve);
  const isTooLow = (at: number): boolean => isRejected(polynomial, at, worseLogs, threshold);
  const isTooHigh = (at: number): boolean => isRejected(polynomial, at, safeLogs, threshold);
  const [least, most] = [Math.log(ratioRange.lo), Math.log(ratioRange.hi)];
  // The likeliest ratio lies between what is too low and what is too high.
  const lo = !isTooLow(least) ? least : isTooLow(most) ? most : border(least, most, isTooLow);
  const hi = !isTooHigh(most) ? most : isTooHigh(least) ? least : border(most, least, isTooHigh);
  return { lo: keptForShow(Math.exp(lo)), hi: keptForShow(Math.exp(hi)) };
}
