// The machine itself: which processes stem from the soak's folder, and which pod each one serves.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

interface FoundProcess {
  readonly pid: number;
  readonly command: string;
  /** Of a service process: the pod it was started for. */
  readonly pod: string | undefined;
}

/** A process that ends while it is looked at counts as gone. */
function ifAlive<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ESRCH", "EACCES"].includes(code)) return undefined;
    throw error;
  }
}

function environmentOf(pid: number): ReadonlyMap<string, string> {
  const text = ifAlive(() => readFileSync(`/proc/${String(pid)}/environ`, "utf8")) ?? "";
  return new Map(
    text.split("\0").map((entry): [string, string] => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

function found(pid: number, folder: string): FoundProcess | undefined {
  const directory = ifAlive(() => readlinkSync(`/proc/${String(pid)}/cwd`));
  const command = ifAlive(() => readFileSync(`/proc/${String(pid)}/cmdline`, "utf8"))
    ?.replaceAll("\0", " ")
    .trim();
  if (directory === undefined || command === undefined) return undefined;
  if (!directory.startsWith(folder) && !command.includes(folder)) return undefined;
  const isService = command.endsWith(" server.mjs") && !command.startsWith("/bin/sh");
  return { pid, command, pod: isService ? environmentOf(pid).get("POD_NAME") : undefined };
}

/** Everything that runs in the folder or was started with a path in it, but for this process. */
export function processesOf(folder: string): readonly FoundProcess[] {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids
    .filter((pid) => pid !== process.pid)
    .map((pid) => found(pid, folder))
    .filter((process) => process !== undefined);
}

/** Pod names of the service processes that run now, with repetitions if there are any. */
export function podsServed(folder: string): readonly string[] {
  return processesOf(folder).flatMap(({ pod }) => (pod === undefined ? [] : [pod]));
}
