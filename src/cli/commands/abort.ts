import { abort } from "../../core/rollout/commands.ts";
import { clientPhase } from "../../core/rollout/phase.ts";
import { haldaneError } from "../../lib/errors.ts";
import type { JsonObject } from "../../lib/json.ts";
import { rolloutVerb } from "../rollout-verb.ts";

/** Who aborts in a hurry must hear that all users have the new version already, and what helps then. */
function refuseWhenDone(name: string, manifest: JsonObject): void {
  if (clientPhase(manifest).phase !== "Healthy") return;
  throw haldaneError("NOTHING_TO_DO", {
    where: `rollout ${name}`,
    problem: "it was not aborted: its newest version is fully promoted, no update is under way",
    wayOut: `go back to the version before with \`haldane undo ${name}\`.`,
  });
}

export const command = rolloutVerb({
  takesSeveral: true,
  patches(manifest, _call, name) {
    refuseWhenDone(name, manifest);
    return abort();
  },
  said: (name) => `rollout '${name}' aborted`,
});
