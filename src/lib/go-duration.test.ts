import { describe, expect, it } from "vitest";
import { formatGoDuration, parseGoDuration } from "./go-duration.ts";

describe("Go durations", () => {
  it.each([
    ["0", 0, "0s"],
    ["30s", 30_000, "30s"],
    ["1.5h", 5_400_000, "1h30m0s"],
    ["1h30m", 5_400_000, "1h30m0s"],
    ["-90s", -90_000, "-1m30s"],
    ["+5m", 300_000, "5m0s"],
    ["100ms", 100, "100ms"],
    ["1.5s", 1500, "1.5s"],
    [".5s", 500, "500ms"],
    ["5.s", 5000, "5s"],
    ["250us", 0.25, "250µs"],
    ["250µs", 0.25, "250µs"],
    ["7ns", 0.000007, "7ns"],
    ["1h0.001s", 3_600_001, "1h0m0.001s"],
  ])("%s", (text, ms, printed) => {
    const parsed = parseGoDuration(text);
    expect(parsed).toMatchObject({ ok: true, ms });
    expect(formatGoDuration(ms)).toBe(printed);
  });

  it.each([
    ["x", 'time: invalid duration "x"'],
    ["", 'time: invalid duration ""'],
    ["-", 'time: invalid duration "-"'],
    [".s", 'time: invalid duration ".s"'],
    ["10", 'time: missing unit in duration "10"'],
    ["1h5", 'time: missing unit in duration "1h5"'],
    ["1d", 'time: unknown unit "d" in duration "1d"'],
    ["5 s", 'time: unknown unit " s" in duration "5 s"'],
    ['1"', 'time: unknown unit "\\"" in duration "1\\""'],
    ["1é", 'time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"'],
    ["9999999999h", 'time: invalid duration "9999999999h"'],
  ])("refuses %j", (text, message) => {
    expect(parseGoDuration(text)).toEqual({ ok: false, message });
  });
});
