import { pause } from "../../../core/rollout/commands.ts";
import { patchVerb } from "../patch-verb.ts";

export const command = patchVerb({
  kind: "Rollout",
  takesSeveral: true,
  patches: () => pause(),
  said: (name) => `rollout '${name}' paused`,
});
