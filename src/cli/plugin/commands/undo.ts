import { namesOf } from "../../completion/sources.ts";
import { restoreRevision } from "../../restore-revision.ts";
import { inCluster, read } from "../cluster.ts";
import type { PluginCommand } from "../plugin-command.ts";

function refused(revision: number, error: unknown): Error {
  const problem = error instanceof Error ? error.message : String(error);
  return new Error(`failed restoring revision ${revision}: ${problem}`, { cause: error });
}

export const command: PluginCommand = {
  flags: [
    {
      name: "to-revision",
      type: "int",
      usual: "0",
      about: "The revision to rollback to. Default to 0 (last revision).",
    },
  ],
  takes: { least: 1, most: 1 },
  synopsis: "ROLLOUT_NAME",
  first: namesOf("Rollout"),
  async run(call) {
    const [name = ""] = call.args;
    const asked = call.options["toRevision"];
    const revision = typeof asked === "number" ? asked : 0;
    const done = await inCluster(call, async ({ store, namespace }) =>
      restoreRevision({ store, namespace, name, revision, read, refused }),
    );
    // Without an end of line, as scripts that compare it know it.
    call.cli.stdout.write(
      done === "restored"
        ? `rollout '${name}' undo\n`
        : `skipped rollback (current template already matches revision ${revision})`,
    );
    return 0;
  },
};
