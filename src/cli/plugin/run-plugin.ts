// From typed words to a verb of the plugin, and what goes wrong in Argo's words: `Error: …` on
// stderr, exit code 1; or, where the words make no sense, the usage on stderr and no more.
import { didYouMean } from "../../lib/did-you-mean.ts";
import type { CliContext, ExitCode, GlobalOptions } from "../command.ts";
import { answerShell } from "../completion/answer.ts";
import { findCommand, type Typed } from "./find-command.ts";
import { optionName, parseFlags, type Flag, type ParsedFlags } from "./flags.ts";
import { accessFlags, globalFlags } from "./global-flags.ts";
import { calledAs, ShowUsage } from "./plugin-command.ts";
import { pluginShape } from "./plugin-shape.ts";
import { pluginGroups, pluginTable, type PluginEntry } from "./plugin-table.ts";
import { commandUsage, groupUsage } from "./usage.ts";

/** Runs one command line. Never rejects. `programName`: kubectl-argo-rollouts or kubectl-haldane. */
export async function runPlugin(
  programName: string,
  argv: readonly string[],
  cli: CliContext,
): Promise<ExitCode> {
  try {
    if (argv[0] === "__complete") return await complete(argv.slice(1), cli);
    const isHelp = argv[0] === "help";
    const typed = findCommand(isHelp ? argv.slice(1) : argv);
    if (typed.entry === undefined) return withoutCommand(programName, typed, isHelp, cli);
    return await runEntry(typed.entry, isHelp ? ["--help"] : typed.rest, programName, cli);
  } catch (error) {
    cli.stderr.write(`Error: ${messageOf(error, cli)}\n`);
    return 1;
  }
}

function messageOf(error: unknown, { env }: CliContext): string {
  if (!(error instanceof Error)) return String(error);
  return (env["HALDANE_DEBUG"] ?? "") === "" ? error.message : (error.stack ?? error.message);
}

function withoutCommand(
  programName: string,
  { known, rest }: Typed,
  isHelp: boolean,
  cli: CliContext,
): ExitCode {
  const { args, isHelp: isAsked } = parseFlags(rest, globalFlags);
  const [group = ""] = known;
  const [word] = args;
  if (isHelp || isAsked) {
    cli.stdout.write(groupUsage(programName, group));
    return 0;
  }
  if (group !== "" || word === undefined) {
    cli.stderr.write(groupUsage(programName, group));
    return 1;
  }
  const names = [...Object.keys(pluginGroups), ...pluginTable.map(({ name }) => name)];
  const meant = didYouMean(word, names);
  cli.stderr.write(
    [
      `Error: unknown command ${JSON.stringify(word)} for "${programName}"`,
      ...(meant === undefined ? [] : ["", "Did you mean this?", `\t${meant}`, ""]),
      `Run '${calledAs(programName)} --help' for usage.`,
      "",
    ].join("\n"),
  );
  return 1;
}

async function runEntry(
  entry: PluginEntry,
  words: readonly string[],
  programName: string,
  cli: CliContext,
): Promise<ExitCode> {
  const { command } = await entry.load();
  const parsed = parseFlags(words, [...command.flags, ...globalFlags]);
  if (parsed.isHelp) {
    cli.stdout.write(`${entry.summary}\n\n${commandUsage(programName, entry, command)}`);
    return 0;
  }
  try {
    const { least, most } = command.takes;
    if (parsed.args.length < least || parsed.args.length > most) throw new ShowUsage();
    return await command.run({
      commandName: entry.name,
      args: parsed.args,
      options: optionsOf(command.flags, parsed, cli),
      cli,
      program: { commandNames: [], optionsOf: async () => [] },
      programName,
    });
  } catch (error) {
    if (!(error instanceof ShowUsage)) throw error;
    cli.stderr.write(commandUsage(programName, entry, command));
    return 1;
  }
}

/** Every boolean has a value; other flags only if they were given. */
function optionsOf(
  flags: readonly Flag[],
  { values }: ParsedFlags,
  cli: CliContext,
): Record<string, unknown> & GlobalOptions {
  const text = (name: string): string | undefined => {
    const value = values.get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const named = ["kubeconfig", "context", "namespace"].flatMap((name) => {
    const value = text(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const own = flags.flatMap(({ name, type, isOnByDefault }) => {
    const usual = type === "bool" ? isOnByDefault === true : undefined;
    const value = values.get(name) ?? usual;
    return value === undefined ? [] : [[optionName(name), value] as const];
  });
  return { ...Object.fromEntries([...own, ...named]), access: accessFlags(values, cli) };
}

async function complete(words: readonly string[], cli: CliContext): Promise<ExitCode> {
  await answerShell(words, pluginShape, {
    cli,
    connect: async (given) => {
      const typed = [...given].map(([name, value]) => `${name}=${value}`);
      const known = globalFlags.map(({ name }) => `--${name}=`);
      const common = typed.filter((word) => known.some((start) => word.startsWith(start)));
      return cli.connect(optionsOf([], parseFlags(common, globalFlags), cli));
    },
  });
  return 0;
}
