import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cutIfLarge, keepBounded } from "./bounded-file.ts";

let folder: string;
let file: string;
let descriptor: number;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "haldane-bounded-"));
  file = path.join(folder, "some.log");
  descriptor = openSync(file, "a", 0o600);
});
afterEach(() => {
  closeSync(descriptor);
  rmSync(folder, { recursive: true, force: true });
});

const write = (text: string): void => void writeSync(descriptor, text);

describe("a bounded file", () => {
  it("stays as it is while it is small", async () => {
    write("one\n");
    expect(await cutIfLarge(file, 100)).toBe(false);
    expect(readFileSync(file, "utf8")).toBe("one\n");
  });

  it("begins anew when it is large, keeps one before it, and takes what is written on", async () => {
    for (const name of ["first", "second"]) {
      write(`${name} `.repeat(20));
      expect(await cutIfLarge(file, 100)).toBe(true);
      expect(readFileSync(`${file}.1`, "utf8")).toBe(`${name} `.repeat(20));
      expect(statSync(`${file}.1`).mode & 0o777).toBe(0o600);
      write("on");
      expect(readFileSync(file, "utf8")).toBe("on");
      expect(await cutIfLarge(file, 1)).toBe(true);
    }
  });

  it("that is not there is none", async () => {
    expect(await cutIfLarge(path.join(folder, "none"), 1)).toBe(false);
  });

  it("is looked at again and again, until told to stop", async () => {
    const errors: unknown[] = [];
    const stop = keepBounded({
      file,
      limitBytes: 10,
      everyMs: 5,
      onError: (error) => errors.push(error),
    });
    write("much more than ten bytes");
    await expect.poll(() => statSync(file).size).toBe(0);
    write("much more than ten bytes again");
    await expect.poll(() => statSync(file).size).toBe(0);
    stop();
    expect(errors).toEqual([]);
    expect(readFileSync(`${file}.1`, "utf8")).toContain("again");
  });
});
