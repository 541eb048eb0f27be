// Which command a line means: the words that are no flags, longest name first.
import { pluginGroups, pluginTable, type PluginEntry } from "./plugin-table.ts";
import { globalFlags } from "./global-flags.ts";

export interface Typed {
  /** undefined: nothing, a group alone, or a word nobody knows. */
  readonly entry: PluginEntry | undefined;
  /** Words of a command or group that were recognized: "get". */
  readonly known: readonly string[];
  /** Everything else, in order: flags and arguments. */
  readonly rest: readonly string[];
}

/** A flag before the command takes the next word, too, if it has a value. */
function takesNext(word: string): boolean {
  if (!word.startsWith("-") || word.includes("=")) return false;
  return globalFlags.some(
    ({ name, short, type }) =>
      type !== "bool" && (word === `--${name}` || (short !== undefined && word === `-${short}`)),
  );
}

/** Where the first words that are no flags stand. */
function plainPositions(words: readonly string[]): readonly number[] {
  const positions: number[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--") break;
    if (takesNext(word)) index += 1;
    else if (!word.startsWith("-")) positions.push(index);
  }
  return positions;
}

export function isCalled({ name, aliases = [] }: PluginEntry, words: readonly string[]): boolean {
  const parts = name.split(" ");
  return parts.every(
    (part, index) =>
      words[index] === part || (index === parts.length - 1 && aliases.includes(words[index] ?? "")),
  );
}

export function findCommand(words: readonly string[]): Typed {
  const positions = plainPositions(words);
  const plain = positions.map((position) => words[position] ?? "");
  const [entry] = pluginTable
    .filter((candidate) => isCalled(candidate, plain))
    .sort((a, b) => b.name.split(" ").length - a.name.split(" ").length);
  const isGroup = Object.hasOwn(pluginGroups, plain[0] ?? "");
  const count = entry?.name.split(" ").length ?? (isGroup ? 1 : 0);
  const used = positions.slice(0, count);
  return {
    entry,
    known: plain.slice(0, count),
    rest: words.filter((_, index) => !used.includes(index)),
  };
}
