// Flags as Go's pflag reads them: `-nweb`, `-n web`, `--name=web`, `--watch=false`, `-Aw`, flags and
// arguments in any order, `--` to end them, and its words for what cannot be read.
import { parseGoDuration } from "../../lib/go-duration.ts";

export type FlagValue = boolean | string | number | readonly string[];

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** `slice` may be given several times, and each time with commas; `array` several times. */
  readonly type: "bool" | "string" | "int" | "duration" | "slice" | "array";
  /** A boolean's value where it is not given; false if absent. */
  readonly isOnByDefault?: true;
  /** Shown in the help: `30s`, `3100`. */
  readonly usual?: string;
  readonly about: string;
  /** Not in the help any more. */
  readonly isHidden?: true;
}

/** What was typed makes no sense; the message is pflag's. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

export interface ParsedFlags {
  /** By name; without an entry the flag was not given. */
  readonly values: ReadonlyMap<string, FlagValue>;
  readonly args: readonly string[];
  readonly isHelp: boolean;
}

const trueWords = ["1", "t", "T", "true", "TRUE", "True"];
const falseWords = ["0", "f", "F", "false", "FALSE", "False"];

function shownName({ name, short }: Flag): string {
  return short === undefined ? `--${name}` : `-${short}, --${name}`;
}

function invalidValue(flag: Flag, text: string, problem: string): FlagError {
  const quoted = JSON.stringify(text);
  return new FlagError(`invalid argument ${quoted} for "${shownName(flag)}" flag: ${problem}`);
}

function readValue(flag: Flag, text: string): FlagValue {
  switch (flag.type) {
    case "bool":
      if (trueWords.includes(text)) return true;
      if (falseWords.includes(text)) return false;
      throw invalidValue(
        flag,
        text,
        `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`,
      );
    case "int":
      if (/^[+-]?\d+$/.test(text)) return Number(text);
      throw invalidValue(
        flag,
        text,
        `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
      );
    case "duration": {
      const parsed = parseGoDuration(text);
      if (!parsed.ok) throw invalidValue(flag, text, parsed.message);
      return text;
    }
    case "slice":
      return text.split(",");
    case "array":
      return [text];
    case "string":
      return text;
  }
}

class FlagReader {
  readonly #flags: readonly Flag[];
  readonly #rest: string[];
  readonly values = new Map<string, FlagValue>();
  readonly args: string[] = [];
  isHelp = false;

  constructor(words: readonly string[], flags: readonly Flag[]) {
    this.#flags = flags;
    this.#rest = [...words];
  }

  readAll(): void {
    for (let word = this.#rest.shift(); word !== undefined; word = this.#rest.shift()) {
      if (word === "--") {
        this.args.push(...this.#rest.splice(0));
      } else if (word.startsWith("--")) this.#readLong(word);
      else if (word.startsWith("-") && word !== "-") this.#readShort(word);
      else this.args.push(word);
    }
  }

  #readLong(word: string): void {
    const [, name = "", equals, value = ""] = /^--([^=]*)(=)?([^]*)$/.exec(word) ?? [];
    if (name === "") throw new FlagError(`bad flag syntax: ${word}`);
    const flag = this.#flags.find((candidate) => candidate.name === name);
    if (flag === undefined && name === "help") this.isHelp = true;
    else if (flag === undefined) throw new FlagError(`unknown flag: --${name}`);
    else if (equals !== undefined) this.#set(flag, value);
    else if (flag.type === "bool") this.#set(flag, "true");
    else this.#set(flag, this.#next(`flag needs an argument: --${name}`));
  }

  /** `-Aw`, `-nweb`, `-n=web`, `-n web` */
  #readShort(word: string): void {
    for (let letters = word.slice(1); letters !== ""; letters = letters.slice(1)) {
      const [letter = ""] = letters;
      const rest = letters.slice(1);
      const flag = this.#flags.find(({ short }) => short === letter);
      if (flag === undefined && letter === "h") {
        this.isHelp = true;
        continue;
      }
      if (flag === undefined)
        throw new FlagError(`unknown shorthand flag: '${letter}' in -${letters}`);
      if (rest.startsWith("=")) {
        this.#set(flag, rest.slice(1));
        return;
      }
      if (flag.type === "bool") {
        this.#set(flag, "true");
        continue;
      }
      const needs = `flag needs an argument: '${letter}' in -${letters}`;
      this.#set(flag, rest === "" ? this.#next(needs) : rest);
      return;
    }
  }

  #next(problem: string): string {
    const word = this.#rest.shift();
    if (word === undefined) throw new FlagError(problem);
    return word;
  }

  /** An empty text is what Go's flags begin with: as if it had not been given. Jobs write `--name "$NAME"`. */
  #set(flag: Flag, text: string): void {
    if (flag.type === "string" && text === "") {
      this.values.delete(flag.name);
      return;
    }
    const value = readValue(flag, text);
    const before = this.values.get(flag.name);
    const isMore = Array.isArray(value) && Array.isArray(before);
    this.values.set(
      flag.name,
      isMore ? [...(before as readonly string[]), ...(value as readonly string[])] : value,
    );
  }
}

/** Throws a FlagError. */
export function parseFlags(words: readonly string[], flags: readonly Flag[]): ParsedFlags {
  const reader = new FlagReader(words, flags);
  reader.readAll();
  return reader;
}

/** A flag's name as options have it: `toRevision`. */
export function optionName(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
