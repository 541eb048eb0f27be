import { describe, expect, it } from "vitest";
import { fnv1a32, fnv1a32Text } from "./fnv.ts";

describe("FNV-1a, 32 bits", () => {
  // Vectors of the algorithm's authors.
  it.each([
    ["", 0x811c9dc5],
    ["a", 0xe40c292c],
    ["b", 0xe70c2de5],
    ["foobar", 0xbf9cf968],
  ])("%j", (text, hash) => {
    expect(fnv1a32Text(text)).toBe(hash);
  });

  it("runs over bytes", () => {
    expect(fnv1a32([0x66, 0x6f, 0x6f])).toBe(fnv1a32Text("foo"));
  });
});
