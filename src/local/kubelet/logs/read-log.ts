// Reading a log: its last lines, its lines since a moment, with their times, as it grows.
import { closeSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import type { EpochMs } from "../../../lib/time.ts";
import { sleep } from "../../../runtime/clock.ts";
import type { Clock } from "../../../runtime/clock.ts";
import { sizeOf } from "./log-files.ts";
import { LogTimeline } from "./log-times.ts";

export interface LogOptions {
  /** The last lines only. */
  readonly tailLines?: number;
  /** Only lines written at this moment or later. */
  readonly sinceMs?: EpochMs;
  /** Each line begins with its time, as RFC 3339 with milliseconds, and a space. */
  readonly timestamps?: boolean;
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

export interface LogReading {
  readonly path: string;
  readonly clock: Clock;
  /** Brings the times of the log up to date. */
  readonly note: () => void;
  /** Whether nothing more will be written. */
  readonly isOver: () => boolean;
}

interface Piece {
  readonly position: number;
  readonly bytes: Uint8Array;
}

const chunkBytes = 64 * 1024;
const followPollMs = 200;
const newline = 0x0a;

/** The log in chunks; with `follow` also what is appended, until it is over. A missing file is an empty log. */
export async function* readLog(
  reading: LogReading,
  options: LogOptions,
): AsyncGenerator<Uint8Array> {
  reading.note();
  const stamp = options.timestamps === true ? stamper(reading.path) : undefined;
  for await (const piece of pieces(reading, options)) {
    if (stamp === undefined) yield piece.bytes;
    else yield* stamp(piece);
  }
}

async function* pieces(reading: LogReading, options: LogOptions): AsyncGenerator<Piece> {
  const { path, clock, isOver, note } = reading;
  const { signal, follow = false } = options;
  let position = firstByte(path, options);
  while (signal?.aborted !== true) {
    // Asked before reading, so that what was written before the end is not missed.
    const wasOver = isOver();
    const size = sizeOf(path);
    // A file that was cut short by the size limit is read from its new beginning.
    if (size < position) position = 0;
    if (size > position) note();
    for await (const bytes of readRange(path, position, size)) {
      yield { position, bytes };
      position += bytes.length;
    }
    if (!follow || wasOver) return;
    if (!(await pausedUnlessAborted(clock, signal))) return;
  }
}

function firstByte(path: string, { tailLines, sinceMs }: LogOptions): number {
  const since =
    sinceMs === undefined ? 0 : lineStart(path, new LogTimeline(path).firstByteSince(sinceMs));
  return tailLines === undefined ? since : Math.max(since, tailStart(path, tailLines));
}

/** Puts its time before each line, wherever the pieces are cut. */
function stamper(path: string): (piece: Piece) => Iterable<Uint8Array> {
  const timeline = new LogTimeline(path);
  let isLineStart = true;
  return function* ({ position, bytes }) {
    let from = 0;
    while (from < bytes.length) {
      if (isLineStart)
        yield Buffer.from(`${new Date(timeline.timeAt(position + from)).toISOString()} `);
      const end = bytes.indexOf(newline, from);
      isLineStart = end >= 0;
      const to = isLineStart ? end + 1 : bytes.length;
      yield bytes.subarray(from, to);
      from = to;
    }
  };
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

/** The first line that begins at this byte or after it. */
function lineStart(path: string, position: number): number {
  const size = sizeOf(path);
  if (position <= 0 || position >= size) return Math.min(Math.max(position, 0), size);
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(chunkBytes);
    for (let start = position - 1; start < size; start += chunkBytes) {
      const length = readSync(file, buffer, 0, chunkBytes, start);
      const end = buffer.subarray(0, length).indexOf(newline);
      if (end >= 0) return start + end + 1;
    }
    return size;
  } finally {
    closeSync(file);
  }
}

/** Where the last `lines` lines begin; read backwards, so that a large file costs nothing. */
function tailStart(path: string, lines: number): number {
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
