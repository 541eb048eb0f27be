// The frame of the verbs that patch rollouts by name: read, decide the patches, send, say so.
import type { Command } from "commander";
import type { KubeObject } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import type { CommandPatches } from "../core/rollout/commands.ts";
import { deepEqual } from "../lib/deep-equal.ts";
import type { Json, JsonObject } from "../lib/json.ts";
import { applyMergePatch } from "../lib/merge-patch.ts";
import { listArgument, print } from "./command.ts";
import type { CliCommand, CommandCall, Connection } from "./command.ts";
import { rolloutRef } from "./fetch-tree.ts";
import { isStoreError } from "../objects/object-store.ts";
import { mustBeSameTarget, takenUp } from "./meant-for.ts";
import { mustExist } from "./must-exist.ts";
import { sendPatches } from "./send-patches.ts";
import { withConnection } from "./with-connection.ts";

const mostTries = 5;

export interface RolloutVerb {
  /** Several names are gone through in order; the first error ends it. */
  readonly takesSeveral: boolean;
  readonly declare?: (command: Command) => void;
  /** Throws what is wrong with the words typed, before any server is asked. */
  readonly check?: (call: CommandCall) => void;
  readonly patches: (manifest: JsonObject, call: CommandCall, name: string) => CommandPatches;
  /** `rollout 'shop' promoted` */
  readonly said: (name: string, call: CommandCall) => string;
  /**
   * The patches are right for the status they were decided from only, and go to no other: what was meant
   * is one step of a version, or the version wherever it stands, which is waited for.
   */
  readonly meant?: (call: CommandCall) => "step" | "version";
  /** What to say instead where the patches would change nothing; throws where that is no success. */
  readonly saidInVain?: (name: string, manifest: JsonObject, call: CommandCall) => string;
}

/** Whether the object would be another one afterwards. */
export function changesAnything(manifest: JsonObject, { status, main }: CommandPatches): boolean {
  const patched = [status, main].reduce<Json>(
    (object, patch) => (patch === undefined ? object : applyMergePatch(object, patch)),
    manifest,
  );
  return !deepEqual(patched, manifest);
}

async function carryOut(
  verb: RolloutVerb,
  name: string,
  call: CommandCall,
  { store, namespace }: Connection,
): Promise<string> {
  const ref = rolloutRef(namespace, name);
  const meant = verb.meant?.(call);
  const look = async (): Promise<KubeObject> => mustExist(store, ref);
  let seen: JsonObject | undefined;
  for (let tries = 1; ; tries += 1) {
    const rollout = meant === "version" ? await takenUp(look, call.cli.clock) : await look();
    const manifest = asJson(rollout);
    seen ??= manifest;
    if (meant) mustBeSameTarget(name, seen, manifest, meant === "version");
    const patches = verb.patches(manifest, call, name);
    if (verb.saidInVain && !changesAnything(manifest, patches))
      return verb.saidInVain(name, manifest, call);
    try {
      await sendPatches(store, ref, patches, meant ? { decidedFrom: rollout } : {});
      return verb.said(name, call);
    } catch (error) {
      if (!isStoreError(error, "Conflict") || tries === mostTries) throw error;
    }
  }
}

export function rolloutVerb(verb: RolloutVerb): CliCommand {
  return {
    declare(command) {
      command.argument(verb.takesSeveral ? "<names...>" : "<name>", "rollout");
      verb.declare?.(command);
    },
    async run(call) {
      verb.check?.(call);
      await withConnection(call, async (connection) => {
        for (const name of listArgument(call, 0))
          print(call.cli, await carryOut(verb, name, call, connection));
      });
      return 0;
    },
  };
}
