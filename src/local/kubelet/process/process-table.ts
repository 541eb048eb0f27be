// What the operating system knows about processes: /proc on Linux, `ps` elsewhere. Zombies are
// reported as such and count as dead everywhere: PID 1 of a container may not reap them.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** One process. `startToken` changes when a pid is used again; it is only ever compared. */
export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  readonly sessionId: number;
  readonly isZombie: boolean;
  readonly startToken: string;
  /** Time on a CPU since the start, in milliseconds. */
  readonly cpuMs: number;
  /** The same of its children that ended and were waited for, and of theirs; 0 where only `ps` is. */
  readonly endedChildrenCpuMs: number;
  readonly memoryBytes: number;
}

// USER_HZ is 100 on every architecture Node runs on; /proc always counts in it.
const msPerTick = 10;
const pageBytes = 4096;

/** The fields of /proc/<pid>/stat; undefined if the text is none. The name may hold spaces and brackets. */
export function parseProcStat(text: string): ProcessRow | undefined {
  const afterName = text.lastIndexOf(")");
  if (afterName < 0) return undefined;
  const pid = Number.parseInt(text, 10);
  const fields = text
    .slice(afterName + 2)
    .trim()
    .split(" ");
  const number = (index: number): number => Number(fields[index] ?? Number.NaN);
  const startTicks = fields[19];
  if (Number.isNaN(pid) || startTicks === undefined) return undefined;
  return {
    pid,
    parentPid: number(1),
    sessionId: number(3),
    isZombie: fields[0] === "Z" || fields[0] === "X",
    startToken: startTicks,
    cpuMs: (number(11) + number(12)) * msPerTick,
    endedChildrenCpuMs: (number(13) + number(14)) * msPerTick,
    memoryBytes: number(21) * pageBytes,
  };
}

const psColumns = "pid=,ppid=,sess=,state=,time=,rss=,lstart=";
const psLine = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\d+)\s+(\S.*\S)\s*$/;

function psTimeMs(text: string): number {
  const [days, clock] = text.includes("-") ? text.split("-") : ["0", text];
  const seconds = (clock ?? "0").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return (Number(days) * 86_400 + seconds) * 1000;
}

/** One line of `ps -o pid=,ppid=,sess=,state=,time=,rss=,lstart=`. */
export function parsePsLine(line: string): ProcessRow | undefined {
  const match = psLine.exec(line);
  if (match === null) return undefined;
  const [, pid = "", parent = "", session = "", state = "", time = "", rss = "", start = ""] =
    match;
  return {
    pid: Number(pid),
    parentPid: Number(parent),
    sessionId: Number.parseInt(session, 10) || 0,
    isZombie: state.startsWith("Z"),
    startToken: start,
    cpuMs: psTimeMs(time),
    endedChildrenCpuMs: 0,
    memoryBytes: Number(rss) * 1024,
  };
}

function ps(selection: readonly string[]): readonly ProcessRow[] {
  try {
    const text = execFileSync("ps", [...selection, "-o", psColumns], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text.split("\n").flatMap((line) => parsePsLine(line) ?? []);
  } catch {
    // ps exits with 1 when it selected nothing; there is no other way to ask.
    return [];
  }
}

/** The text of a file of /proc, or undefined when the process is gone or not ours to read. */
function readProcFile(pid: number | string, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    // The process may end between any two looks at it; that is an answer, not an error.
    return undefined;
  }
}

export const hasProcFs = process.platform === "linux";

/** The process, or undefined when there is none with that pid. Zombies are returned. */
export function readProcess(pid: number): ProcessRow | undefined {
  if (!hasProcFs) return ps(["-p", String(pid)])[0];
  const text = readProcFile(pid, "stat");
  return text === undefined ? undefined : parseProcStat(text);
}

export function listProcesses(): readonly ProcessRow[] {
  if (!hasProcFs) return ps(["-A"]);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => parseProcStat(readProcFile(pid, "stat") ?? "") ?? []);
}

/** Whether the process was started with `NAME=value` in its environment; false when it cannot be read. */
export function hasEnvironmentEntry(pid: number, entry: string): boolean {
  return (readProcFile(pid, "environ") ?? "").split("\0").includes(entry);
}

/** Memory that counts for the process alone (pages shared with others in proportion), or undefined. */
export function proportionalMemoryBytes(pid: number): number | undefined {
  const kibibytes = /^Pss:\s+(\d+) kB/m.exec(readProcFile(pid, "smaps_rollup") ?? "")?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Sends a signal; false when there is nobody (any more) to receive it. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
