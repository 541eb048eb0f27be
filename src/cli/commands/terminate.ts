import { argoApiVersion } from "../../api/argo/keys.ts";
import { terminate } from "../../core/rollout/commands.ts";
import { listArgument, print, textArgument, usageError, type CliCommand } from "../command.ts";
import { mustExist } from "../must-exist.ts";
import { sendPatches } from "../send-patches.ts";
import { withConnection } from "../with-connection.ts";

const kinds: Readonly<Record<string, readonly [kind: string, shown: string]>> = {
  analysisrun: ["AnalysisRun", "analysisRun"],
  analysisruns: ["AnalysisRun", "analysisRun"],
  ar: ["AnalysisRun", "analysisRun"],
  experiment: ["Experiment", "experiment"],
  experiments: ["Experiment", "experiment"],
  exp: ["Experiment", "experiment"],
};

export const command: CliCommand = {
  declare(command) {
    command.argument("<kind>", "analysisrun or experiment").argument("<names...>");
  },
  async run(call) {
    const word = textArgument(call, 0) ?? "";
    const [kind, shown] = kinds[word] ?? [];
    if (kind === undefined || shown === undefined)
      throw usageError(call, `cannot terminate "${word}"; use analysisrun or experiment`);
    await withConnection(call, async ({ store, namespace }) => {
      for (const name of listArgument(call, 1)) {
        const ref = { apiVersion: argoApiVersion, kind, namespace, name };
        await mustExist(store, ref);
        await sendPatches(store, ref, terminate());
        print(call.cli, `${shown} '${name}' terminated`);
      }
    });
    return 0;
  },
};
