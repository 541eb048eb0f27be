// Starts the cluster of this machine: in the foreground until Ctrl-C, or with --detach behind.
import { spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import path from "node:path";
import { haldaneError } from "../../lib/errors.ts";
import { sleep } from "../../runtime/clock.ts";
import { logLevels, type LogLevel } from "../../runtime/pino-log.ts";
import { applyManifests } from "../apply-objects.ts";
import { refuseMistakes } from "../check-manifests.ts";
import {
  CliError,
  flag,
  listOption,
  print,
  textOption,
  usageError,
  type CliCommand,
  type CliContext,
  type CommandCall,
} from "../command.ts";
import { defaultDataDir, localKubeconfig, requireDataDir } from "../local/data-dir.ts";
import { runningCluster, type ClusterProcess } from "../local/cluster-file.ts";
import { addMappings, mappingOf } from "../local/local-images.ts";
import { listeningObjects, type Listening } from "../local/tell-listening.ts";
import { readManifests, type Manifests } from "../read-manifests.ts";
import { withConnection } from "../with-connection.ts";

const readyPollMs = 50;
const readyWithinMs = 60_000;

function dataDirOf(call: CommandCall): string {
  return path.resolve(call.cli.cwd, textOption(call, "data") ?? defaultDataDir);
}

function apiPortOf(call: CommandCall): number | undefined {
  const text = textOption(call, "apiPort");
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw usageError(call, `--api-port ${text}: use a port from 0 (any free one) to 65535`);
}

function logLevelOf(call: CommandCall): LogLevel {
  const text = textOption(call, "logLevel") ?? "info";
  const level = logLevels.find((known) => known === text);
  if (level === undefined)
    throw usageError(call, `--log-level ${text}: use ${logLevels.join(", ")}`);
  return level;
}

/** Applies through the API, so that what is printed is what any client would have got. Whether nothing was refused. */
async function applyAll({ objects }: Manifests, call: CommandCall): Promise<boolean> {
  const { cli } = call;
  if (objects.length === 0) return true;
  const options = { ...call.options, kubeconfig: localKubeconfig(call.options, cli.cwd) };
  return withConnection({ ...call, options }, async ({ store, namespace }) => {
    const isAllApplied = await applyManifests(objects, {
      store,
      namespace,
      isForced: false,
      report: (line) => print(cli, line),
      refuse: (text) => cli.stderr.write(`Error: ${text}\n`),
    });
    const applied = objects.map(({ object }) => object);
    for (const said of await listeningObjects(store, applied, namespace, cli))
      tellListening(said, cli);
    return isAllApplied;
  });
}

function tellListening({ what, isProgrammed, message }: Listening, cli: CliContext): void {
  if (isProgrammed) print(cli, `${what}: ${message}`);
  else cli.stderr.write(`Warning: ${what}: ${message}\n`);
}

/** What later commands need to find this cluster: nothing, in its own directory. */
function dataFlag(call: CommandCall): string {
  const data = textOption(call, "data") ?? defaultDataDir;
  return data === defaultDataDir ? "" : ` --data ${data}`;
}

function tellHowToUse(call: CommandCall, url: string): void {
  const { cli } = call;
  const kubeconfig = path.relative(cli.cwd, localKubeconfig(call.options, cli.cwd));
  print(cli, `The cluster of this machine is up at ${url}`);
  print(cli, `  haldane list${dataFlag(call)}`);
  print(cli, `  kubectl --kubeconfig ${kubeconfig} get pods`);
}

function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function runInForeground(
  manifests: Manifests | undefined,
  call: CommandCall,
): Promise<number> {
  const { cli } = call;
  const dataDir = dataDirOf(call);
  const { startServing, stopServing } = await import("../local/serve.ts");
  const cluster = await startServing(cli, {
    dataDir,
    baseDir: cli.cwd,
    apiPort: apiPortOf(call),
    logLevel: logLevelOf(call),
  });
  try {
    tellHowToUse(call, cluster.api.url);
    // What was refused has been told; the rest is there to work with.
    if (manifests) await applyAll(manifests, call);
    if (cli.stdout.isTTY === true) print(cli, "Ctrl-C stops it and its pods.");
    await untilStopped(cli.signal);
  } finally {
    await stopServing(cli, cluster, dataDir);
  }
  return 0;
}

async function untilRunning(
  dataDir: string,
  call: CommandCall,
  hasEnded: () => boolean,
): Promise<ClusterProcess> {
  const { clock } = call.cli;
  const deadlineMs = clock.now() + readyWithinMs;
  for (;;) {
    const running = await runningCluster(dataDir);
    if (running) return running;
    if (hasEnded()) throw new CliError("the cluster did not start");
    if (clock.now() > deadlineMs)
      throw haldaneError("TIMED_OUT", {
        where: dataDir,
        problem: "the cluster did not start within 60s",
        wayOut: `read ${path.join(dataDir, "up.log")}, or start it without --detach.`,
      });
    await sleep(clock, readyPollMs, call.cli.signal);
  }
}

async function runDetached(manifests: Manifests | undefined, call: CommandCall): Promise<number> {
  const { cli } = call;
  const dataDir = dataDirOf(call);
  const outputFile = path.join(dataDir, "up.log");
  const output = openSync(outputFile, "w", 0o600);
  const port = textOption(call, "apiPort");
  const [program = "", ...own] = cli.selfCommand;
  const level = ["--log-level", logLevelOf(call)];
  const args = [
    ...own,
    "up",
    "--data",
    dataDir,
    ...level,
    ...(port === undefined ? [] : ["--api-port", port]),
  ];
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", output, output],
    cwd: cli.cwd,
  });
  let hasEnded = false;
  child.once("exit", () => {
    hasEnded = true;
  });
  child.unref();
  try {
    const { url } = await untilRunning(dataDir, call, () => hasEnded);
    tellHowToUse(call, url);
  } catch (error) {
    const said = readFileSync(outputFile, "utf8")
      .trim()
      .replace(/^Error: /, "");
    throw said === "" ? error : new CliError(said, { cause: error });
  }
  const isAllApplied = !manifests || (await applyAll(manifests, call));
  print(cli, `It runs in the background; stop it with: haldane down${dataFlag(call)}`);
  return isAllApplied ? 0 : 1;
}

async function up(call: CommandCall): Promise<number> {
  const { cli } = call;
  const names = listOption(call, "filename");
  const manifests = names.length === 0 ? undefined : await readManifests(names, cli);
  if (manifests && flag(call, "lint")) await refuseMistakes(manifests.objects);
  const dataDir = dataDirOf(call);
  const clusterDocuments =
    manifests?.ours.filter(({ object }) => object["kind"] === "LocalCluster") ?? [];
  const mappings = clusterDocuments.map((document) => mappingOf(document, cli.cwd));
  apiPortOf(call);
  logLevelOf(call);
  requireDataDir(dataDir);
  const running = await runningCluster(dataDir);
  if (running && !manifests)
    throw haldaneError("DATA_DIRECTORY_IN_USE", { directory: dataDir, pid: running.pid });
  addMappings(dataDir, mappings);
  if (running && manifests) {
    print(cli, `The cluster of this machine runs already, at ${running.url}`);
    return (await applyAll(manifests, call)) ? 0 : 1;
  }
  return flag(call, "detach") ? runDetached(manifests, call) : runInForeground(manifests, call);
}

export const command: CliCommand = {
  declare(command) {
    command
      .option("-f, --filename <file...>", "apply these manifests: files or directories")
      .option("-d, --detach", "run in the background")
      .option(
        "--api-port <port>",
        "port of the API server (default: the last one used, or a free one)",
      )
      .option("--no-lint", "apply manifests with mistakes in them, too")
      .option("--log-level <level>", `what goes to the log file: ${logLevels.join(", ")}`, "info");
  },
  run: up,
};
