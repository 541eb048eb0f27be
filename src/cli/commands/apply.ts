import { applyManifests } from "../apply-objects.ts";
import { refuseMistakes } from "../check-manifests.ts";
import { flag, listOption, print, type CliCommand, type CommandCall } from "../command.ts";
import { readManifests } from "../read-manifests.ts";
import { withConnection } from "../with-connection.ts";

async function apply(call: CommandCall): Promise<number> {
  const { cli } = call;
  const { objects } = await readManifests(listOption(call, "filename"), cli);
  if (flag(call, "lint")) await refuseMistakes(objects);
  const isAllApplied = await withConnection(call, async ({ store, namespace }) =>
    applyManifests(objects, {
      store,
      namespace,
      isForced: flag(call, "forceConflicts"),
      report: (line) => print(cli, line),
      refuse: (text) => cli.stderr.write(`Error: ${text}\n`),
    }),
  );
  return isAllApplied ? 0 : 1;
}

export const command: CliCommand = {
  declare(command) {
    command
      .requiredOption(
        "-f, --filename <file...>",
        "manifests: files, directories, or - for standard input",
      )
      .option("--force-conflicts", "overwrite fields that others have set")
      .option("--no-lint", "send manifests with mistakes in them, too");
  },
  run: apply,
};
