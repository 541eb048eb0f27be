import { describe, expect, it } from "vitest";
import { choosePaint, colourPaint } from "./paint.ts";

describe("colour", () => {
  it.each([
    ["a terminal", { isTerminal: true }, true],
    ["a pipe", { isTerminal: false }, false],
    ["NO_COLOR", { isTerminal: true, env: { NO_COLOR: "1" } }, false],
    ["an empty NO_COLOR", { isTerminal: true, env: { NO_COLOR: "" } }, true],
    ["--no-color", { isTerminal: true, noColorFlag: true }, false],
    ["TERM=dumb", { isTerminal: true, env: { TERM: "dumb" } }, false],
    ["FORCE_COLOR in a pipe", { isTerminal: false, env: { FORCE_COLOR: "1" } }, true],
    ["FORCE_COLOR=0 on a terminal", { isTerminal: true, env: { FORCE_COLOR: "0" } }, false],
    [
      "NO_COLOR beside FORCE_COLOR",
      { isTerminal: true, env: { FORCE_COLOR: "1", NO_COLOR: "1" } },
      false,
    ],
  ] as const)("%s", (_name, choice, isColoured) => {
    const paint = choosePaint({ env: {}, noColorFlag: false, ...choice });
    expect(paint("✔", "green")).toBe(isColoured ? "\u001b[32m✔\u001b[0m" : "✔");
  });

  it("leaves text without a tint as it is", () => expect(colourPaint("x", "none")).toBe("x"));
});
