// Flagger's documented rule: a success rate below 99 % over the last minute is a failed check, asked each minute; the
// fifth failed check rolls back (docs.flagger.app, "analysis": interval 1m, threshold 5, thresholdRange.min 99).
import { firstLook, sum, type Rule } from "./rules.ts";

const threshold = 5;

export const flaggerRule: Rule = (hour) => {
  let failedChecks = 0;
  return firstLook(hour, 60, (_look, end, ticks) => {
    const { total, failed } = sum(hour.canary, end - ticks, end);
    if (total > 0 && (total - failed) / total < 0.99) failedChecks += 1;
    return failedChecks >= threshold;
  });
};
