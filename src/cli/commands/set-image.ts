import { asJson } from "../../api/meta/wire.ts";
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import { setImage } from "../../core/rollout/commands.ts";
import type { JsonObject } from "../../lib/json.ts";
import { isStoreError, type ObjectStore } from "../../objects/object-store.ts";
import { cliFieldManager } from "../apply-objects.ts";
import {
  CliError,
  print,
  textArgument,
  usageError,
  type CliCommand,
  type CommandCall,
} from "../command.ts";
import { getRollout } from "../fetch-tree.ts";
import { mustExist } from "../must-exist.ts";
import { withConnection } from "../with-connection.ts";
import { templateHolder } from "../workload-of.ts";

const mostTries = 5;

function wanted(call: CommandCall): { readonly container: string; readonly image: string } {
  const parts = (textArgument(call, 1) ?? "").split("=");
  const [container = "", image = ""] = parts;
  if (parts.length !== 2 || container === "" || image === "") {
    throw usageError(
      call,
      `"${parts.join("=")}": write CONTAINER=IMAGE, or *=IMAGE for every container`,
    );
  }
  return { container, image };
}

/** Read, change, write: what we do not know of the object stays, and nobody else's change is lost. */
async function change(
  store: ObjectStore,
  ref: ObjectRef,
  container: string,
  image: string,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const changed = setImage(asJson(await mustExist(store, ref)), container, image);
    if (!changed.ok) throw new CliError(changed.message);
    try {
      await store.update(changed.value as JsonObject & KubeObject, {
        fieldManager: cliFieldManager,
      });
      return;
    } catch (error) {
      if (!isStoreError(error, "Conflict") || tries === mostTries) throw error;
    }
  }
}

export const command: CliCommand = {
  declare(command) {
    command.argument("<name>", "rollout").argument("<container=image>", "e.g. app=shop:v2");
  },
  async run(call) {
    const name = textArgument(call, 0) ?? "";
    const { container, image } = wanted(call);
    await withConnection(call, async ({ store, namespace }) => {
      const ref = templateHolder(await getRollout(store, namespace, name));
      await change(store, ref, container, image);
      print(call.cli, `${ref.kind.toLowerCase()} "${ref.name}" image updated`);
    });
    return 0;
  },
};
