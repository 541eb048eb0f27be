import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "./json.ts";
import { applyMergePatch, diffMergePatch } from "./merge-patch.ts";

describe("applying a merge patch", () => {
  // The test cases of RFC 7386, appendix A.
  const cases: readonly [Json, Json, Json][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  it.each(cases)("%j + %j = %j", (target, patch, result) => {
    expect(applyMergePatch(target, patch)).toEqual(result);
  });

  it("stores a key named __proto__ as a key", () => {
    const merged = applyMergePatch({}, JSON.parse('{"__proto__": {"x": 1}}') as Json);
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"x":1}}');
  });
});

describe("the difference as a merge patch", () => {
  const cases: readonly [JsonObject, JsonObject, JsonObject][] = [
    [{ a: 1 }, { a: 1 }, {}],
    [{ a: 1, b: 2 }, { a: 1 }, { b: null }],
    [{ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 3 } }],
    [{ a: { b: 1 } }, { a: {} }, { a: { b: null } }],
    [{ a: [1, 2] }, { a: [1, 3] }, { a: [1, 3] }],
    [{ a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
    [{}, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
    [{ a: null }, {}, { a: null }],
    [{ a: null }, { a: null }, {}],
  ];
  it.each(cases)("%j → %j: %j", (before, after, patch) => {
    expect(diffMergePatch(before, after)).toEqual(patch);
  });

  const scalar = fc.oneof(fc.integer(), fc.string(), fc.boolean());
  const { object } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie("value"), { maxLength: 3 }),
      tie("object"),
    ),
    object: fc.dictionary(fc.constantFrom("a", "b", "c", "d"), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  }));
  it("applied to before gives after", () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        expect(applyMergePatch(before, diffMergePatch(before, after))).toEqual(after);
      }),
    );
  });
});
