// The sample-ratio guard: does the canary get the share of requests its weight promises? When not, something between
// the weight and the counters is broken (a lost scrape, a sticky session, a second route), and what the counts say
// about errors is not to be trusted. An e-value of its own at a level of its own.
import { addCounts, divisorOf, noDispersion, type Dispersion } from "./dispersion.ts";
import { kept, logMeanExp } from "./logs.ts";

/** Odds that are off by less than this factor are no mismatch: routers round, sessions stick. */
const tolerated = 1.25;
const factors = [1.1, 1.25, 1.5, 2, 4] as const;

export interface SampleRatio {
  /** Evidence for too much, then for too little, one logarithm per factor each. */
  readonly tooMuch: readonly number[];
  readonly tooLittle: readonly number[];
  /** The canary's requests against what was to be expected: how evenly they arrive. */
  readonly dispersion: Dispersion;
}

export const noMismatch: SampleRatio = {
  tooMuch: factors.map(() => 0),
  tooLittle: factors.map(() => 0),
  dispersion: noDispersion,
};

/** log(P(counts | odds·factor) / P(counts | odds)) of a binomial count. */
function shareLog(canary: number, stable: number, odds: number, factor: number): number {
  const before = Math.log1p(odds);
  const after = Math.log1p(odds * factor);
  return canary * Math.log(factor) - (canary + stable) * (after - before);
}

/** After one more stretch of requests in which the canary was to get `share` (0 to 1) of them. */
export function addRequests(
  before: SampleRatio,
  requests: { readonly canary: number; readonly stable: number },
  share: number,
): SampleRatio {
  const { canary, stable } = requests;
  const all = canary + stable;
  if (all === 0 || share <= 0 || share >= 1) return before;
  const dispersion = addCounts(before.dispersion, canary, all * share);
  const divisor = divisorOf(before.dispersion);
  const odds = share / (1 - share);
  const grown = (logs: readonly number[], sign: 1 | -1): readonly number[] =>
    logs.map((log, index) => {
      const edge = odds * tolerated ** sign;
      const factor = (factors[index] ?? 1) ** sign;
      return kept(log + shareLog(canary, stable, edge, factor) / divisor);
    });
  return {
    tooMuch: grown(before.tooMuch, 1),
    tooLittle: grown(before.tooLittle, -1),
    dispersion,
  };
}

/** log E of a mismatch in either direction. */
export function sampleRatioEvidence({ tooMuch, tooLittle }: SampleRatio): number {
  return logMeanExp([...tooMuch, ...tooLittle]);
}
