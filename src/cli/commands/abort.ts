import { abort } from "../../core/rollout/commands.ts";
import { rolloutVerb } from "../rollout-verb.ts";

export const command = rolloutVerb({
  takesSeveral: true,
  patches: () => abort(),
  said: (name) => `rollout '${name}' aborted`,
});
