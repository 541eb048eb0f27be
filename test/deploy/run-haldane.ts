// One command line, in this process: what it prints.
import { runCli } from "../../src/cli/run.ts";
import type { CliContext } from "../../src/cli/command.ts";
import { choosePaint } from "../../src/cli/render/paint.ts";
import { systemClock } from "../../src/runtime/clock.ts";

/** Resolves with stdout; rejects with what the command said on stderr unless it ended with 0. */
export async function runHaldane(...argv: readonly string[]): Promise<string> {
  const out: string[] = [];
  const err: string[] = [];
  const cli: CliContext = {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    stdin: (async function* () {})(),
    env: {},
    cwd: process.cwd(),
    clock: systemClock,
    signal: new AbortController().signal,
    version: "0.0.0-test",
    selfCommand: [],
    connect: async () => Promise.reject(new Error("this command needs no cluster")),
    paint: () => choosePaint({ isTerminal: false, env: {}, noColorFlag: true }),
  };
  const code = await runCli(argv, cli);
  if (code !== 0) throw new Error(`haldane ${argv.join(" ")} ended with ${code}: ${err.join("")}`);
  return out.join("");
}
