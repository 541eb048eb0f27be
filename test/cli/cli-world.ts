// Runs command lines inside the test's process and keeps what they print; clusters they start are
// real: pods are processes, the gateway is one, the API is spoken over TLS.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { connect } from "../../src/cli/connect.ts";
import type { CliContext } from "../../src/cli/command.ts";
import { choosePaint } from "../../src/cli/render/paint.ts";
import { runAs } from "../../src/cli/personality.ts";
import { systemClock } from "../../src/runtime/clock.ts";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const main = path.resolve(import.meta.dirname, "../../src/cli/main.ts");
const fromSource = [process.execPath, "--import", tsx, main];

export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  /** What was printed until now, both streams. */
  printed(): string;
  /** Resolves with what was printed once it matches; rejects if the command ends before. */
  until(pattern: RegExp): Promise<string>;
  stop(): Promise<Finished>;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Draws as on a terminal of this size. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** The name the program is started by. */
  readonly as?: string;
}

interface Recorder {
  readonly cli: CliContext;
  out(): string;
  err(): string;
  onPrint(listener: () => void): void;
  stop(): void;
}

export class CliWorld {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "haldane-cli-"));

  file(name: string, text: string): string {
    const file = path.join(this.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** To its end. */
  async run(line: string | readonly string[], options: RunOptions = {}): Promise<Finished> {
    const recorder = this.#recorder(options);
    const code = await runAs(options.as ?? "haldane", wordsOf(line), recorder.cli);
    return { code, out: recorder.out(), err: recorder.err() };
  }

  /** Like run, and what it printed; throws if it did not end with 0. */
  async ok(line: string | readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, out, err } = await this.run(line, options);
    if (code !== 0)
      throw new Error(`haldane ${wordsOf(line).join(" ")} ended with ${code}: ${err}${out}`);
    return out;
  }

  /** In the background, until it ends or is stopped as by Ctrl-C. */
  start(line: string | readonly string[], options: RunOptions = {}): Running {
    const recorder = this.#recorder(options);
    const printed = (): string => recorder.out() + recorder.err();
    let hasEnded = false;
    const ended = runAs(options.as ?? "haldane", wordsOf(line), recorder.cli).finally(() => {
      hasEnded = true;
    });
    return {
      printed,
      until: (pattern) =>
        new Promise((resolve, reject) => {
          const check = (): void => {
            if (pattern.test(printed())) resolve(printed());
            else if (hasEnded)
              reject(new Error(`it ended before it printed ${String(pattern)}: ${printed()}`));
          };
          recorder.onPrint(check);
          void ended.then(check);
          check();
        }),
      async stop() {
        recorder.stop();
        return { code: await ended, out: recorder.out(), err: recorder.err() };
      },
    };
  }

  /** A process of its own, for what only a process can show: signals, being killed. */
  spawn(line: string, env: NodeJS.ProcessEnv = process.env): ChildProcess {
    const [program = "", ...args] = fromSource;
    return spawn(program, [...args, ...wordsOf(line)], {
      cwd: this.folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Stops what was started here, and says so if that fails: nothing may live on. */
  async remove(): Promise<void> {
    const { code, err } = await this.run("down");
    if (code !== 0 && !err.includes("[NOT_RUNNING]"))
      throw new Error(`haldane down failed: ${err}`);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #recorder({ stdin = "", env = {}, terminal }: RunOptions): Recorder {
    let out = "";
    let err = "";
    const listeners: (() => void)[] = [];
    const tell = (): void => listeners.forEach((listener) => listener());
    const stopping = new AbortController();
    const streamed = { PATH: process.env["PATH"] ?? "", HOME: this.folder, ...env };
    const cwd = this.folder;
    return {
      out: () => out,
      err: () => err,
      onPrint: (listener) => void listeners.push(listener),
      stop: () => stopping.abort(new Error("Ctrl-C")),
      cli: {
        stdout: {
          write(text) {
            out += text;
            tell();
          },
          ...(terminal === undefined ? {} : { isTTY: true, ...terminal }),
        },
        stderr: {
          write(text) {
            err += text;
            tell();
          },
        },
        stdin: (async function* () {
          yield new TextEncoder().encode(stdin);
        })(),
        env: streamed,
        cwd,
        clock: systemClock,
        signal: stopping.signal,
        version: "1.2.3",
        selfCommand: fromSource,
        connect: async (options) => connect(options, streamed, cwd),
        paint: ({ color }) =>
          choosePaint({
            isTerminal: terminal !== undefined,
            env: streamed,
            noColorFlag: color === false,
          }),
      },
    };
  }
}

function wordsOf(line: string | readonly string[]): readonly string[] {
  return typeof line === "string" ? line.split(" ").filter((word) => word !== "") : line;
}

/** Asks until the answer is as wanted; the test's own time limit ends it otherwise. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isWanted: (answer: T) => boolean,
): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** Listens on a port of 127.0.0.1 that is then not free. */
export async function takePort(): Promise<{ readonly port: number; release(): Promise<void> }> {
  const server = net.createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    release: async () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** A server of a few lines, as a release directory has it. */
export function releaseOf(version: string): string {
  return `import { createServer } from "node:http";
console.log("${version} starts");
const server = createServer((request, response) => {
  if (request.url === "/crash") process.exit(3);
  response.end("${version}\\n");
});
server.listen(process.env.PORT, "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;
}
