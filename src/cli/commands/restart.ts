import { restart } from "../../core/rollout/commands.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { textOption, usageError, type CommandCall } from "../command.ts";
import { rolloutVerb } from "../rollout-verb.ts";

const now = "0s";

function delayMs(call: CommandCall): number {
  const text = textOption(call, "in") ?? now;
  const parsed = parseGoDuration(text);
  if (!parsed.ok)
    throw usageError(call, `--in ${text}: ${parsed.message}; write it as 90s, 5m or 1h30m`);
  return parsed.ms;
}

export const command = rolloutVerb({
  takesSeveral: false,
  declare(command) {
    command.option("-i, --in <duration>", "wait this long before", now);
  },
  check: (call) => void delayMs(call),
  patches: (_manifest, call) => restart(call.cli.clock.now() + delayMs(call)),
  said: (name, call) => `rollout '${name}' restarts in ${textOption(call, "in") ?? now}`,
});
