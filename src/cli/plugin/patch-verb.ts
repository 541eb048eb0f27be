// The frame of the verbs that patch objects by name without looking at them first.
import type { CommandPatches } from "../../core/rollout/commands.ts";
import { print } from "../command.ts";
import { namesOf } from "../completion/sources.ts";
import { argoRef, inCluster, sendPatches, type ArgoKind } from "./cluster.ts";
import type { Flag } from "./flags.ts";
import type { PluginCall, PluginCommand } from "./plugin-command.ts";

interface PatchVerb {
  readonly kind: ArgoKind;
  /** Several names are gone through in order; the first error ends it. */
  readonly takesSeveral: boolean;
  readonly flags?: readonly Flag[];
  readonly patches: (call: PluginCall) => CommandPatches;
  readonly said: (name: string, call: PluginCall) => string;
}

export function patchVerb({
  kind,
  takesSeveral,
  flags = [],
  patches,
  said,
}: PatchVerb): PluginCommand {
  const noun = `${kind.toUpperCase()}_NAME`;
  return {
    flags,
    takes: { least: 1, most: takesSeveral ? Infinity : 1 },
    synopsis: takesSeveral ? `${noun}...` : noun,
    first: namesOf(kind),
    async run(call) {
      await inCluster(call, async ({ store, namespace }) => {
        for (const name of call.args) {
          await sendPatches(store, argoRef(kind, namespace, name), patches(call));
          print(call.cli, said(name, call));
        }
      });
      return 0;
    },
  };
}
