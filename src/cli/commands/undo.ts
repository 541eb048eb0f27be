import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { isControlledBy } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { undo } from "../../core/rollout/commands.ts";
import { isJsonObject, type Json } from "../../lib/json.ts";
import {
  CliError,
  print,
  textArgument,
  textOption,
  usageError,
  type CliCommand,
  type CommandCall,
} from "../command.ts";
import { getRollout } from "../fetch-tree.ts";
import { mustExist } from "../must-exist.ts";
import { withConnection } from "../with-connection.ts";
import { templateHolder } from "../workload-of.ts";

function revisionAsked(call: CommandCall): number {
  const text = textOption(call, "toRevision") ?? "0";
  if (!/^\d+$/.test(text))
    throw usageError(
      call,
      `--to-revision ${text}: use a whole number; haldane get rollout shows them`,
    );
  return Number(text);
}

function templateOf(holder: Json): Json | undefined {
  if (!isJsonObject(holder)) return undefined;
  const spec = holder["spec"];
  return holder["kind"] === "PodTemplate"
    ? holder["template"]
    : isJsonObject(spec)
      ? spec["template"]
      : undefined;
}

async function undoRollout(call: CommandCall): Promise<number> {
  const name = textArgument(call, 0) ?? "";
  const revision = revisionAsked(call);
  await withConnection(call, async ({ store, namespace }) => {
    const rollout = await getRollout(store, namespace, name);
    const { items } = await store.list<ReplicaSet>({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      namespace,
    });
    const ref = templateHolder(rollout);
    const holder = await mustExist(store, ref);
    const owned = items.filter((set) => isControlledBy(set, rollout));
    const undone = undo(name, templateOf(asJson(holder)), owned, revision);
    if (!undone.ok) throw new CliError(undone.message);
    if (undone.value.kind === "alreadyThere") {
      print(call.cli, `skipped rollback (current template already matches revision ${revision})`);
      return;
    }
    await store.patch(ref, { type: "json", body: undone.value.jsonPatch });
    print(call.cli, `rollout '${name}' undo`);
  });
  return 0;
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("<name>", "rollout")
      .option("--to-revision <n>", "revision to go back to (0 = the one before)", "0");
  },
  run: undoRollout,
};
