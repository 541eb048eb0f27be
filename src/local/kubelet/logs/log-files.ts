// Logs of containers: one file per container and attempt, written by the process itself and never
// through a pipe of ours, so that it outlives us. Beside `<attempt>.log` lies `<attempt>.times`: when
// the log had which size (log-times.ts). read-log.ts reads with tail, since, times and follow;
// cap-log.ts keeps the newest part of a file that grows too large. This file knows where they are.
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isErrnoException } from "../process/record-file.ts";

export interface LogOwner {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
}

export function logFolder(root: string, { namespace, pod, uid }: LogOwner): string {
  return join(root, `${namespace}_${pod}_${uid}`);
}

export function logFile(root: string, owner: LogOwner, container: string, attempt: number): string {
  return join(logFolder(root, owner), container, `${attempt}.log`);
}

/** Where the times of a log are kept. */
export function timesFile(logPath: string): string {
  return logPath.replace(/\.log$/, ".times");
}

/** 0 for a file that is not there. */
export function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (isErrnoException(error) && error.code === "ENOENT") return 0;
    throw error;
  }
}

/** The attempts of a container that left a log, the newest first. */
export function loggedAttempts(
  root: string,
  owner: LogOwner,
  container: string,
): readonly number[] {
  const files = namesIn(join(logFolder(root, owner), container)).filter((name) =>
    /^\d+\.log$/.test(name),
  );
  return files.map((name) => Number.parseInt(name, 10)).sort((a, b) => b - a);
}

/** Removes all but the newest `keep` attempts of a container; one that crashes for days leaves many. */
export function pruneAttempts(
  root: string,
  owner: LogOwner,
  { container, keep }: { readonly container: string; readonly keep: number },
): void {
  for (const attempt of loggedAttempts(root, owner, container).slice(keep)) {
    const path = logFile(root, owner, container, attempt);
    rmSync(path, { force: true });
    rmSync(timesFile(path), { force: true });
  }
}

/** The log files below `root`. */
export function listLogFiles(root: string): readonly string[] {
  return namesIn(root).flatMap((pod) =>
    namesIn(join(root, pod)).flatMap((container) =>
      namesIn(join(root, pod, container))
        .filter((file) => file.endsWith(".log"))
        .map((file) => join(root, pod, container, file)),
    ),
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (isErrnoException(error) && (error.code === "ENOENT" || error.code === "ENOTDIR")) return [];
    throw error;
  }
}

/** Keeps the logs of the `keep` pods that ended last, so that a version taken back can still be read about. */
export function pruneLogs(root: string, alive: ReadonlySet<string>, keep: number): void {
  const dead = namesIn(root).filter((folder) => !alive.has(folder));
  const dated = dead.map((folder) => ({ folder, atMs: statSync(join(root, folder)).mtimeMs }));
  const surplus = dated.sort((a, b) => b.atMs - a.atMs).slice(keep);
  for (const { folder } of surplus) rmSync(join(root, folder), { recursive: true, force: true });
}
