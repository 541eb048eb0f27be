import { pause } from "../../core/rollout/commands.ts";
import { rolloutVerb } from "../rollout-verb.ts";

export const command = rolloutVerb({
  takesSeveral: true,
  patches: () => pause(),
  said: (name) => `rollout '${name}' paused`,
});
