import { describe, expect, it } from "vitest";
import { formatFloat, formatFloatV, quoteGo } from "./go-format.ts";

describe("Go's floats", () => {
  it.each([
    [0, "0", "0"],
    [-0, "-0", "-0"],
    [0.9, "0.9", "0.9"],
    [0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"],
    [123456.7, "123456.7", "123456.7"],
    [1_000_000, "1000000", "1e+06"],
    [1_234_567.5, "1234567.5", "1.2345675e+06"],
    [1e21, "1000000000000000000000", "1e+21"],
    [0.0001, "0.0001", "0.0001"],
    [0.00001, "0.00001", "1e-05"],
    [-2.5e-7, "-0.00000025", "-2.5e-07"],
    [1e100, `1${"0".repeat(100)}`, "1e+100"],
    [NaN, "NaN", "NaN"],
    [Infinity, "+Inf", "+Inf"],
    [-Infinity, "-Inf", "-Inf"],
  ])("%d", (value, plain, printed) => {
    expect(formatFloat(value)).toBe(plain);
    expect(formatFloatV(value)).toBe(printed);
  });
});

describe("strconv.Quote", () => {
  it.each([
    ["abc", '"abc"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ["\n\t\r\b\f\v\u0007", '"\\n\\t\\r\\b\\f\\v\\a"'],
    ["\u0000\u007f", '"\\x00\\x7f"'],
    ["é日😀", '"é日😀"'],
    ["\u00a0\u2028", '"\\u00a0\\u2028"'],
    ["\u{10ffff}", '"\\U0010ffff"'],
    ["\ud800", '"\ufffd"'],
    ["<a href='x'>&", "\"<a href='x'>&\""],
  ])("%j", (text, quoted) => {
    expect(quoteGo(text)).toBe(quoted);
  });
});
