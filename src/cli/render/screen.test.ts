import { describe, expect, it } from "vitest";
import { clipped, openScreen } from "./screen.ts";

const escape = "\u001b";

function recorded(
  size?: { columns: number; rows: number },
  env = {},
): {
  text: () => string;
  terminal: Parameters<typeof openScreen>[0];
} {
  let text = "";
  return {
    text: () => text,
    terminal: {
      stdout: { write: (more) => (text += more), ...(size ? { isTTY: true, ...size } : {}) },
      env,
    },
  };
}

describe("clipped", () => {
  it.each([
    ["short", 10, "short"],
    ["exactly", 7, "exactly"],
    ["much too long", 4, "much"],
    ["\u001b[31mred\u001b[0m and more", 5, "\u001b[31mred\u001b[0m a"],
    ["ab\u001b[31mcd\u001b[0m", 1, "a\u001b[31m\u001b[0m"],
  ])("%j to %i columns", (line, columns, expected) =>
    expect(clipped(line, columns)).toBe(expected),
  );
});

describe("a screen", () => {
  it("redraws in place on a terminal, and clears what was longer before", () => {
    const { text, terminal } = recorded({ columns: 20, rows: 10 });
    const screen = openScreen(terminal);
    screen.show(["one", "two"]);
    screen.show(["three"]);
    expect(text()).toBe(
      "\u001b[2J\u001b[Hone\u001b[K\ntwo\u001b[K\n\u001b[0J\u001b[Hthree\u001b[K\n\u001b[0J",
    );
  });

  it("never draws more than the window holds, so that nothing scrolls", () => {
    const { text, terminal } = recorded({ columns: 12, rows: 5 });
    openScreen(terminal).show(["1", "2", "3", "a line that is far too long", "5", "6"]);
    const lines = text()
      .replaceAll(new RegExp(`${escape}\\[[0-9]*[A-Z]`, "g"), "")
      .trimEnd()
      .split("\n");
    expect(lines).toEqual(["1", "2", "3", "… 3 more lin"]);
  });

  it.each([
    ["in a pipe", recorded()],
    ["where TERM=dumb", recorded({ columns: 20, rows: 10 }, { TERM: "dumb" })],
  ])("%s prints whole pictures, each only when it says something new", (_, { text, terminal }) => {
    const screen = openScreen(terminal);
    screen.show(["a 1s"], "a");
    screen.show(["a 2s"], "a");
    screen.show(["b 3s"], "b");
    expect(text()).toBe("a 1s\n\nb 3s\n");
  });
});
