// A log that outgrows its limit keeps its newest part, and the times of that part.
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { sizeOf } from "./log-files.ts";
import { readMarks, writeMarks } from "./log-times.ts";

const newline = 0x0a;
const keptShare = 0.25;

/**
 * Cuts a log that outgrew `limitBytes` down to its newest quarter. The process writes on to the open
 * file (it appends), so the file is shortened in place; what is written during the cut can be lost.
 */
export function capLog(path: string, limitBytes: number): boolean {
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
    const removed = size - kept.length + firstLine - note.length;
    ftruncateSync(file, 0);
    writeSync(file, Buffer.concat([note, kept.subarray(firstLine, length)]), 0, undefined, 0);
    const marks = readMarks(path).map((mark) => ({ ...mark, size: mark.size - removed }));
    writeMarks(
      path,
      marks.filter((mark) => mark.size > 0),
    );
    return true;
  } finally {
    closeSync(file);
  }
}
