import { abort } from "../../../core/rollout/commands.ts";
import { patchVerb } from "../patch-verb.ts";

export const command = patchVerb({
  kind: "Rollout",
  takesSeveral: true,
  patches: () => abort(),
  said: (name) => `rollout '${name}' aborted`,
});
