import { describe, expect, it } from "vitest";
import { displayWidth, formatTable, shortened } from "./table.ts";

describe("displayWidth", () => {
  it.each([
    ["", 0],
    ["shop", 4],
    ["✔ Healthy", 9],
    ["\u001b[32m✔\u001b[0m Healthy", 9],
    ["├──⧉ a", 6],
  ])("%j takes %i columns", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe("shortened", () => {
  it.each([
    ["fits", 4, "fits"],
    ["checkout-service-7c8894d945-5l72q", 20, "checkout-servi…5l72q"],
    ["\u001b[32mshop-7c8894d945\u001b[0m", 10, "\u001b[32mshop…4d945\u001b[0m"],
    ["abcdefgh", 3, "…gh"],
  ])("%j to %i columns", (text, width, expected) => {
    expect(shortened(text, width)).toBe(expected);
    expect(displayWidth(expected)).toBeLessThanOrEqual(width);
  });
});

describe("formatTable", () => {
  it("pads every column but the last to its widest cell and two blanks", () => {
    expect(
      formatTable([
        ["NAME", "AGE", "INFO"],
        ["a-long-name", "3s", "x"],
        ["b", "10m", ""],
      ]),
    ).toEqual(["NAME         AGE  INFO", "a-long-name  3s   x", "b            10m  "]);
  });

  it("does not count colours", () => {
    expect(
      formatTable([
        ["A", "B"],
        ["\u001b[32mgreen\u001b[0m", "b"],
      ]),
    ).toEqual(["A      B", "\u001b[32mgreen\u001b[0m  b"]);
  });

  it("has no lines without rows", () => expect(formatTable([])).toEqual([]));
});
