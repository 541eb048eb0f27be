import { retryExperiment } from "../../../core/rollout/commands.ts";
import { patchVerb } from "../patch-verb.ts";

export const command = patchVerb({
  kind: "Experiment",
  takesSeveral: true,
  patches: () => retryExperiment(),
  said: (name) => `experiment '${name}' retried`,
});
