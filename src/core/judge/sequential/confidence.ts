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

const angles = Array.from(
  { length: nodeCount },
  (_, j) => ((2 * j + 1) * Math.PI) / (2 * nodeCount),
);
const nodes = angles.map((angle) => (from + to) / 2 + ((to - from) / 2) * Math.cos(angle));
const ratios = nodes.map((node) => Math.exp(node));
const barycentric = angles.map((angle, j) => (j % 2 === 0 ? 1 : -1) * Math.sin(angle));

export interface Curve {
  /** Σ bad of the suspect, divided by the dispersion. */
  readonly events: number;
  /** Σ bad·log(1 + odds) at each node. */
  readonly nodes: readonly number[];
}

export const noCurve: Curve = { events: 0, nodes: nodes.map(() => 0) };

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

/** ℓ at a logarithm of a ratio, by barycentric interpolation. */
function logLikelihood(curve: Curve, logRatio: number): number {
  let above = 0;
  let below = 0;
  for (let j = 0; j < nodeCount; j += 1) {
    const distance = logRatio - (nodes[j] ?? 0);
    const value = curve.nodes[j] ?? 0;
    if (distance === 0) return curve.events * logRatio - value;
    const weight = (barycentric[j] ?? 0) / distance;
    above += weight * value;
    below += weight;
  }
  return curve.events * logRatio - above / below;
}

const worseLogs = worseFactors.map((r) => Math.log(r));
const safeLogs = safeFactors.map((r) => Math.log(r));

function evidenceAgainst(curve: Curve, logRatio: number, alternatives: readonly number[]): number {
  const atNull = logLikelihood(curve, logRatio);
  return logMeanExp(alternatives.map((r) => logLikelihood(curve, logRatio + r) - atNull));
}

/** Where `isRejected` changes, between a rejected and a kept logarithm; to 1e-4. */
function border(rejected: number, keptOne: number, isRejected: (at: number) => boolean): number {
  let [outside, inside] = [rejected, keptOne];
  while (Math.abs(inside - outside) > 1e-4) {
    const middle = (outside + inside) / 2;
    if (isRejected(middle)) outside = middle;
    else inside = middle;
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
  const isTooLow = (at: number): boolean => evidenceAgainst(curve, at, worseLogs) >= threshold;
  const isTooHigh = (at: number): boolean => evidenceAgainst(curve, at, safeLogs) >= threshold;
  const [least, most] = [Math.log(ratioRange.lo), Math.log(ratioRange.hi)];
  // The likeliest ratio lies between what is too low and what is too high.
  const lo = !isTooLow(least) ? least : isTooLow(most) ? most : border(least, most, isTooLow);
  const hi = !isTooHigh(most) ? most : isTooHigh(least) ? least : border(most, least, isTooHigh);
  return { lo: keptForShow(Math.exp(lo)), hi: keptForShow(Math.exp(hi)) };
}
