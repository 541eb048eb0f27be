import {
  print,
  textArgument,
  textOption,
  usageError,
  type CliCommand,
  type CommandCall,
} from "../command.ts";
import { mustExist } from "../must-exist.ts";
import { restoreRevision } from "../restore-revision.ts";
import { withConnection } from "../with-connection.ts";

function revisionAsked(call: CommandCall): number {
  const text = textOption(call, "toRevision") ?? "0";
  if (!/^\d+$/.test(text))
    throw usageError(
      call,
      `--to-revision ${text}: use a whole number; haldane get rollout shows them`,
    );
  return Number(text);
}

async function undoRollout(call: CommandCall): Promise<number> {
  const name = textArgument(call, 0) ?? "";
  const revision = revisionAsked(call);
  const done = await withConnection(call, async ({ store, namespace }) =>
    restoreRevision({ store, namespace, name, revision, read: mustExist }),
  );
  print(
    call.cli,
    done === "restored"
      ? `rollout '${name}' undo`
      : `skipped rollback (current template already matches revision ${revision})`,
  );
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
