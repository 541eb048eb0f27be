// Stops the cluster of this machine, its pods and its gateway, whether its process still lives or not.
import { existsSync } from "node:fs";
import path from "node:path";
import { haldaneError } from "../../lib/errors.ts";
import { sleep } from "../../runtime/clock.ts";
import { print, textOption, type CliCommand, type CommandCall } from "../command.ts";
import { defaultDataDir } from "../local/data-dir.ts";
import { hasClusterFile, runningCluster, type ClusterProcess } from "../local/cluster-file.ts";

const pollMs = 50;
/** Pods may take their whole grace period; beyond this something is wrong. */
const stopWithinMs = 120_000;

async function stopProcess(
  { pid }: ClusterProcess,
  dataDir: string,
  call: CommandCall,
): Promise<void> {
  const { clock, signal } = call.cli;
  process.kill(pid, "SIGTERM");
  const deadlineMs = clock.now() + stopWithinMs;
  while (await runningCluster(dataDir)) {
    if (clock.now() > deadlineMs)
      throw haldaneError("TIMED_OUT", {
        where: dataDir,
        problem: `process ${pid} did not stop within 2m`,
        wayOut: "read up.log there; if it hangs, end that process and run haldane down again.",
      });
    await sleep(clock, pollMs, signal);
  }
}

/** The control plane died alone: take over what it left, then stop that. */
async function stopRemains(dataDir: string, call: CommandCall): Promise<void> {
  const { cli } = call;
  const { startServing, stopServing } = await import("../local/serve.ts");
  const cluster = await startServing(cli, {
    dataDir,
    baseDir: cli.cwd,
    apiPort: undefined,
    logLevel: "info",
  });
  await stopServing(cli, cluster, dataDir);
}

/** A stopped cluster has taken its file away; one that was killed has not, and its gateway lives on. */
async function hasRemains(dataDir: string): Promise<boolean> {
  if (hasClusterFile(dataDir)) return true;
  const { findGateway } = await import("../../gateway/client.ts");
  const gateway = await findGateway(path.join(dataDir, "gateway"));
  await gateway?.client.close();
  return gateway !== undefined;
}

async function down(call: CommandCall): Promise<number> {
  const dataDir = path.resolve(call.cli.cwd, textOption(call, "data") ?? defaultDataDir);
  if (!existsSync(path.join(dataDir, "objects.db")))
    throw haldaneError("NOT_RUNNING", { directory: dataDir });
  const running = await runningCluster(dataDir);
  if (!running && !(await hasRemains(dataDir))) {
    print(call.cli, "The cluster of this machine was stopped already.");
    return 0;
  }
  if (running) await stopProcess(running, dataDir, call);
  else await stopRemains(dataDir, call);
  print(
    call.cli,
    "The cluster of this machine is stopped; its objects are kept in the data directory.",
  );
  return 0;
}

export const command: CliCommand = { declare: () => undefined, run: down };
