// Logs of containers: one file per container and attempt, written by the process itself. Reading is
// by tail and follow; a file that grows too large keeps its newest part.
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { EpochMs } from "../../lib/time.ts";
import { sleep } from "../../runtime/clock.ts";
import type { Clock } from "../../runtime/clock.ts";
import { isErrnoException } from "./process/record-file.ts";

export interface LogOwner {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
}

export interface LogOptions {
  readonly tailLines?: number;
  /** Begin no earlier in the file. */
  readonly startByte?: number;
  readonly limitBytes?: number;
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

export function logFolder(root: string, { namespace, pod, uid }: LogOwner): string {
  return join(root, `${namespace}_${pod}_${uid}`);
}

export function logFile(root: string, owner: LogOwner, container: string, attempt: number): string {
  return join(logFolder(root, owner), container, `${attempt}.log`);
}

const chunkBytes = 64 * 1024;
const followPollMs = 200;
const longestMarks = 2_000;
const newline = 0x0a;

/**
 * The file's content, its last `tailLines` lines only if asked, in chunks; with `follow` also what is
 * appended, until `isOver` says that nothing more will come. A missing file is an empty log.
 */
export async function* readLogFile(
  path: string,
  options: LogOptions,
  clock: Clock,
  isOver: () => boolean,
): AsyncGenerator<Uint8Array> {
  const { signal, follow = false } = options;
  let position = firstByte(path, options);
  let leftBytes = options.limitBytes ?? Infinity;
  while (leftBytes > 0 && signal?.aborted !== true) {
    // Asked before reading, so that what was written before the end is not missed.
    const wasOver = isOver();
    const size = sizeOf(path);
    // A file that was cut short by the size limit is read from its new beginning.
    if (size < position) position = 0;
    for await (const chunk of readRange(path, position, Math.min(size, position + leftBytes))) {
      position += chunk.length;
      leftBytes -= chunk.length;
      yield chunk;
    }
    if (!follow || wasOver) return;
    if (!(await pausedUnlessAborted(clock, signal))) return;
  }
}

function firstByte(path: string, { tailLines, startByte = 0 }: LogOptions): number {
  return tailLines === undefined ? startByte : Math.max(startByte, tailStart(path, tailLines));
}

async function pausedUnlessAborted(
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await sleep(clock, followPollMs, signal);
    return true;
  } catch (error) {
    if (signal?.aborted === true) return false;
    throw error;
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (isErrnoException(error) && error.code === "ENOENT") return 0;
    throw error;
  }
}

async function* readRange(path: string, from: number, to: number): AsyncGenerator<Uint8Array> {
  if (to <= from) return;
  const file = await open(path, "r");
  try {
    let position = from;
    while (position < to) {
      const buffer = new Uint8Array(Math.min(chunkBytes, to - position));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Where the last `lines` lines begin; read backwards, so that a large file costs nothing. */
export function tailStart(path: string, lines: number): number {
  const size = sizeOf(path);
  if (lines <= 0 || size === 0) return size;
  const file = openSync(path, "r");
  try {
    let left = lines;
    // The newline that ends the last line begins no line.
    for (let end = size - 1; end > 0; end -= chunkBytes) {
      const start = Math.max(0, end - chunkBytes);
      const buffer = Buffer.alloc(end - start);
      readSync(file, buffer, 0, buffer.length, start);
      const newlines = newlinesIn(buffer);
      const begin = newlines.at(-left);
      if (begin !== undefined) return start + begin + 1;
      left -= newlines.length;
    }
    return 0;
  } finally {
    closeSync(file);
  }
}

function newlinesIn(buffer: Buffer): readonly number[] {
  const found: number[] = [];
  for (let at = buffer.indexOf(newline); at >= 0; at = buffer.indexOf(newline, at + 1))
    found.push(at);
  return found;
}

const keptShare = 0.25;

/**
 * Cuts a log that outgrew `limitBytes` down to its newest quarter. The process writes on to the open
 * file (it appends), so the file is shortened in place; what is written during the cut can be lost.
 */
export function capLogFile(path: string, limitBytes: number): boolean {
  if (sizeOf(path) <= limitBytes) return false;
  const file = openSync(path, "r+");
  try {
    const { size } = fstatSync(file);
    const kept = Buffer.alloc(Math.floor(limitBytes * keptShare));
    const length = readSync(file, kept, 0, kept.length, size - kept.length);
    const firstLine = kept.indexOf(newline) + 1;
    const note = Buffer.from(
      `[haldane: this log outgrew ${limitBytes} bytes; its older part was removed]\n`,
    );
    ftruncateSync(file, 0);
    writeSync(file, Buffer.concat([note, kept.subarray(firstLine, length)]), 0, undefined, 0);
    return true;
  } finally {
    closeSync(file);
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

/**
 * How large the logs were when. Lines carry no time of their own, so "the last 30 seconds" means: what
 * was written after the last look that is at least 30 seconds old.
 */
export class LogMarks {
  readonly #marks = new Map<string, readonly { readonly atMs: EpochMs; readonly size: number }[]>();

  /** Notes the present sizes; files that are gone are forgotten. */
  note(paths: readonly string[], nowMs: EpochMs): void {
    for (const known of this.#marks.keys()) if (!paths.includes(known)) this.#marks.delete(known);
    for (const path of paths) {
      const before = this.#marks.get(path) ?? [];
      const size = sizeOf(path);
      if (before.at(-1)?.size === size) continue;
      this.#marks.set(path, [...before.slice(-longestMarks), { atMs: nowMs, size }]);
    }
  }

  /** Where to begin reading so that nothing written after `sinceMs` is missed. */
  startFor(path: string, sinceMs: EpochMs): number {
    return this.#marks.get(path)?.findLast((mark) => mark.atMs <= sinceMs)?.size ?? 0;
  }
}

/** The log files below `root`. */
export function listLogFiles(root: string): readonly string[] {
  return namesIn(root).flatMap((pod) =>
    namesIn(join(root, pod)).flatMap((container) =>
      namesIn(join(root, pod, container)).map((file) => join(root, pod, container, file)),
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
