import { retry } from "../../../core/rollout/commands.ts";
import { patchVerb } from "../patch-verb.ts";

export const command = patchVerb({
  kind: "Rollout",
  takesSeveral: true,
  patches: () => retry(),
  said: (name) => `rollout '${name}' retried`,
});
