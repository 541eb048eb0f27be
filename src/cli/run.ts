// From typed words to a command: parses with commander, loads the command's file, reports errors.
import { Command, CommanderError } from "commander";
import { helpOf, type CommandHelp } from "./command-help.ts";
import { commandTable, type CommandEntry } from "./command-table.ts";
import {
  CliError,
  type CliCommand,
  type CliContext,
  type ExitCode,
  type GlobalOptions,
  type ProgramWords,
} from "./command.ts";
import { describeError } from "./describe-error.ts";

/** Runs one command line. Never rejects; what went wrong is on stderr and in the exit code. */
export async function runCli(argv: readonly string[], cli: CliContext): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  try {
    const words = inOrder(argv);
    const program = await newProgram(words, cli, (code) => {
      exitCode = code;
    });
    if (words.length === 0) {
      cli.stdout.write(program.helpInformation());
      return 1;
    }
    await program.parseAsync([...words], { from: "user" });
    return exitCode;
  } catch (error) {
    return report(error, cli);
  }
}

function report(error: unknown, cli: CliContext): ExitCode {
  // commander has printed its own message (usage mistakes) or what was asked for (--help).
  if (error instanceof CommanderError) return error.exitCode;
  cli.stderr.write(`Error: ${describeError(error, cli.env)}\n`);
  return error instanceof CliError ? error.exitCode : 1;
}

const valueOptions = ["--kubeconfig", "--context", "-n", "--namespace", "--data"];
const plainOptions = ["--no-color"];

/** How many words a common option takes at this place: 0 = there is none. */
function commonOptionLength(word: string): number {
  const [name = ""] = word.split("=");
  if (plainOptions.includes(word)) return 1;
  if (!valueOptions.includes(name)) return 0;
  return word.includes("=") ? 1 : 2;
}

/** `haldane -n web list` means `haldane list -n web`, `haldane help list` means `haldane list --help`. */
export function inOrder(argv: readonly string[]): readonly string[] {
  let start = 0;
  for (
    let length = commonOptionLength(argv[0] ?? "");
    length > 0;
    length = commonOptionLength(argv[start] ?? "")
  )
    start += length;
  const leading = argv.slice(0, start);
  const words = argv.slice(start);
  if (words[0] === "help" && words.length > 1) return [...words.slice(1), "--help"];
  const count = entryTyped(words)?.name.split(" ").length ?? 0;
  return [...words.slice(0, count), ...leading, ...words.slice(count)];
}

function entryTyped(argv: readonly string[]): CommandEntry | undefined {
  const typed = argv.filter((word) => !word.startsWith("-"));
  return commandTable.find(({ name, aliases = [] }) => {
    const words = name.split(" ");
    return (
      words.every((word, position) => typed[position] === word) || aliases.includes(typed[0] ?? "")
    );
  });
}

async function newProgram(
  argv: readonly string[],
  cli: CliContext,
  done: (code: ExitCode) => void,
): Promise<Command> {
  const program = new Command("haldane")
    .description(
      "Progressive delivery: a new version reaches users a little at a time, and goes back by itself when it hurts them.",
    )
    .version(cli.version, "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText(
      "after",
      "\nhaldane COMMAND --help tells the options of a command and shows examples.\n",
    )
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => cli.stdout.write(text),
      writeErr: (text) => cli.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "Error: ")),
    });
  program.showHelpAfterError("See: haldane --help");
  const chosen = entryTyped(argv);
  for (const entry of commandTable) {
    const command = declare(program, entry);
    if (entry !== chosen) continue;
    const { command: implementation } = await entry.load();
    declareAll(command, entry.name, implementation);
    command.action(async () => done(await call(implementation, entry, command, cli)));
  }
  return program;
}

/** "set image" becomes `image` below a group `set`. */
function declare(
  program: Command,
  { name, aliases = [], summary, isHidden }: CommandEntry,
): Command {
  const words = name.split(" ");
  const last = words.pop() ?? name;
  const parent = words.reduce((above, word) => groupOf(above, word), program);
  const command = parent.command(last, { hidden: isHidden === true }).description(summary);
  return command.aliases(aliases).showHelpAfterError(`See: haldane ${name} --help`);
}

function groupOf(above: Command, word: string): Command {
  const known = above.commands.find((candidate) => candidate.name() === word);
  return known ?? above.command(word).description("change a part of an object").helpCommand(false);
}

/** Arguments, options and help of one command: what `--help` and docs/cli.md show. */
export function declareAll(command: Command, name: string, implementation: CliCommand): void {
  const help = helpOf(name);
  command.description(help.about);
  implementation.declare(command);
  command
    .optionsGroup("Common options:")
    .option("-n, --namespace <name>", "namespace (default: the context's, or default)")
    .option("--data <dir>", "data directory of the local cluster", ".haldane")
    .option(
      "--kubeconfig <file>",
      "kubeconfig to use (default: the local cluster's, then KUBECONFIG, then ~/.kube/config)",
    )
    .option("--context <name>", "context of the kubeconfig")
    .option("--no-color", "no colours (also: NO_COLOR)")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", helpTail(help));
}

function helpTail({ examples, exitCodes = {} }: CommandHelp): string {
  const shown = examples.map(([line, meaning]) =>
    meaning === "" ? `  ${line}` : `  ${line}\n      ${meaning}`,
  );
  const codes = Object.entries(exitCodes).map(([code, meaning]) => `  ${code}  ${meaning}`);
  return [
    ...(shown.length === 0 ? [] : ["", "Examples:", ...shown]),
    ...(codes.length === 0 ? [] : ["", "Exit codes:", ...codes]),
  ].join("\n");
}

async function call(
  implementation: CliCommand,
  entry: CommandEntry,
  command: Command,
  cli: CliContext,
): Promise<ExitCode> {
  const args = command.processedArgs as readonly (string | readonly string[] | undefined)[];
  const options = command.opts<Record<string, unknown> & GlobalOptions>();
  return implementation.run({ commandName: entry.name, args, options, cli, program: programWords });
}

const programWords: ProgramWords = {
  commandNames: commandTable.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name),
  async optionsOf(commandName) {
    const entry = commandTable.find(({ name }) => name === commandName);
    if (!entry) return [];
    const { command: implementation } = await entry.load();
    const command = new Command(commandName);
    implementation.declare(command);
    return command.options.map(({ short, long, required, optional }) => ({
      names: [short, long].filter((name) => name !== undefined),
      takesValue: required || optional,
    }));
  },
};
