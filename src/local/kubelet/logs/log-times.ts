// When the lines of a log were written. A process writes its log itself, so we look on: whenever the
// file has grown, `<attempt>.times` gets a line `<size> <time>`, saying that the log had that many
// bytes by then. The time is the file's own (of its last write), so it is right also for what was
// written while no kubelet ran; a line is dated by the first mark behind its beginning. Within a
// burst lines are told apart to a tenth of a second, and less finely in a log with very many marks.
import { appendFileSync, existsSync, statSync, watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import type { EpochMs } from "../../../lib/time.ts";
import type { CancelTimer, Clock } from "../../../runtime/clock.ts";
import {
  isErrnoException,
  readFileIfPresent,
  writeFileAtomically,
} from "../process/record-file.ts";
import { timesFile } from "./log-files.ts";

/** The log had `size` bytes at `atMs`. */
export interface TimeMark {
  readonly size: number;
  readonly atMs: EpochMs;
}

const markLine = /^(\d+) (\S+)$/;
const mostMarks = 20_000;
const burstMs = 100;

/** The marks of a log in order; none for a log of a version that kept no times. */
export function readMarks(logPath: string): readonly TimeMark[] {
  return (readFileIfPresent(timesFile(logPath)) ?? "").split("\n").flatMap((line) => {
    const [, size, time] = markLine.exec(line) ?? [];
    const atMs = Date.parse(time ?? "");
    // A line cut off by a full disk says nothing.
    return size === undefined || Number.isNaN(atMs) ? [] : [{ size: Number(size), atMs }];
  });
}

function markText({ size, atMs }: TimeMark): string {
  return `${size} ${new Date(atMs).toISOString()}\n`;
}

export function writeMarks(logPath: string, marks: readonly TimeMark[]): void {
  writeFileAtomically(timesFile(logPath), marks.map((mark) => markText(mark)).join(""));
}

function presentMark(logPath: string): TimeMark | undefined {
  try {
    const { size, mtimeMs } = statSync(logPath);
    return { size, atMs: Math.floor(mtimeMs) };
  } catch (error) {
    if (isErrnoException(error) && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** The index of the first mark for which `holds`, which must then hold for all later ones. */
function firstIndex(marks: readonly TimeMark[], holds: (mark: TimeMark) => boolean): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const mark = marks[middle];
    if (mark !== undefined && holds(mark)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The times of one log, for a reader. What has no mark was written by the file's last write at the latest. */
export class LogTimeline {
  readonly #path: string;
  #marks: readonly TimeMark[] = [];

  constructor(logPath: string) {
    this.#path = logPath;
  }

  timeAt(position: number): EpochMs {
    const known = this.#marks.at(-1);
    if (known === undefined || known.size <= position) this.#load();
    const mark = this.#marks[firstIndex(this.#marks, ({ size }) => size > position)];
    return mark?.atMs ?? presentMark(this.#path)?.atMs ?? 0;
  }

  firstByteSince(sinceMs: EpochMs): number {
    this.#load();
    const index = firstIndex(this.#marks, ({ atMs }) => atMs >= sinceMs);
    return index === 0 ? 0 : (this.#marks[index - 1]?.size ?? 0);
  }

  #load(): void {
    const present = presentMark(this.#path);
    this.#marks = present === undefined ? [] : [...readMarks(this.#path), present];
  }
}

interface Watched {
  watcher: FSWatcher | undefined;
  cancelTimer: CancelTimer;
}

/** Keeps the `.times` of logs. */
export class LogTimekeeper {
  readonly #clock: Clock;
  readonly #noted = new Map<string, { size: number; count: number }>();
  readonly #watched = new Map<string, Watched>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Marks the log's present size if it has grown since the last mark. */
  note(path: string): void {
    const mark = presentMark(path);
    if (mark === undefined) return;
    const noted = this.#noted.get(path) ?? this.#notedBefore(path);
    if (mark.size === noted.size) return;
    appendFileSync(timesFile(path), markText(mark), { mode: 0o600 });
    const count = noted.count + 1;
    this.#noted.set(path, { size: mark.size, count });
    if (count > mostMarks) this.#thinOut(path);
  }

  /** As note; on a full disk the times stay as they are, which `retain` tells its caller. */
  tryNote(path: string): void {
    try {
      this.note(path);
    } catch (error) {
      if (!isErrnoException(error)) throw error;
    }
  }

  /** Looks at the log whenever it is written to, ten times a second at most. */
  follow(path: string): void {
    if (this.#watched.has(path) || !existsSync(path)) return;
    this.#watched.set(path, { watcher: undefined, cancelTimer: () => undefined });
    this.#arm(path);
  }

  /** Ends the watches of all other logs, forgets those that are gone, and notes all of these. */
  retain(paths: readonly string[], running: ReadonlySet<string>): void {
    const known = new Set(paths);
    for (const path of this.#watched.keys()) if (!running.has(path)) this.#release(path);
    for (const path of this.#noted.keys()) if (!known.has(path)) this.#noted.delete(path);
    for (const path of paths) this.note(path);
  }

  /** The log was rewritten; what was known of it no longer holds. */
  forget(path: string): void {
    this.#noted.delete(path);
  }

  stop(): void {
    for (const path of [...this.#watched.keys()]) this.#release(path);
  }

  #release(path: string): void {
    const watched = this.#watched.get(path);
    this.#watched.delete(path);
    watched?.watcher?.close();
    watched?.cancelTimer();
  }

  /** A burst of writes is one look: the watch is taken up again a moment later. */
  #arm(path: string): void {
    const watched = this.#watched.get(path);
    if (watched === undefined) return;
    const onChange = (): void => {
      watched.watcher?.close();
      watched.watcher = undefined;
      this.tryNote(path);
      watched.cancelTimer();
      watched.cancelTimer = this.#clock.after(burstMs, () => this.#arm(path));
    };
    try {
      watched.watcher = watch(path, { persistent: false }, onChange);
      // Where the system has no more watches to give, `retain` looks every few seconds.
      watched.watcher.on("error", () => this.#release(path));
    } catch (error) {
      if (!isErrnoException(error)) throw error;
      this.#release(path);
      return;
    }
    // What was written before the watch was there.
    const before = this.#noted.get(path)?.size;
    this.tryNote(path);
    if (this.#noted.get(path)?.size !== before) onChange();
  }

  #notedBefore(path: string): { size: number; count: number } {
    const marks = readMarks(path);
    const noted = { size: marks.at(-1)?.size ?? 0, count: marks.length };
    this.#noted.set(path, noted);
    return noted;
  }

  #thinOut(path: string): void {
    const kept = readMarks(path).filter(
      (_mark, index, all) => index % 2 === 1 || index === all.length - 1,
    );
    writeMarks(path, kept);
    const noted = this.#noted.get(path);
    if (noted !== undefined) noted.count = kept.length;
  }
}
