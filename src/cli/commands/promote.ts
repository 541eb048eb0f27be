import { promote, promoteFull, skipSteps } from "../../core/rollout/commands.ts";
import { CliError, flag } from "../command.ts";
import { rolloutVerb } from "../rollout-verb.ts";

export const command = rolloutVerb({
  takesSeveral: false,
  declare(command) {
    command
      .option("--full", "skip all pauses, steps and analyses")
      .option("-c, --skip-current-step", "deprecated: go to the next step")
      .option("-a, --skip-all-steps", "deprecated: go past all steps");
  },
  patches(manifest, call) {
    const isCurrent = flag(call, "skipCurrentStep");
    const isAll = flag(call, "skipAllSteps");
    if (isCurrent && isAll)
      throw new CliError("Cannot use skip-current-step and skip-all-steps flags at the same time");
    if (isCurrent || isAll) {
      const skipped = skipSteps(manifest, isAll ? "all" : "current");
      if (!skipped.ok) throw new CliError(skipped.message);
      return skipped.value;
    }
    return flag(call, "full") ? promoteFull(manifest) : promote(manifest);
  },
  said: (name, call) => `rollout '${name}' ${flag(call, "full") ? "fully " : ""}promoted`,
});
