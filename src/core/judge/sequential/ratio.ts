// The test of counts: given the bad events of both versions, is the suspect's part larger than its part of the
// requests allows? An e-process: its mean is at most 1 as long as the ratio of rates is within the margin, for
// Poisson counts and for requests that fail one by one, with rates and weights that change from tick to tick
// (docs/judgement-mathematics.md has the proof).
import type { Pair } from "./fisher.ts";
import { kept, logMeanExp } from "./logs.ts";

/** Alternatives to "no worse than the margin", as multiples of the margin's ratio. */
export const worseFactors = [1.1, 1.25, 1.5, 2, 3, 5, 10, 30] as const;
/** Alternatives to "at least R₀ times as bad", as multiples of R₀. */
export const safeFactors = [0.2, 0.35, 0.5, 0.65, 0.8] as const;

/**
 * log((ratio r·ratio against ratio)) of one stretch for each factor r: bad·log(p₁/p₀) + otherBad·log((1−p₁)/(1−p₀))
 * with odds ratio·total/otherTotal that a bad event is the suspect's.
 */
export function ratioLogs(
  pair: Pair,
  ratio: number,
  factors: readonly number[],
): readonly number[] {
  const { bad, total, otherBad, otherTotal } = pair;
  const events = bad + otherBad;
  if (events === 0 || total === 0 || otherTotal === 0) return noEvidence(factors.length);
  const odds = (ratio * total) / otherTotal;
  const atNull = Math.log1p(odds);
  const logs: number[] = [];
  for (const r of factors) {
    logs.push(bad * Math.log(r) - events * (Math.log1p(odds * r) - atNull));
  }
  return logs;
}

/** Evidence so far, one logarithm per alternative. */
export type Logs = readonly number[];

export function noEvidence(alternatives: number): Logs {
  return new Array<number>(alternatives).fill(0);
}

/** Evidence after one more stretch; `divisor` ≥ 1 is the dispersion known before it, `keep` rounds. */
export function addLogs(before: Logs, stretch: Logs, divisor: number, keep = kept): Logs {
  const after: number[] = [];
  for (let index = 0; index < before.length; index += 1) {
    after.push(keep((before[index] ?? 0) + (stretch[index] ?? 0) / divisor));
  }
  return after;
}

/** log E: the mean over the alternatives. */
export function logEvidence(logs: Logs): number {
  return logMeanExp(logs);
}
