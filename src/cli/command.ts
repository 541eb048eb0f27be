// cli: one file per command in commands/, named after the verb and loaded only when it is typed.
// A command says its arguments and options (commander) and runs against a CliContext; drawing is
// in render/. To add one: a file in commands/, a line in command-table.ts, a row in docs/cli.md.
import type { Command } from "commander";
import type { AccessOverrides } from "../objects/kubernetes/access-overrides.ts";
import type { ServerTable } from "../objects/kubernetes/kubernetes.ts";
import type { ListScope, ObjectStore } from "../objects/object-store.ts";
import { haldaneError } from "../lib/errors.ts";
import type { Clock } from "../runtime/clock.ts";
import type { OptionShape } from "./completion/question.ts";
import type { Paint } from "./render/paint.ts";

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Everything a command touches of the process it runs in. */
export interface CliContext {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** How this program was started, to start itself again as another process. */
  readonly selfCommand: readonly string[];
  connect(options: GlobalOptions): Promise<Connection>;
  paint(options: GlobalOptions): Paint;
}

/** An API server, local or not, as the commands use it. */
export interface Connection {
  readonly store: ObjectStore;
  /** From --namespace, else the kubeconfig's context, else `default`. */
  readonly namespace: string;
  /** For messages: the server's URL and where the choice came from. */
  readonly server: string;
  podLogs(namespace: string, pod: string, options: LogOptions): AsyncIterable<Uint8Array>;
  /** The columns and rows the server prints for a kind, or for one object of it. */
  table(scope: ListScope, name?: string): Promise<ServerTable>;
  close(): Promise<void>;
}

export interface LogOptions {
  readonly container?: string;
  readonly follow?: boolean;
  readonly tailLines?: number;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  readonly sinceSeconds?: number;
  readonly sinceTime?: string;
  readonly signal?: AbortSignal;
}

export interface GlobalOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly data?: string;
  readonly color?: boolean;
  /** Given: the server is found as kubectl finds it, never the local cluster of a directory. */
  readonly access?: AccessFlags;
}

/** kubectl's flags about the server and who asks it. */
export interface AccessFlags {
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  /** undefined = as usual. */
  readonly requestTimeoutMs: number | undefined;
  readonly overrides: AccessOverrides;
}

/** `args` are the positional arguments in order; an optional one left out is undefined. */
export interface CliCommand {
  declare(command: Command): void;
  run(call: CommandCall): Promise<ExitCode>;
}

export interface CommandCall {
  /** As typed: "set image". */
  readonly commandName: string;
  readonly args: readonly (string | readonly string[] | undefined)[];
  readonly options: Readonly<Record<string, unknown>> & GlobalOptions;
  readonly cli: CliContext;
  readonly program: ProgramWords;
}

/** What people may type, for completion. */
export interface ProgramWords {
  readonly commandNames: readonly string[];
  readonly optionsOf: (commandName: string) => Promise<readonly OptionShape[]>;
}

export type ExitCode = number;

/** A mistake of the caller or the world, to be shown as it is: no stack, exit code 1 unless said. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: ExitCode;
  constructor(message: string, options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** What was typed makes no sense; the way out is the command's help. */
export function usageError(
  { commandName }: Pick<CommandCall, "commandName">,
  problem: string,
): Error {
  return haldaneError("USAGE", { command: `haldane ${commandName}`, problem });
}

export function textArgument(call: CommandCall, index: number): string | undefined {
  const value = call.args[index];
  return typeof value === "string" ? value : undefined;
}

export function listArgument(call: Pick<CommandCall, "args">, index: number): readonly string[] {
  const value = call.args[index];
  return Array.isArray(value)
    ? (value as readonly string[])
    : typeof value === "string"
      ? [value]
      : [];
}

export function textOption(call: CommandCall, name: string): string | undefined {
  const value = call.options[name];
  return typeof value === "string" ? value : undefined;
}

/** Whether `-o json` is given, where that is the only other form. Throws a usage error for another. */
export function wantsJson(call: CommandCall): boolean {
  const output = textOption(call, "output");
  if (output !== undefined && output !== "json")
    throw usageError(call, `-o ${output} is not known; use json`);
  return output === "json";
}

export function listOption(call: CommandCall, name: string): readonly string[] {
  const value = call.options[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

export function flag(call: CommandCall, name: string): boolean {
  return call.options[name] === true;
}

export function print(cli: CliContext, text: string): void {
  cli.stdout.write(`${text}\n`);
}
