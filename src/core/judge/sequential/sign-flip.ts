// The sign-flip test: under "no worse" a tick's difference D is as likely to be −D, whatever its size and however
// clumped what it is made of. E = ∏ e^{λD} / cosh(λD) with λ = c/σ̂, σ̂ from the ticks before, mixed over c.
// One tick can multiply E by 2 at most: slower than a likelihood ratio, but it believes in no model.
import { kept, logCosh, logMeanExp, significant } from "./logs.ts";

const strengths = [0.05, 0.1, 0.2, 0.4, 0.8] as const;

export interface SignFlip {
  readonly logs: readonly number[];
  /** Differences seen, and the mean of their squares: what σ̂ is made of. Unitless (see `scale`). */
  readonly seen: number;
  readonly meanSquare: number;
}

export const noFlips: SignFlip = { logs: strengths.map(() => 0), seen: 0, meanSquare: 0 };

/**
 * After one more difference (positive: the canary is worse). The first one other than 0 only tells its size.
 * σ̂ is kept to 10 digits, so that results do not depend on the unit.
 */
export function addDifference(before: SignFlip, difference: number): SignFlip {
  const seen = before.seen + 1;
  const square = before.meanSquare + (difference * difference - before.meanSquare) / seen;
  const meanSquare = significant(square);
  if (before.meanSquare === 0 || difference === 0) return { ...before, seen, meanSquare };
  const z = difference / Math.sqrt(before.meanSquare);
  const logs = before.logs.map((log, index) => {
    const c = strengths[index] ?? 0;
    return kept(log + c * z - logCosh(c * z));
  });
  return { logs, seen, meanSquare };
}

export function signFlipEvidence({ logs }: SignFlip): number {
  return logMeanExp(logs);
}
