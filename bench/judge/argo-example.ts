// The example of Argo Rollouts' documentation: interval 5m, successCondition result[0] >= 0.95 over the last five
// minutes, failureLimit 3: the fourth failed measurement fails the run.
import { firstLook, sum, type Rule } from "./rules.ts";

const failureLimit = 3;

export const argoExampleRule: Rule = (hour) => {
  let failures = 0;
  return firstLook(hour, 300, (_look, end, ticks) => {
    const { total, failed } = sum(hour.canary, end - ticks, end);
    if (total > 0 && (total - failed) / total < 0.95) failures += 1;
    return failures > failureLimit;
  });
};
