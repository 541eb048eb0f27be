import { describe, expect, it } from "vitest";
import { deepEqual, semanticEqual } from "./deep-equal.ts";
import type { Json } from "./json.ts";

const table: readonly [string, Json | undefined, Json | undefined, boolean, boolean][] = [
  ["numbers", 1, 1, true, true],
  ["number and text", 1, "1", false, false],
  ["key order", { a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }, true, true],
  ["list order", [1, 2], [2, 1], false, false],
  ["list length", [1], [1, 2], false, false],
  ["list and object", [], {}, false, true],
  ["undefined entry", { a: undefined }, {}, true, true],
  ["same count, other key", { a: undefined, b: 1 }, { a: 1 }, false, false],
  ["null and absent", { a: null }, {}, false, true],
  ["empty list and absent", { a: [] }, {}, false, true],
  ["nested empties", { a: { b: {} } }, { a: { b: null } }, false, true],
  ["an object of empties is empty", { a: { b: null } }, {}, false, true],
  ["a list of nothing holds something", [null], [], false, false],
  ["false is a value", { a: false }, {}, false, false],
  ["zero is a value", { a: 0 }, {}, false, false],
  ["empty text is a value", { a: "" }, {}, false, false],
  ["inherited names", { constructor: 1 }, {}, false, false],
  ["null and undefined", null, undefined, false, true],
];

describe("equality of JSON", () => {
  it.each(table)("%s", (_name, left, right, deep, semantic) => {
    expect(deepEqual(left, right)).toBe(deep);
    expect(deepEqual(right, left)).toBe(deep);
    expect(semanticEqual(left, right)).toBe(semantic);
    expect(semanticEqual(right, left)).toBe(semantic);
  });
});
