// What may stand where in a command line of the plugin.
import { nothing, type OptionShape, type ProgramShape } from "../completion/question.ts";
import { files, namespaces } from "../completion/sources.ts";
import { isCalled } from "./find-command.ts";
import type { Flag } from "./flags.ts";
import { globalFlags } from "./global-flags.ts";
import type { PluginCommand } from "./plugin-command.ts";
import { pluginTable } from "./plugin-table.ts";

const fileFlags = [
  "--filename",
  "--from-file",
  "--kubeconfig",
  "--certificate-authority",
  "--client-certificate",
  "--client-key",
  "--config-map",
  "--secret",
];

function optionShape({ name, short, type }: Flag): OptionShape {
  return {
    names: [...(short === undefined ? [] : [`-${short}`]), `--${name}`],
    takesValue: type !== "bool",
  };
}

async function loaded(name: string): Promise<PluginCommand | undefined> {
  const entry = pluginTable.find(
    (candidate) =>
      candidate.name.split(" ").length === name.split(" ").length &&
      isCalled(candidate, name.split(" ")),
  );
  return entry && (await entry.load()).command;
}

const shown = pluginTable.filter(({ isHidden }) => isHidden !== true);

export const pluginShape: ProgramShape = {
  commands: shown.map(({ name }) => name),
  aliases: pluginTable.flatMap(({ name, aliases = [] }) =>
    aliases.map((alias) => name.replace(/\S+$/, alias)),
  ),
  commonOptions: [...globalFlags.map(optionShape), { names: ["-h", "--help"], takesValue: false }],
  optionsOf: async (command) => ((await loaded(command))?.flags ?? []).map(optionShape),
  async argumentOf(command, before) {
    const { first = nothing, takes } = (await loaded(command)) ?? {};
    return before.length === 0 || (takes?.most ?? 0) > 2 ? first : nothing;
  },
  valueOf(_command, name) {
    if (name === "--namespace") return namespaces;
    return fileFlags.includes(name) ? files : nothing;
  },
};
