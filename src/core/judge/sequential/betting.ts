// Betting on a bounded mean: a gain g ≥ −1 whose mean is at most 0 under "no worse" makes ∏ (1 + f·g) a fair or
// losing game for every stake f < 1, so capital is evidence. Exact for any values within the bounds
// (Waudby-Smith & Ramdas 2024); mixed over stakes.
import { kept, logMeanExp } from "./logs.ts";

const stakes = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8] as const;

export type Capital = readonly number[];

export const startCapital: Capital = stakes.map(() => 0);

/** After one more gain, at least −1. */
export function addGain(before: Capital, gain: number): Capital {
  return before.map((log, index) => kept(log + Math.log1p((stakes[index] ?? 0) * gain)));
}

export function capitalEvidence(capital: Capital): number {
  return logMeanExp(capital);
}
