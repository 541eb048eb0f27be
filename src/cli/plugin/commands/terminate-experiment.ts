import { terminate } from "../../../core/rollout/commands.ts";
import { patchVerb } from "../patch-verb.ts";

export const command = patchVerb({
  kind: "Experiment",
  takesSeveral: true,
  patches: () => terminate(),
  // Argo's plugin says "retried" here, which is a slip.
  said: (name) => `experiment '${name}' terminated`,
});
