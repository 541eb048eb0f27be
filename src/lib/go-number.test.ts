import { describe, expect, it } from "vitest";
import { parseGoFloat, parseGoInt } from "./go-number.ts";

const syntax = "invalid syntax";
const range = "value out of range";

describe("integers as Go reads them", () => {
  it.each([
    ["5", 5n],
    ["+5", 5n],
    ["-007", -7n],
    ["9223372036854775807", 2n ** 63n - 1n],
    ["-9223372036854775808", -(2n ** 63n)],
  ])("%s", (text, value) => {
    expect(parseGoInt(text)).toEqual({ ok: true, value });
  });

  it.each([
    ["", syntax],
    [" 5", syntax],
    ["5.0", syntax],
    ["0x5", syntax],
    ["1_000", syntax],
    ["9223372036854775808", range],
  ])("%j fails", (text, problem) => {
    expect(parseGoInt(text)).toEqual({ ok: false, problem });
  });
});

describe("floats as Go reads them", () => {
  it.each([
    ["1.5", 1.5],
    [".5", 0.5],
    ["5.", 5],
    ["-1e-3", -0.001],
    ["0x1p-2", 0.25],
    ["-0x1.8p1", -3],
    ["inf", Infinity],
    ["-Infinity", -Infinity],
    ["NaN", NaN],
  ])("%s", (text, value) => {
    expect(parseGoFloat(text)).toEqual({ ok: true, value });
  });

  it.each([
    ["", syntax],
    [".", syntax],
    ["1e", syntax],
    ["x", syntax],
    ["1 ", syntax],
    ["0x1", syntax],
    ["1e400", range],
  ])("%j fails", (text, problem) => {
    expect(parseGoFloat(text)).toEqual({ ok: false, problem });
  });
});
