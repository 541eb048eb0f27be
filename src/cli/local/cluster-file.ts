// Which process runs the cluster of a data directory, for `up`, `down` and whoever looks.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { processStartTime } from "../../runtime/process-identity.ts";

export interface ClusterProcess {
  readonly pid: number;
  /** Tells this process from a later one with the same number. */
  readonly startTime: string;
  readonly url: string;
}

function fileOf(dataDir: string): string {
  return path.join(dataDir, "cluster.json");
}

export async function writeClusterFile(dataDir: string, url: string): Promise<void> {
  const startTime = (await processStartTime(process.pid)) ?? "";
  const temporary = `${fileOf(dataDir)}.new`;
  writeFileSync(temporary, `${JSON.stringify({ pid: process.pid, startTime, url })}\n`, {
    mode: 0o600,
  });
  renameSync(temporary, fileOf(dataDir));
}

export function removeClusterFile(dataDir: string): void {
  rmSync(fileOf(dataDir), { force: true });
}

/** Whether a cluster ran here that was never stopped; it need not live any more. */
export function hasClusterFile(dataDir: string): boolean {
  return existsSync(fileOf(dataDir));
}

function clusterIn(text: string): ClusterProcess | undefined {
  try {
    const { pid, startTime, url } = JSON.parse(text) as Partial<ClusterProcess>;
    const isWhole =
      typeof pid === "number" && typeof startTime === "string" && typeof url === "string";
    return isWhole ? { pid, startTime, url } : undefined;
  } catch (error) {
    // A damaged file says nothing; whether the directory is in use is known by its lock.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The process that runs the cluster now; undefined if none does, whatever the file says. */
export async function runningCluster(dataDir: string): Promise<ClusterProcess | undefined> {
  let text: string;
  try {
    text = readFileSync(fileOf(dataDir), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  const written = clusterIn(text);
  return written && (await processStartTime(written.pid)) === written.startTime
    ? written
    : undefined;
}
