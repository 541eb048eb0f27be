import { describe, expect, it } from "vitest";
import { compareByCodePoint, goJson, goJsonNumber, goJsonString } from "./go-json.ts";

describe("Go's JSON", () => {
  it.each([
    ["plain", '"plain"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ["\b\f\n\r\t", '"\\b\\f\\n\\r\\t"'],
    ["\u0000\u001f\u007f", '"\\u0000\\u001f\u007f"'],
    ["<a>&", '"\\u003ca\\u003e\\u0026"'],
    ["\u2028\u2029", '"\\u2028\\u2029"'],
    ["é😀", '"é😀"'],
    ["\ud800x", '"\ufffdx"'],
  ])("text %j", (text, json) => {
    expect(goJsonString(text)).toBe(json);
  });

  it.each([
    [0, "0"],
    [-0, "-0"],
    [1.5, "1.5"],
    [1e21, "1e+21"],
    [1e20, "100000000000000000000"],
    [1e-7, "1e-7"],
    [0.000001, "0.000001"],
  ])("number %d", (value, json) => {
    expect(goJsonNumber(value)).toBe(json);
  });

  it("sorts keys by code point, where JavaScript sorts by UTF-16 unit", () => {
    const keys = ["\u{1f600}", "\uffee", "b", "a", "", "aa", "B"];
    expect(keys.toSorted(compareByCodePoint)).toEqual([
      "",
      "B",
      "a",
      "aa",
      "b",
      "\uffee",
      "\u{1f600}",
    ]);
    expect(keys.toSorted().at(-1)).toBe("\uffee");
  });
});

describe("goJson", () => {
  it("writes decoded JSON as Go does: keys in order, HTML escaped", () => {
    const value = { b: [1, 1e21, -0, null, true], a: { "<x>": "a&b" }, "": undefined };
    expect(goJson(value)).toBe('{"a":{"\\u003cx\\u003e":"a\\u0026b"},"b":[1,1e+21,-0,null,true]}');
  });
});
