// The processes of containers: launched into a session of their own, found again by the files the
// wrapper leaves, stopped with everything they started. Knows nothing of pods but their uid.
import { spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { uptime } from "node:os";
import { dirname, join } from "node:path";
import type { EpochMs } from "../../../lib/time.ts";
import type { Clock } from "../../../runtime/clock.ts";
import {
  hasEnvironmentEntry,
  hasProcFs,
  listProcesses,
  parseProcStat,
  readProcess,
  sendSignal,
} from "./process-table.ts";
import type { ProcessRow } from "./process-table.ts";
import { isErrnoException, readFileIfPresent } from "./record-file.ts";
import { wrapped } from "./wrapper.ts";

/** One attempt at running one container of one pod. */
export interface Slot {
  readonly podUid: string;
  readonly container: string;
  readonly attempt: number;
}

export interface Launch {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/**
 * What became of an attempt. `lingering`: the command ended, processes it started did not.
 * `exitCode` is undefined when the wrapper was killed before it could write it down.
 */
export type ProcessFact =
  | { readonly kind: "absent" }
  | { readonly kind: "running"; readonly startedAtMs: EpochMs }
  | (Ended & { readonly kind: "lingering" })
  | (Ended & { readonly kind: "exited" });
export interface Ended {
  readonly startedAtMs: EpochMs;
  readonly finishedAtMs: EpochMs;
  readonly exitCode: number | undefined;
}

const markerName = "HALDANE_CONTAINER";
const voidText = "void\n";

function marker({ podUid, container, attempt }: Slot): string {
  return `${podUid}/${container}/${attempt}`;
}

function basePath(root: string, { podUid, container, attempt }: Slot): string {
  return join(root, podUid, container, String(attempt));
}

interface Identity {
  readonly pid: number;
  readonly startToken: string | undefined;
  readonly recordedAtMs: EpochMs;
}

/** Reads a claim or pid file: a pid and, on Linux, the line of /proc written by the process itself. */
function readIdentity(path: string): Identity | "void" | "unfinished" | undefined {
  const text = readFileIfPresent(path);
  if (text === undefined) return undefined;
  if (text === voidText) return "void";
  const match = /^(\d+)\n(.*)\n/.exec(text);
  if (match === null) return "unfinished";
  const startToken = parseProcStat(match[2] ?? "")?.startToken;
  return { pid: Number(match[1]), startToken, recordedAtMs: Math.floor(statSync(path).mtimeMs) };
}

const settlePatienceMs = 1_000;

/** Waits out the microseconds between a wrapper's creating its claim and filling it in. */
function settledIdentity(path: string): Identity | undefined {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; waitedMs < settlePatienceMs; waitedMs += 1) {
    const identity = readIdentity(path);
    if (identity === undefined && voidClaim(path)) return undefined;
    if (identity === "void") return undefined;
    if (typeof identity === "object") return identity;
    Atomics.wait(pause, 0, 0, 1);
  }
  // The wrapper was killed in between: it holds the claim and will never run anything.
  return undefined;
}

const startToleranceMs = 2_500;

/** After a restart of the machine, numbers and start times count from the beginning again. */
function isFromEarlierBoot({ recordedAtMs }: Identity): boolean {
  return recordedAtMs < Date.now() - uptime() * 1000 - startToleranceMs;
}

/** The live process of that identity: same pid and same start; never a zombie, never a namesake. */
function liveProcess(identity: Identity): ProcessRow | undefined {
  const row = readProcess(identity.pid);
  if (row === undefined || row.isZombie || isFromEarlierBoot(identity)) return undefined;
  if (identity.startToken !== undefined) {
    return row.startToken === identity.startToken ? row : undefined;
  }
  const startedAtMs = Date.parse(row.startToken);
  return Math.abs(startedAtMs - identity.recordedAtMs) < startToleranceMs ? row : undefined;
}

function isNewerThan(identity: Identity): (row: ProcessRow) => boolean {
  const { startToken } = identity;
  if (startToken === undefined) return () => true;
  return (row) => !hasProcFs || Number(row.startToken) >= Number(startToken);
}

/** Everything alive that the attempt started, the wrapper excepted: its session, and who left it. */
function leftBehind(slot: Slot, identity: Identity): readonly ProcessRow[] {
  if (isFromEarlierBoot(identity)) return [];
  const leader = readProcess(identity.pid);
  const isReused =
    leader !== undefined &&
    identity.startToken !== undefined &&
    leader.startToken !== identity.startToken;
  const isNewer = isNewerThan(identity);
  const entry = `${markerName}=${marker(slot)}`;
  return listProcesses().filter((row) => {
    if (row.isZombie || row.pid === identity.pid || !isNewer(row)) return false;
    const isInSession = row.sessionId === identity.pid && !isReused;
    return isInSession || hasEnvironmentEntry(row.pid, entry);
  });
}

/** Also those that began a session of their own, as long as who started them lives. */
function withDescendants(
  rows: readonly ProcessRow[],
  table: readonly ProcessRow[],
): readonly ProcessRow[] {
  const found = new Map(rows.map((row) => [row.pid, row]));
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const row of table) if (found.has(row.parentPid)) found.set(row.pid, row);
  }
  return [...found.values()];
}

const mostSweeps = 5;

/** Until nobody new is found: a process may start another while the list is read. */
function killLeftBehind(slot: Slot, wrapper: Identity): void {
  const killed = new Set<number>();
  for (let sweep = 0; sweep < mostSweeps; sweep += 1) {
    const rows = leftBehind(slot, wrapper).filter((row) => !killed.has(row.pid));
    if (rows.length === 0) return;
    for (const { pid } of rows) {
      sendSignal(pid, "SIGKILL");
      killed.add(pid);
    }
  }
}

/** Takes the claim away from a wrapper that has not made it yet; false when it was first. */
function voidClaim(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, voidText, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (isErrnoException(error) && error.code === "EEXIST") return false;
    throw error;
  }
}

export interface ContainerProcesses {
  /** Starts the attempt. Rejects when it cannot be started; resolves once the claim is made. */
  launch(slot: Slot, launch: Launch, onExit: () => void): Promise<void>;
  /** What became of it. With `settle`, an attempt without a claim can never run from now on. */
  observe(slot: Slot, options?: { readonly settle?: boolean }): ProcessFact;
  /** SIGTERM for the command alone, or, once it has ended, for what it left behind. */
  terminate(slot: Slot): void;
  /** SIGKILL for everything the attempt ever started; its exit code is still written down. */
  kill(slot: Slot): void;
  /** SIGKILL for the wrapper too: nothing of the attempt is or will be. For pods nobody asks about any more. */
  destroy(slot: Slot): void;
  /** The wrapper, its session, and whoever descends from those; zombies too, for the time they used. */
  members(slot: Slot, table: readonly ProcessRow[]): readonly ProcessRow[];
  /** Every attempt of a pod that left a trace. */
  slotsOf(podUid: string): readonly Slot[];
  /** Forgets all attempts of a pod. Kill them first. */
  forget(podUid: string): void;
}

/** `root` holds one folder per pod with one folder per container: `<attempt>.claim`, `.pid`, `.exit`. */
export function containerProcesses(root: string, clock: Clock): ContainerProcesses {
  const observe = (slot: Slot, { settle = false } = {}): ProcessFact => {
    const base = basePath(root, slot);
    const path = `${base}.claim`;
    const identity = settle ? settledIdentity(path) : readIdentity(path);
    if (typeof identity !== "object") return { kind: "absent" };
    return factOf(slot, base, { wrapper: identity, nowMs: clock.now() });
  };
  return {
    launch: (slot, launch, onExit) => start(basePath(root, slot), slot, launch, onExit),
    observe,
    terminate(slot) {
      const base = basePath(root, slot);
      const command = readIdentity(`${base}.pid`);
      const isAlive = typeof command === "object" && liveProcess(command) !== undefined;
      if (isAlive && sendSignal(command.pid, "SIGTERM")) return;
      const wrapper = readIdentity(`${base}.claim`);
      if (typeof wrapper !== "object") return;
      for (const row of leftBehind(slot, wrapper)) sendSignal(row.pid, "SIGTERM");
    },
    kill(slot) {
      const wrapper = readIdentity(`${basePath(root, slot)}.claim`);
      // The wrapper stays: it sees its command die and writes the exit code down.
      if (typeof wrapper === "object") killLeftBehind(slot, wrapper);
    },
    destroy(slot) {
      const wrapper = settledIdentity(`${basePath(root, slot)}.claim`);
      if (wrapper === undefined) return;
      // First of all, so that it cannot begin its command a moment after everybody was counted.
      if (liveProcess(wrapper) !== undefined) sendSignal(wrapper.pid, "SIGKILL");
      killLeftBehind(slot, wrapper);
    },
    members(slot, table) {
      const wrapper = readIdentity(`${basePath(root, slot)}.claim`);
      if (typeof wrapper !== "object") return [];
      return withDescendants(
        table.filter((row) => row.sessionId === wrapper.pid),
        table,
      );
    },
    slotsOf: (podUid) => slotsIn(root, podUid),
    forget(podUid) {
      rmSync(join(root, podUid), { recursive: true, force: true });
    },
  };
}

function slotsIn(root: string, podUid: string): readonly Slot[] {
  return namesIn(join(root, podUid)).flatMap((container) =>
    namesIn(join(root, podUid, container))
      .filter((name) => /^\d+\.claim$/.test(name))
      .map((name) => ({ podUid, container, attempt: Number.parseInt(name, 10) })),
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrnoException(error) && error.code === "ENOENT") return [];
    throw error;
  }
}

interface Sight {
  readonly wrapper: Identity;
  readonly nowMs: EpochMs;
}

function factOf(slot: Slot, base: string, { wrapper, nowMs }: Sight): ProcessFact {
  const startedAtMs = wrapper.recordedAtMs;
  if (liveProcess(wrapper) !== undefined) return { kind: "running", startedAtMs };
  // Read after the wrapper was seen dead: whatever it had to write is written by now.
  const exitText = readFileIfPresent(`${base}.exit`);
  const isWritten = exitText !== undefined && /^\d+\n$/.test(exitText);
  const ended: Ended = {
    startedAtMs,
    finishedAtMs: isWritten ? Math.floor(statSync(`${base}.exit`).mtimeMs) : nowMs,
    exitCode: isWritten ? Number(exitText) : undefined,
  };
  const kind = leftBehind(slot, wrapper).length > 0 ? "lingering" : "exited";
  return { kind, ...ended };
}

async function start(base: string, slot: Slot, launch: Launch, onExit: () => void): Promise<void> {
  mkdirSync(dirname(base), { recursive: true, mode: 0o700 });
  mkdirSync(dirname(launch.logFile), { recursive: true, mode: 0o700 });
  const log = openSync(launch.logFile, "a", 0o600);
  try {
    const env = { ...launch.env, [markerName]: marker(slot) };
    const [command = "", ...args] = wrapped(base, launch.argv, env);
    await spawned(command, args, { cwd: launch.cwd, env, log }, onExit);
  } finally {
    closeSync(log);
  }
  await untilClaimed(`${base}.claim`);
}

interface SpawnPlace {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: number;
}

function spawned(
  command: string,
  args: string[],
  place: SpawnPlace,
  onExit: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: place.cwd,
      env: place.env,
      detached: true,
      stdio: ["ignore", place.log, place.log],
    });
    child.once("error", reject);
    child.once("spawn", resolve);
    child.once("exit", onExit);
    child.unref();
  });
}

const claimPatienceMs = 10_000;
const claimPollMs = 2;

/** The wrapper claims within a millisecond; waiting for it lets `observe` read one truth only: the files. */
async function untilClaimed(path: string): Promise<void> {
  const giveUpAtMs = Date.now() + claimPatienceMs;
  for (;;) {
    const identity = readIdentity(path);
    if (typeof identity === "object") return;
    if (identity === "void" || Date.now() > giveUpAtMs) {
      throw new Error(
        `${path}: the process did not report itself; the next attempt starts another`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, claimPollMs));
  }
}
