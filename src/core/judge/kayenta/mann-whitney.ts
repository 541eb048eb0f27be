// How far the experiment's values are shifted against the control's: the estimate and the confidence interval of the
// Mann-Whitney test (Hodges-Lehmann), found as R's wilcox.test finds them: roots of the standardised rank sum.
import { at, ascending } from "./numbers.ts";
import { rootBetween, type RootSearch } from "./root.ts";

export interface Shift {
  readonly low: number;
  readonly high: number;
  readonly estimate: number;
}

/** The normal quantile of 0.99: two sides of 1 % each leave the confidence level of 98 %. */
const zOf98Percent = 2.3263478740408408;

/** Ascending values of both sides. */
export interface Samples {
  readonly experiment: readonly number[];
  readonly control: readonly number[];
}

interface RankSum {
  /** The sum of the experiment's ranks; equal values share the mean of theirs. */
  readonly ranks: number;
  /** Σ(t³ − t) over groups of t equal values. */
  readonly ties: number;
}

/** Ranks of (experiment − shift) among those and the control. */
function rankSum({ experiment, control }: Samples, shift: number): RankSum {
  let [i, j, ranks, ties] = [0, 0, 0, 0];
  while (i < experiment.length || j < control.length) {
    const seen = i + j;
    const left = i < experiment.length ? at(experiment, i) - shift : Number.POSITIVE_INFINITY;
    const value = Math.min(left, j < control.length ? at(control, j) : Number.POSITIVE_INFINITY);
    const from = i;
    while (i < experiment.length && at(experiment, i) - shift === value) i += 1;
    while (j < control.length && at(control, j) === value) j += 1;
    const tied = i + j - seen;
    ranks += (i - from) * (seen + (tied + 1) / 2);
    ties += tied ** 3 - tied;
  }
  return { ranks, ties };
}

/** The standardised rank sum of the shifted experiment, with the correction for continuity. */
function standardised(samples: Samples, shift: number): number {
  const [n, m] = [samples.experiment.length, samples.control.length];
  const { ranks, ties } = rankSum(samples, shift);
  const difference = ranks - (n * (n + 1)) / 2 - (n * m) / 2;
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  return (difference - 0.5 * Math.sign(difference)) / Math.sqrt(variance);
}

/** The shift at which the standardised rank sum is `z`, clamped to the largest and smallest difference there is. */
function shiftAt(samples: Samples, z: number, search: RootSearch): number {
  const { experiment, control } = samples;
  const lowest = at(experiment, 0) - at(control, control.length - 1);
  const highest = at(experiment, experiment.length - 1) - at(control, 0);
  const f = (shift: number): number => standardised(samples, shift) - z;
  if (f(lowest) <= 0) return lowest;
  if (f(highest) >= 0) return highest;
  return rootBetween(f, [lowest, highest], search);
}

/** R's settings. The tolerance is absolute: values in a small unit are told apart less well. */
export const searchOfR: RootSearch = { tolerance: 1e-4, maxIterations: 1000 };

/** Estimate and 98 % confidence interval of experiment − control. Both sides need a value, all of them finite. */
export function shiftOf(
  experiment: readonly number[],
  control: readonly number[],
  search: RootSearch = searchOfR,
): Shift {
  const samples = { experiment: ascending(experiment), control: ascending(control) };
  return {
    low: shiftAt(samples, zOf98Percent, search),
    high: shiftAt(samples, -zOf98Percent, search),
    estimate: shiftAt(samples, 0, search),
  };
}

/** How often a value of the experiment is above one of the control, 0 to 1; equal ones count half. */
export function commonLanguageEffect(
  experiment: readonly number[],
  control: readonly number[],
): number {
  const samples = { experiment: ascending(experiment), control: ascending(control) };
  const [m, n] = [experiment.length, control.length];
  return (2 * rankSum(samples, 0).ranks - m * (m + 1)) / (2 * n * m);
}
