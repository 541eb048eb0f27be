import { completionScript, shells } from "../../completion/scripts.ts";
import { words } from "../../completion/sources.ts";
import { ShowUsage, type PluginCommand } from "../plugin-command.ts";

export const command: PluginCommand = {
  flags: [],
  takes: { least: 1, most: 1 },
  synopsis: shells.join("|"),
  first: words(...shells),
  async run({ args: [shell = ""], cli, programName }) {
    const asked = { program: programName, ask: `${programName} __complete` };
    const script = completionScript(shell, asked);
    if (script === undefined) throw new ShowUsage();
    cli.stdout.write(script);
    return 0;
  },
};
