import { changeImage, type ImageChange } from "../change-image.ts";
import { print, textArgument, usageError, type CliCommand, type CommandCall } from "../command.ts";
import { getRollout } from "../fetch-tree.ts";
import { mustExist } from "../must-exist.ts";
import { withConnection } from "../with-connection.ts";
import { templateHolder } from "../workload-of.ts";

function wanted(call: CommandCall): ImageChange {
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

export const command: CliCommand = {
  declare(command) {
    command.argument("<name>", "rollout").argument("<container=image>", "e.g. app=shop:v2");
  },
  async run(call) {
    const name = textArgument(call, 0) ?? "";
    const change = wanted(call);
    await withConnection(call, async ({ store, namespace }) => {
      const ref = templateHolder(await getRollout(store, namespace, name));
      await changeImage(store, ref, change, mustExist);
      print(call.cli, `${ref.kind.toLowerCase()} "${ref.name}" image updated`);
    });
    return 0;
  },
};
