import { describe, expect, it } from "vitest";
import { fieldSelectorOf, flag, labelSelectorOf, wholeNumber, word } from "./query.ts";

const query = (text: string): URLSearchParams => new URLSearchParams(text);

describe("query parameters", () => {
  it.each([
    ["watch=true", true],
    ["watch=1", true],
    ["watch", true],
    ["watch=false", false],
    ["watch=0", false],
    ["", false],
  ])("flag: %s", (text, expected) => expect(flag(query(text), "watch")).toBe(expected));

  it("refuses a flag that is neither", () => {
    expect(() => flag(query("watch=maybe"), "watch")).toThrow(
      /watch must be true or false, not "maybe"/,
    );
  });

  it.each([
    ["limit=5", 5],
    ["limit=0", 0],
    ["limit=", undefined],
    ["", undefined],
  ])("whole number: %s", (text, expected) =>
    expect(wholeNumber(query(text), "limit")).toBe(expected),
  );

  it.each(["limit=-1", "limit=1.5", "limit=ten", "limit=1e3", "limit=99999999999999999999"])(
    "refuses %s",
    (text) => {
      expect(() => wholeNumber(query(text), "limit")).toThrow(
        /limit must be a whole number from 0/,
      );
    },
  );

  it("takes an empty text for none", () =>
    expect(word(query("continue="), "continue")).toBeUndefined());

  it("reads field selectors", () => {
    const text =
      "fieldSelector=metadata.name%3Dshop%2Cstatus.phase%3D%3DRunning%2Cspec.x%3Da%5C%2Cb";
    expect(fieldSelectorOf(query(text))).toEqual({
      fieldSelector: { "metadata.name": "shop", "status.phase": "Running", "spec.x": "a,b" },
    });
  });

  it("reads what is to be left out", () => {
    const text = "fieldSelector=status.phase!%3DRunning%2Cstatus.phase!%3DSucceeded%2Cspec.x%3Da";
    expect(fieldSelectorOf(query(text))).toEqual({
      fieldSelector: { "spec.x": "a" },
      fieldExclusions: [
        { path: "status.phase", value: "Running" },
        { path: "status.phase", value: "Succeeded" },
      ],
    });
    expect(fieldSelectorOf(query("fieldSelector="))).toEqual({});
  });

  it.each([["metadata.name"], ["=a"]])("refuses the field selector %s", (selector) => {
    expect(() => fieldSelectorOf(new URLSearchParams({ fieldSelector: selector }))).toThrow(
      /invalid field selector/,
    );
  });

  it("refuses malformed label selectors", () => {
    expect(() => labelSelectorOf(new URLSearchParams({ labelSelector: "a b" }))).toThrow(
      /"a b" is malformed/,
    );
  });
});
