import { expect, it } from "vitest";
import { entriesOf, isJsonArray, isJsonObject, ownProperty } from "./json.ts";

it("tells objects, lists and the rest apart", () => {
  expect([{}, [], null, "x", 1].map(isJsonObject)).toEqual([true, false, false, false, false]);
  expect([{}, [], null].map(isJsonArray)).toEqual([false, true, false]);
});

it("sees own and present entries only", () => {
  expect(ownProperty({ a: 1 }, "a")).toBe(1);
  expect(ownProperty({}, "constructor")).toBeUndefined();
  expect(entriesOf({ a: 1, b: undefined, c: null })).toEqual([
    ["a", 1],
    ["c", null],
  ]);
});
