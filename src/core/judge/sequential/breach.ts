// Whether a version breaches the objective NOW: evidence that falls back to nothing while all is well, so that an
// outage after hours of health is seen within a few ticks and its end as well (a CUSUM of the Poisson likelihood
// ratio of twice the objective against the objective; false alarms at the objective itself at most every 1/α ticks).
import { kept } from "./logs.ts";

const factor = 2;

/** Bad events among all of a stretch, and the share of them that users tolerate. */
export interface ObjectiveSample {
  readonly bad: number;
  readonly total: number;
  readonly share: number;
}

/** After one more stretch. `threshold`: what `isBreach` asks for; beyond 1.5 times that nothing is remembered. */
export function addToBreach(
  before: number,
  { bad, total, share }: ObjectiveSample,
  threshold: number,
): number {
  const gain = bad * Math.log(factor) - total * share * (factor - 1);
  return kept(Math.min(Math.max(before + gain, 0), 1.5 * threshold));
}

export function isBreach(level: number, threshold: number): boolean {
  return level >= threshold;
}
