#!/usr/bin/env node
// The program: finds the command that was typed, loads only that one, and turns its outcome into
// text and an exit code.
import { systemClock } from "../runtime/clock.ts";
import type { CliContext, GlobalOptions } from "./command.ts";
import { runAs } from "./personality.ts";
import { choosePaint } from "./render/paint.ts";

declare const __HALDANE_VERSION__: string | undefined;

const oldestNode = [20, 19] as const;

function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  process.stderr.write(
    `Error: Haldane needs Node.js ${oldestNode.join(".")} or newer; this is ${process.versions.node}. ` +
      "Install a newer one from https://nodejs.org and run the command again.\n",
  );
  process.exit(1);
}

/** The first signal ends what is going on in good order; the second does not wait for that. */
function stopSignal(stop: AbortController): AbortSignal {
  const onSignal = (name: string): void => {
    if (!stop.signal.aborted) {
      stop.abort(new Error(`received ${name}`));
      return;
    }
    process.stderr.write(
      "left at once; what still runs of a cluster is stopped by: haldane down\n",
    );
    process.exit(130);
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => onSignal(name));
  return stop.signal;
}

function processContext(stop: AbortController): CliContext {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    signal: stopSignal(stop),
    version: typeof __HALDANE_VERSION__ === "string" ? __HALDANE_VERSION__ : "0.0.0-dev",
    selfCommand: [process.execPath, ...process.execArgv, process.argv[1] ?? ""],
    connect: async (options) =>
      (await import("./connect.ts")).connect(options, process.env, process.cwd()),
    paint: (options: GlobalOptions) =>
      choosePaint({
        isTerminal: process.stdout.isTTY,
        env: process.env,
        noColorFlag: options.color === false,
      }),
  };
}

requireNode();
const stop = new AbortController();
const reader = { isThere: true };
// A reader that has seen enough (`haldane events | head`) is no error of ours, and no reason to leave
// processes behind: what is going on ends in good order.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  reader.isThere = false;
  if (!stop.signal.aborted) stop.abort(new Error("nobody reads the output any more"));
});
const exitCode = await runAs(process.argv[1] ?? "", process.argv.slice(2), processContext(stop));
process.exitCode = reader.isThere ? exitCode : 0;
