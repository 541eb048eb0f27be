// The usage of a command, a group, or the whole, as Go's cobra lays it out.
import { formatTable } from "../render/table.ts";
import type { Flag } from "./flags.ts";
import { globalFlags } from "./global-flags.ts";
import { calledAs, type PluginCommand } from "./plugin-command.ts";
import { pluginGroups, pluginTable, type PluginEntry } from "./plugin-table.ts";

const valueNames: Readonly<Record<Flag["type"], string>> = {
  bool: "",
  string: " string",
  int: " int",
  duration: " duration",
  slice: " strings",
  array: " stringArray",
};

function flagRow({ name, short, type, usual, isOnByDefault, about }: Flag): readonly string[] {
  const usually = isOnByDefault ? "true" : usual;
  const suffix =
    usually === undefined || usually === "0" || usually === "0s" ? "" : ` (default ${usually})`;
  const start = short === undefined ? "      " : `  -${short}, `;
  return [`${start}--${name}${valueNames[type]}`, ` ${about}${suffix}`];
}

const help: Flag = { name: "help", short: "h", type: "bool", about: "help for this command" };

function flagLines(title: string, flags: readonly Flag[]): readonly string[] {
  const shown = flags.filter(({ isHidden }) => isHidden !== true);
  const sorted = [...shown].sort((a, b) => (a.name < b.name ? -1 : 1));
  return ["", title, ...formatTable(sorted.map(flagRow))];
}

function commandLines(entries: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  return ["", "Available Commands:", ...entries.map(([n, s]) => `  ${n.padEnd(width)} ${s}`)];
}

function below(group: string): readonly (readonly [string, string])[] {
  return pluginTable
    .filter(({ name }) => name.startsWith(`${group} `))
    .map(({ name, summary }) => [name.slice(group.length + 1), summary] as const);
}

/** Of one command. */
export function commandUsage(
  programName: string,
  { name, aliases = [] }: PluginEntry,
  { flags, synopsis }: PluginCommand,
): string {
  const called = `${calledAs(programName)} ${name}`;
  const last = name.split(" ").at(-1) ?? name;
  const subcommands = below(name);
  return [
    "Usage:",
    `  ${called}${synopsis === "" ? "" : ` ${synopsis}`} [flags]`,
    ...(subcommands.length === 0 ? [] : [`  ${called} [command]`]),
    ...(aliases.length === 0 ? [] : ["", "Aliases:", `  ${[last, ...aliases].join(", ")}`]),
    ...(subcommands.length === 0 ? [] : commandLines(subcommands)),
    ...flagLines("Flags:", [...flags, help]),
    ...flagLines("Global Flags:", globalFlags),
    "",
  ].join("\n");
}

/** Of a group, or of everything for "". */
export function groupUsage(programName: string, group: string): string {
  const called = group === "" ? calledAs(programName) : `${calledAs(programName)} ${group}`;
  const single = pluginTable
    .filter(({ name, isHidden }) => !name.includes(" ") && isHidden !== true)
    .map(({ name, summary }) => [name, summary] as const);
  const all = [...single, ...Object.entries(pluginGroups)].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    "Usage:",
    `  ${called} [command]`,
    ...commandLines(group === "" ? all : below(group)),
    ...flagLines("Flags:", group === "" ? [...globalFlags, help] : [help]),
    ...(group === "" ? [] : flagLines("Global Flags:", globalFlags)),
    "",
    `Use "${called} [command] --help" for more information about a command.`,
    "",
  ].join("\n");
}
