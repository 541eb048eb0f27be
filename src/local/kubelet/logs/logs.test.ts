import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../runtime/clock.ts";
import { capLog } from "./cap-log.ts";
import { timesFile } from "./log-files.ts";
import { LogTimekeeper, readMarks } from "./log-times.ts";
import { readLog } from "./read-log.ts";
import type { LogOptions } from "./read-log.ts";

let folder: string;
let path: string;
let keeper: LogTimekeeper;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "haldane-logs-"));
  path = join(folder, "1.log");
  keeper = new LogTimekeeper(systemClock);
});
afterEach(() => {
  keeper.stop();
  rmSync(folder, { recursive: true, force: true });
});

const noon = Date.UTC(2026, 0, 1, 12);

/** Appends as a process would, so many seconds after noon. */
function write(text: string, second: number): void {
  appendFileSync(path, text);
  const at = new Date(noon + second * 1000);
  utimesSync(path, at, at);
}

function writeAndNote(text: string, second: number): void {
  write(text, second);
  keeper.note(path);
}

async function read(options: LogOptions = {}): Promise<string> {
  const reading = { path, clock: systemClock, note: () => keeper.note(path), isOver: () => true };
  let text = "";
  for await (const chunk of readLog(reading, options)) text += Buffer.from(chunk).toString();
  return text;
}

describe("a log with times", () => {
  it("dates each line by the look after its beginning", async () => {
    writeAndNote("one\ntwo\nthr", 1);
    writeAndNote("ee\nfour\n", 2);
    writeAndNote("no newline", 3.25);
    expect(await read({ timestamps: true })).toBe(
      [
        "2026-01-01T12:00:01.000Z one",
        "2026-01-01T12:00:01.000Z two",
        "2026-01-01T12:00:01.000Z three",
        "2026-01-01T12:00:02.000Z four",
        "2026-01-01T12:00:03.250Z no newline",
      ].join("\n"),
    );
    expect(await read()).toBe("one\ntwo\nthree\nfour\nno newline");
  });

  it.each([
    { sinceSecond: 0, lines: "one two three four " },
    { sinceSecond: 1.001, lines: "four " },
    { sinceSecond: 2, lines: "four " },
    { sinceSecond: 2.001, lines: "" },
  ])("since $sinceSecond s holds $lines", async ({ sinceSecond, lines }) => {
    writeAndNote("one\ntwo\nthr", 1);
    writeAndNote("ee\nfour\n", 2);
    const text = await read({ sinceMs: noon + sinceSecond * 1000 });
    expect(text.replaceAll("\n", " ")).toBe(lines);
  });

  it("cuts by the last lines and by time, whichever leaves less", async () => {
    writeAndNote("one\n", 1);
    writeAndNote("two\nthree\n", 2);
    expect(await read({ tailLines: 1, sinceMs: noon + 2_000, timestamps: true })).toBe(
      "2026-01-01T12:00:02.000Z three\n",
    );
    expect(await read({ tailLines: 3, sinceMs: noon + 2_000 })).toBe("two\nthree\n");
    expect(await read({ tailLines: 0 })).toBe("");
  });

  it("of a version that kept none has the file's time", async () => {
    write("old\nlines\n", 7);
    const asOf = { path, clock: systemClock, note: () => undefined, isOver: () => true };
    let text = "";
    for await (const chunk of readLog(asOf, { timestamps: true }))
      text += String(Buffer.from(chunk));
    expect(text).toBe("2026-01-01T12:00:07.000Z old\n2026-01-01T12:00:07.000Z lines\n");
    expect(await read({ sinceMs: noon + 8_000 })).toBe("");
    expect(await read({ sinceMs: noon + 6_000 })).toBe("old\nlines\n");
  });

  it("dates what was written while nobody looked by the file's last write", async () => {
    writeAndNote("one\n", 1);
    write("two\n", 5);
    keeper = new LogTimekeeper(systemClock);
    expect(await read({ timestamps: true })).toBe(
      "2026-01-01T12:00:01.000Z one\n2026-01-01T12:00:05.000Z two\n",
    );
  });

  it("passes over a mark that a full disk cut off", async () => {
    writeAndNote("one\n", 1);
    writeAndNote("two\n", 2);
    const times = readFileSync(timesFile(path), "utf8");
    writeFileSync(timesFile(path), times.slice(0, times.indexOf("\n") + 4));
    keeper = new LogTimekeeper(systemClock);
    expect(await read({ timestamps: true })).toMatch(/^2026-01-01T12:00:01.000Z one\n\S+ two\n$/);
  });

  it("keeps the times of what is kept when it is cut", async () => {
    for (let second = 0; second < 100; second += 1)
      writeAndNote(`line ${String(second).padStart(3, "0")} ${"x".repeat(90)}\n`, second);
    expect(capLog(path, 5_000)).toBe(true);
    keeper.forget(path);
    const lines = (await read({ timestamps: true })).trimEnd().split("\n");
    expect(lines[0]).toContain("[haldane: this log outgrew 5000 bytes");
    for (const line of lines.slice(1)) {
      const [, time = "", second = ""] = /^(\S+) line (\d+) /.exec(line) ?? [];
      expect(Date.parse(time)).toBe(noon + Number(second) * 1000);
    }
    expect(lines.length).toBeGreaterThan(5);
  });

  it("has no more marks than it can use", async () => {
    for (let second = 0; second < 20_005; second += 1) {
      appendFileSync(path, "x\n");
      keeper.note(path);
    }
    expect(readMarks(path).length).toBeLessThan(11_000);
    expect((await read({ timestamps: true })).split("\n")).toHaveLength(20_006);
  });
});

describe("a followed log", () => {
  it("is marked as it grows, without being asked", async () => {
    writeFileSync(path, "");
    keeper.follow(path);
    appendFileSync(path, "one\n");
    await expect.poll(() => readMarks(path).length).toBe(1);
    appendFileSync(path, "two\n");
    await expect.poll(() => readMarks(path).at(-1)?.size).toBe(8);
    expect(readMarks(path).map((mark) => mark.size)).toEqual([4, 8]);
  });

  it("is stamped line by line, wherever it grew in between", async () => {
    writeAndNote("one\ntw", 1);
    let isOver = false;
    const reading = {
      path,
      clock: systemClock,
      note: () => keeper.note(path),
      isOver: () => isOver,
    };
    let text = "";
    const following = (async () => {
      for await (const chunk of readLog(reading, { timestamps: true, follow: true }))
        text += Buffer.from(chunk).toString();
    })();
    await expect.poll(() => text).toContain("tw");
    writeAndNote("o\nthree\n", 2);
    await expect.poll(() => text).toContain("three");
    isOver = true;
    await following;
    expect(text).toBe(
      "2026-01-01T12:00:01.000Z one\n2026-01-01T12:00:01.000Z two\n2026-01-01T12:00:02.000Z three\n",
    );
  });
});
