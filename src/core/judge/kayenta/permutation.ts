// Whether a difference of means is more than chance: how rarely dealing the values out anew gives one as large
// (Fisher and Pitman). Needs no model of the values and does not depend on their unit. Dealt with a seed, from
// sorted values: the same values give the same answer in whatever order they came.
import { createRng, nextInt } from "../../../lib/rng.ts";
import { ascending, at } from "./numbers.ts";

const deals = 1999;
const seed = 20180410;

/** What rounding may do to a sum. */
const roundingShare = 1e-9;

export interface Tails {
  /** The chance of a mean of the experiment as far above the control's, and as far below. */
  readonly above: number;
  readonly below: number;
}

/** Deals `count` of the values (they are shuffled in place) and sums them. */
function dealtSum(values: number[], count: number, rng: ReturnType<typeof createRng>): number {
  let sum = 0;
  for (let place = 0; place < count; place += 1) {
    const drawn = place + nextInt(rng, values.length - place);
    const value = at(values, drawn);
    values[drawn] = at(values, place);
    values[place] = value;
    sum += value;
  }
  return sum;
}

/**
 * The chances that a difference of means at least as large comes about by dealing alone. Chances above `upTo` are
 * not told exactly: dealing ends when both are certain to be.
 */
export function tailsOf(
  experiment: readonly number[],
  control: readonly number[],
  upTo = 1,
): Tails {
  const rng = createRng(seed);
  const values = [...ascending([...experiment, ...control])];
  const observed = ascending(experiment).reduce((sum, value) => sum + value, 0);
  const slack = roundingShare * values.reduce((sum, value) => sum + Math.abs(value), 0);
  const enough = upTo * (deals + 1);
  let [above, below, dealt] = [1, 1, 1];
  while (dealt <= deals && (above <= enough || below <= enough)) {
    dealt += 1;
    const sum = dealtSum(values, experiment.length, rng);
    if (sum >= observed - slack) above += 1;
    if (sum <= observed + slack) below += 1;
  }
  return { above: above / dealt, below: below / dealt };
}

/** Of all ways to deal so many values, the most extreme one has at least this chance. */
export function smallestChance(experiment: number, control: number): number {
  const [small, large] = [Math.min(experiment, control), Math.max(experiment, control)];
  let chance = 1;
  for (let index = 1; index <= small; index += 1) chance *= index / (large + index);
  return chance;
}
