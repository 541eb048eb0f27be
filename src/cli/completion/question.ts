// cli/completion: what a shell asks when Tab is typed, apart from any shell: question.ts finds what is
// to be completed, answer.ts gives the candidates, scripts.ts asks from bash, zsh, fish, PowerShell.
import type { ResourceType } from "../../api/resources.ts";

/** What may stand at a place of a command line. */
export type Source =
  | { readonly from: "words"; readonly words: readonly string[] }
  | { readonly from: "names"; readonly of: Pick<ResourceType, "group" | "version" | "kind"> }
  | { readonly from: "files" }
  | { readonly from: "nothing" };

export interface OptionShape {
  /** As typed: "-n", "--namespace". */
  readonly names: readonly string[];
  readonly takesValue: boolean;
}

/** A program as completion sees it. */
export interface ProgramShape {
  /** Every command people may type, those below a group with it: "set image". */
  readonly commands: readonly string[];
  /** Other names of commands: understood, not offered. */
  readonly aliases: readonly string[];
  readonly commonOptions: readonly OptionShape[];
  readonly optionsOf: (command: string) => Promise<readonly OptionShape[]>;
  /** What comes after the arguments already there. */
  argumentOf(command: string, before: readonly string[]): Source | Promise<Source>;
  /** What an option's value may be; `name` is its long name. */
  valueOf(command: string, name: string): Source;
}

export interface Question {
  readonly source: Source;
  /** What has been typed of the word. */
  readonly started: string;
  /** Arguments already there: a name is not given twice. */
  readonly typed: readonly string[];
  /** Values of options already there, by long name: they say which cluster and namespace is meant. */
  readonly given: ReadonlyMap<string, string>;
}

export const nothing: Source = { from: "nothing" };

function longName({ names }: OptionShape): string {
  return names.find((name) => name.startsWith("--")) ?? names[0] ?? "";
}

interface Reading {
  readonly positional: string[];
  readonly given: Map<string, string>;
  /** The option that waits for its value. */
  pending: OptionShape | undefined;
  hasEndedOptions: boolean;
}

function commandIn(program: ProgramShape, words: readonly string[]): string | undefined {
  const matching = [...program.commands, ...program.aliases].filter((name) =>
    name.split(" ").every((word, position) => words[position] === word),
  );
  return matching.sort((a, b) => b.length - a.length)[0];
}

async function knownOptions(
  program: ProgramShape,
  words: readonly string[],
): Promise<readonly OptionShape[]> {
  const command = commandIn(program, words);
  const own = command === undefined ? [] : await program.optionsOf(command);
  return [...own, ...program.commonOptions];
}

async function readOption(word: string, reading: Reading, program: ProgramShape): Promise<void> {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  const options = await knownOptions(program, reading.positional);
  const option = options.find(({ names }) => names.includes(name));
  if (option?.takesValue !== true) return;
  if (equals < 0) reading.pending = option;
  else reading.given.set(longName(option), word.slice(equals + 1));
}

async function read(words: readonly string[], program: ProgramShape): Promise<Reading> {
  const reading: Reading = {
    positional: [],
    given: new Map(),
    pending: undefined,
    hasEndedOptions: false,
  };
  for (const word of words) {
    if (reading.pending) {
      reading.given.set(longName(reading.pending), word);
      reading.pending = undefined;
    } else if (word === "--") reading.hasEndedOptions = true;
    else if (word.startsWith("-") && word !== "-" && !reading.hasEndedOptions)
      await readOption(word, reading, program);
    else reading.positional.push(word);
  }
  return reading;
}

async function sourceAfter(
  { positional, pending, hasEndedOptions }: Reading,
  started: string,
  program: ProgramShape,
): Promise<Source> {
  const command = commandIn(program, positional);
  if (pending) return program.valueOf(command ?? "", longName(pending));
  if (started.startsWith("-") && !hasEndedOptions) {
    const options = await knownOptions(program, positional);
    return { from: "words", words: [...new Set(options.map(longName))] };
  }
  const below = program.commands
    .map((name) => name.split(" "))
    .filter((words) => positional.every((word, position) => words[position] === word))
    .flatMap((words) => words[positional.length] ?? []);
  if (below.length > 0) return { from: "words", words: [...new Set(below)] };
  if (command === undefined) return nothing;
  return program.argumentOf(command, positional.slice(command.split(" ").length));
}

/** `words`: those after the program's name, the last one as far as it is typed. */
export async function questionOf(
  words: readonly string[],
  program: ProgramShape,
): Promise<Question> {
  const started = words.at(-1) ?? "";
  const reading = await read(words.slice(0, -1), program);
  const source = await sourceAfter(reading, started, program);
  return { source, started, typed: reading.positional, given: reading.given };
}
