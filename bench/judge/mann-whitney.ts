// An ordinary test looked at again and again: Mann-Whitney over all requests since the start (failed or not), every five
// minutes, rolled back at p < .05. With two values and ties it is the two-proportion test, here with its normal
// approximation corrected for ties.
import { firstLook, sum, type Rule } from "./rules.ts";

/** z of P = .05, two-sided. */
const critical = 1.959964;

export const mannWhitneyRule: Rule = (hour) =>
  firstLook(hour, 300, (_look, end) => {
    const canary = sum(hour.canary, 0, end);
    const stable = sum(hour.stable, 0, end);
    const [n, m] = [canary.total, stable.total];
    const all = n + m;
    const failed = canary.failed + stable.failed;
    const passed = all - failed;
    // Ranks: all that passed share one, all that failed the next. U − mean, and its variance corrected for ties.
    const difference =
      (canary.failed * (m - stable.failed) - stable.failed * (n - canary.failed)) / 2;
    const ties = (failed ** 3 - failed + passed ** 3 - passed) / (all * (all - 1));
    const deviation = Math.sqrt(((n * m) / 12) * (all + 1 - ties));
    return deviation > 0 && difference / deviation > critical;
  });
