// Tells one process from a later one with the same number: by the time it started.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readFile } from "node:fs/promises";

const run = promisify(execFile);

/**
 * When a living process started, in a form only to be compared for equality; undefined when it does not exist or is
 * a zombie. Linux: clock ticks since boot from /proc; elsewhere the text of `ps`, exact to a second.
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  return process.platform === "linux" ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

async function startTimeFromProc(pid: number): Promise<string | undefined> {
  const text = await readStat(pid);
  if (text === undefined) return undefined;
  // The second field is the command in brackets and may itself hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  return state === "Z" || state === "X" ? undefined : fields[19];
}

/** A process that ends while it is read fails with ESRCH. */
async function readStat(pid: number): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${String(pid)}/stat`, "utf8");
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      (error.code === "ESRCH" || error.code === "ENOENT")
    )
      return undefined;
    throw error;
  }
}

async function startTimeFromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      env: { ...process.env, LC_ALL: "C" },
    });
    const [state = "", ...started] = stdout.trim().split(/\s+/u);
    return state.startsWith("Z") || started.length === 0 ? undefined : started.join(" ");
  } catch (error) {
    // ps exits with 1 when there is no such process, and then prints nothing.
    if (error instanceof Error && "code" in error && error.code === 1) return undefined;
    throw error;
  }
}
