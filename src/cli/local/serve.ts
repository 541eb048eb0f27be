// Runs the cluster of this machine in this process until told to stop.
import { mkdirSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import {
  startLocalCluster,
  type LocalCluster,
  type LocalClusterOptions,
} from "../../compose/local.ts";
import { isHaldaneError } from "../../lib/errors.ts";
import { keepBounded } from "../../runtime/bounded-file.ts";
import { sleep } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { pinoLogger, type LogLevel } from "../../runtime/pino-log.ts";
import type { CliContext } from "../command.ts";
import { removeClusterFile, runningCluster, writeClusterFile } from "./cluster-file.ts";
import { imageConfig } from "./local-images.ts";

export interface ServeOptions {
  readonly dataDir: string;
  /** Relative `dir:` images start here. */
  readonly baseDir: string;
  readonly apiPort: number | undefined;
  readonly logLevel: LogLevel;
}

const releasedWithinMs = 2000;
const releasePollMs = 50;

export const logFileName = "haldane.log";

/** Appends to the file at once: what was logged before a crash is there afterwards. */
async function fileLogger(file: string, level: LogLevel): Promise<Logger> {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, "a", 0o600);
  const log = await pinoLogger({ level, write: (line) => void writeSync(descriptor, line) });
  keepBounded({
    file,
    onError: (error) => log.warn("the log could not be cut", { error: String(error) }),
  });
  return log;
}

/**
 * A process that was killed may hold the database for a moment after it is gone. While another is
 * still there, or for longer than that moment, the directory is in use.
 */
async function startPatiently(
  { dataDir, clock }: Pick<LocalClusterOptions, "dataDir" | "clock">,
  start: () => Promise<LocalCluster>,
): Promise<LocalCluster> {
  const deadlineMs = clock.now() + releasedWithinMs;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      const mayPass =
        isHaldaneError(error, "DATA_DIRECTORY_IN_USE") && !(await runningCluster(dataDir));
      if (!mayPass || clock.now() > deadlineMs) throw error;
      await sleep(clock, releasePollMs);
    }
  }
}

export async function startServing(
  cli: CliContext,
  { dataDir, baseDir, apiPort, logLevel }: ServeOptions,
): Promise<LocalCluster> {
  const options: LocalClusterOptions = {
    dataDir,
    clock: cli.clock,
    log: await fileLogger(path.join(dataDir, logFileName), logLevel),
    env: cli.env,
    images: () => imageConfig(dataDir, baseDir),
    gatewayCommand: [...cli.selfCommand, "gateway"],
    ...(apiPort === undefined ? {} : { apiPort }),
    version: cli.version,
  };
  const cluster = await startPatiently(options, async () => startLocalCluster(options));
  await writeClusterFile(dataDir, cluster.api.url);
  return cluster;
}

/** Stops pods, gateway and cluster, saying how many pods are left. */
export async function stopServing(
  cli: CliContext,
  cluster: LocalCluster,
  dataDir: string,
): Promise<void> {
  let last = -1;
  await cluster.shutDown((left) => {
    if (left === last) return;
    last = left;
    if (left > 0) cli.stderr.write(`stopping: ${left} ${left === 1 ? "pod" : "pods"} left\n`);
  });
  removeClusterFile(dataDir);
}
