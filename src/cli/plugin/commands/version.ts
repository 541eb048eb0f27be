import { flag, print } from "../../command.ts";
import type { PluginCommand } from "../plugin-command.ts";

const goNames: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", win32: "windows" };

function goName(word: string): string {
  return goNames[word] ?? word;
}

export const command: PluginCommand = {
  flags: [{ name: "short", type: "bool", about: "print just the version number" }],
  takes: { least: 0, most: Infinity },
  synopsis: "",
  async run(call) {
    print(call.cli, `${call.programName}: v${call.cli.version}`);
    if (flag(call, "short")) return 0;
    // The lines scripts look for. There is no Go in it, and a build is as old as its package.
    for (const line of [
      "BuildDate: unknown",
      "GitCommit: unknown",
      "GitTreeState: unknown",
      `GoVersion: none (Node.js ${process.version})`,
      "Compiler: none",
      `Platform: ${goName(process.platform)}/${goName(process.arch)}`,
    ])
      print(call.cli, `  ${line}`);
    return 0;
  },
};
