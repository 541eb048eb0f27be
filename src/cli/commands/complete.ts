// Answers a shell: candidates one a line, then `:4` (no file names) or `:1` (no answer).
import { argoApiVersion } from "../../api/argo/keys.ts";
import { listArgument, print, type CliCommand, type CommandCall } from "../command.ts";
import { withConnection } from "../with-connection.ts";

const rolloutVerbs = [
  "promote",
  "abort",
  "retry",
  "undo",
  "pause",
  "restart",
  "status",
  "set image",
  "logs",
  "events",
  "get rollout",
];
const experimentVerbs = ["get experiment", "retry experiment", "terminate experiment"];
const runVerbs = ["terminate analysisrun"];

function kindAfter(words: readonly string[]): string | undefined {
  const typed = words.join(" ");
  const isAfter = (verbs: readonly string[]): boolean => verbs.includes(typed);
  if (isAfter(experimentVerbs)) return "Experiment";
  if (isAfter(runVerbs)) return "AnalysisRun";
  return isAfter(rolloutVerbs) ? "Rollout" : undefined;
}

async function namesOf(kind: string, call: CommandCall): Promise<readonly string[]> {
  return withConnection(call, async ({ store, namespace }) => {
    const { items } = await store.list({ apiVersion: argoApiVersion, kind, namespace });
    return items.map(({ metadata }) => metadata.name);
  });
}

async function candidatesFor(
  words: readonly string[],
  call: CommandCall,
): Promise<readonly string[]> {
  const before = words.slice(0, -1);
  const kind = kindAfter(before);
  if (kind !== undefined) return namesOf(kind, call);
  const commands = call.commandNames.map((name) => name.split(" "));
  const next = commands.filter((command) => before.every((word, index) => command[index] === word));
  return [...new Set(next.flatMap((command) => command[before.length] ?? []))];
}

export const command: CliCommand = {
  declare(command) {
    command.argument("[words...]").allowUnknownOption();
  },
  async run(call) {
    const words = listArgument(call, 0);
    const started = words.at(-1) ?? "";
    try {
      for (const candidate of await candidatesFor(words, call))
        if (candidate.startsWith(started)) print(call.cli, candidate);
      print(call.cli, ":4");
      return 0;
    } catch (error) {
      // A shell must not be disturbed by a cluster that is not there; the reason is for who looks.
      call.cli.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      print(call.cli, ":1");
      return 0;
    }
  },
};
