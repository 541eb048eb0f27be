// The frame of the verbs that patch rollouts by name: read, decide the patches, send, say so.
import type { Command } from "commander";
import { asJson } from "../api/meta/wire.ts";
import type { CommandPatches } from "../core/rollout/commands.ts";
import type { JsonObject } from "../lib/json.ts";
import { listArgument, print, type CliCommand, type CommandCall } from "./command.ts";
import { rolloutRef } from "./fetch-tree.ts";
import { mustExist } from "./must-exist.ts";
import { sendPatches } from "./send-patches.ts";
import { withConnection } from "./with-connection.ts";

export interface RolloutVerb {
  /** Several names are gone through in order; the first error ends it. */
  readonly takesSeveral: boolean;
  readonly declare?: (command: Command) => void;
  /** Throws what is wrong with the words typed, before any server is asked. */
  readonly check?: (call: CommandCall) => void;
  readonly patches: (manifest: JsonObject, call: CommandCall) => CommandPatches;
  /** `rollout 'shop' promoted` */
  readonly said: (name: string, call: CommandCall) => string;
}

export function rolloutVerb(verb: RolloutVerb): CliCommand {
  return {
    declare(command) {
      command.argument(verb.takesSeveral ? "<names...>" : "<name>", "rollout");
      verb.declare?.(command);
    },
    async run(call) {
      verb.check?.(call);
      await withConnection(call, async ({ store, namespace }) => {
        for (const name of listArgument(call, 0)) {
          const ref = rolloutRef(namespace, name);
          const manifest = await mustExist(store, ref);
          await sendPatches(store, ref, verb.patches(asJson(manifest), call));
          print(call.cli, verb.said(name, call));
        }
      });
      return 0;
    },
  };
}
