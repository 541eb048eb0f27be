import { describe, expect, it } from "vitest";
import { commandTable } from "./command-table.ts";
import type { CliContext } from "./command.ts";
import { helpOf } from "./command-help.ts";
import { plainPaint } from "./render/paint.ts";
import { inOrder, runCli } from "./run.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";

async function run(
  ...argv: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let out = "";
  let err = "";
  const cli: CliContext = {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    stdin: (async function* () {})(),
    env: {},
    cwd: "/nowhere",
    clock: new VirtualClock(0),
    signal: new AbortController().signal,
    version: "1.2.3",
    selfCommand: [],
    connect: async () => Promise.reject(new TypeError("undefined is not a function")),
    paint: () => plainPaint,
  };
  const code = await runCli(argv, cli);
  return { code, out, err };
}

describe("inOrder", () => {
  it.each([
    ["list", "list"],
    ["-n web list", "list -n web"],
    ["--namespace=web --no-color get pods", "get --namespace=web --no-color pods"],
    ["--data d set image shop a=b", "set image --data d shop a=b"],
    ["list -n web", "list -n web"],
    ["help promote", "promote --help"],
    ["help", "help"],
    ["-n", "-n"],
    ["--help", "--help"],
  ])("%s → %s", (typed, meant) => expect(inOrder(typed.split(" ")).join(" ")).toBe(meant));
});

describe("help", () => {
  it("lists every command people may type", async () => {
    const { code, out } = await run("--help");
    expect(code).toBe(0);
    for (const { name, isHidden } of commandTable) {
      const listed = new RegExp(`^  ${name.split(" ")[0] ?? ""} `, "m").test(out);
      expect({ name, listed }).toEqual({ name, listed: isHidden !== true });
    }
  });

  it.each(commandTable.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name))(
    "%s: about, options, examples that begin with haldane",
    async (name) => {
      const { code, out } = await run(...name.split(" "), "--help");
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`^Usage: haldane ${name} `));
      expect(out).toContain("Common options:");
      expect(out).toContain("Examples:");
      const { about, examples } = helpOf(name);
      expect(about).toMatch(/\.$/);
      for (const [line] of examples) expect(line).toContain("haldane ");
    },
  );

  it("alone is help with exit code 1, as nothing was done", async () => {
    const { code, out } = await run();
    expect(code).toBe(1);
    expect(out).toContain("Usage: haldane");
  });
});

describe("what goes wrong", () => {
  it("in the program itself is said to be a mistake of ours", async () => {
    const { code, err } = await run("list");
    expect(code).toBe(1);
    expect(err).toBe(
      "Error: undefined is not a function\nThis is a mistake in Haldane. HALDANE_DEBUG=1 shows where; please report it.\n",
    );
  });

  it("prints the version both ways", async () => {
    expect((await run("version")).out).toBe("haldane: v1.2.3\n");
    expect((await run("--version")).out).toBe("1.2.3\n");
  });
});
