import { restart } from "../../../core/rollout/commands.ts";
import { parseGoDuration } from "../../../lib/go-duration.ts";
import { textOption } from "../../command.ts";
import { patchVerb } from "../patch-verb.ts";
import type { PluginCall } from "../plugin-command.ts";

const now = "0s";

/** The flag's text has been read once already: a duration that is none never comes here. */
function restartAtMs(call: PluginCall): number {
  const parsed = parseGoDuration(textOption(call, "in") ?? now);
  if (!parsed.ok) throw new Error(parsed.message);
  return call.cli.clock.now() + parsed.ms;
}

export const command = patchVerb({
  kind: "Rollout",
  takesSeveral: false,
  flags: [
    {
      name: "in",
      short: "i",
      type: "duration",
      usual: now,
      about: "Amount of time before a restart. (e.g. 30s, 5m, 1h)",
    },
  ],
  patches: (call) => restart(restartAtMs(call)),
  said: (name, call) => `rollout '${name}' restarts in ${textOption(call, "in") ?? now}`,
});
