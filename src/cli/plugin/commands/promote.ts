// Argo's promote, to the letter: it says "promoted" even where there is nothing to promote. For people
// that is said on stderr, too.
import { refOf, type KubeObject } from "../../../api/meta/object.ts";
import { asJson } from "../../../api/meta/wire.ts";
import { promote, promoteFull, skipSteps } from "../../../core/rollout/commands.ts";
import type { CommandPatches } from "../../../core/rollout/commands.ts";
import { clientPhase } from "../../../core/rollout/phase.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { flag, print } from "../../command.ts";
import { namesOf } from "../../completion/sources.ts";
import { isStoreError, type ObjectStore } from "../../../objects/object-store.ts";
import { mustBeSameTarget, takenUp } from "../../meant-for.ts";
import { changesAnything } from "../../rollout-verb.ts";
import { argoRef, inCluster, read, sendPatches } from "../cluster.ts";
import type { PluginCall, PluginCommand } from "../plugin-command.ts";

function patchesOf(manifest: JsonObject, call: PluginCall): CommandPatches {
  const isCurrent = flag(call, "skipCurrentStep");
  const isAll = flag(call, "skipAllSteps");
  if (!isCurrent && !isAll) return flag(call, "full") ? promoteFull(manifest) : promote(manifest);
  const skipped = skipSteps(manifest, isAll ? "all" : "current");
  if (!skipped.ok) throw new Error(skipped.message);
  return skipped.value;
}

const mostTries = 5;

/** Again when something else has changed meanwhile, such as the replicas; not for another version or step. */
async function sendAsMeant(
  store: ObjectStore,
  seen: KubeObject,
  patches: CommandPatches,
  isFull: boolean,
): Promise<void> {
  const ref = refOf(seen);
  let current = seen;
  for (let tries = 1; ; tries += 1) {
    try {
      await sendPatches(store, ref, patches, current);
      return;
    } catch (error) {
      if (!isStoreError(error, "Conflict") || tries === mostTries) throw error;
    }
    current = await read(store, ref);
    mustBeSameTarget(ref.name, asJson(seen), asJson(current), isFull);
  }
}

function warnInVain({ cli }: PluginCall, name: string, manifest: JsonObject): void {
  const { phase, message } = clientPhase(manifest);
  const state = message === "" ? phase : `${phase} - ${message}`;
  cli.stderr.write(`Warning: rollout '${name}' had nothing to promote: it is ${state}\n`);
}

export const command: PluginCommand = {
  flags: [
    {
      name: "full",
      type: "bool",
      about: "Perform a full promotion, skipping analysis, pauses, and steps",
    },
    {
      name: "skip-current-step",
      short: "c",
      type: "bool",
      about: "Deprecated: go to the next step",
      isHidden: true,
    },
    {
      name: "skip-all-steps",
      short: "a",
      type: "bool",
      about: "Deprecated: go past all steps",
      isHidden: true,
    },
  ],
  takes: { least: 1, most: 1 },
  synopsis: "ROLLOUT_NAME",
  first: namesOf("Rollout"),
  async run(call) {
    if (flag(call, "skipCurrentStep") && flag(call, "skipAllSteps"))
      throw new Error("Cannot use skip-current-step and skip-all-steps flags at the same time");
    const [name = ""] = call.args;
    const isFull = flag(call, "full");
    await inCluster(call, async ({ store, namespace }) => {
      const ref = argoRef("Rollout", namespace, name);
      const look = async (): Promise<KubeObject> => read(store, ref);
      const seen = isFull ? await takenUp(look, call.cli.clock) : await look();
      const manifest = asJson(seen);
      const patches = patchesOf(manifest, call);
      await sendAsMeant(store, seen, patches, isFull);
      if (!changesAnything(manifest, patches)) warnInVain(call, name, manifest);
      print(call.cli, `rollout '${name}' ${isFull ? "fully " : ""}promoted`);
    });
    return 0;
  },
};
