// The examples do what their pages say: each is linted, and each of its simulations is played and
// compared, letter by letter, with the .expect.txt beside it (`npx vitest run examples -u` writes them).
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { CliContext } from "../src/cli/command.ts";
import { plainPaint } from "../src/cli/render/paint.ts";
import { runCli } from "../src/cli/run.ts";
import { systemClock } from "../src/runtime/clock.ts";

const root = import.meta.dirname;
const examples = readdirSync(root).filter((name) =>
  existsSync(path.join(root, name, "rollout.yaml")),
);

async function* noInput(): AsyncIterable<Uint8Array> {
  // Nobody types anything.
}

/** What a person at the root of the repository would see, and the exit code. */
async function haldane(...argv: readonly string[]): Promise<string> {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  const cli: CliContext = {
    stdout: stream,
    stderr: stream,
    stdin: noInput(),
    env: {},
    cwd: path.dirname(root),
    clock: systemClock,
    signal: new AbortController().signal,
    version: "0.0.0",
    selfCommand: [],
    connect: () => Promise.reject(new Error("no server is needed")),
    paint: () => plainPaint,
  };
  const exitCode = await runCli(argv, cli);
  return `$ haldane ${argv.join(" ")}\n${written.join("")}exit ${exitCode}\n`;
}

function simulationsOf(name: string): readonly string[] {
  return readdirSync(path.join(root, name, "simulations")).filter((file) => file.endsWith(".yaml"));
}

describe.each(examples)("examples/%s", (name) => {
  it("has no mistakes in it", async () => {
    expect(await haldane("lint", `examples/${name}`)).toMatch(/exit 0\n$/);
  });

  it.each(simulationsOf(name))("simulations/%s ends as expected", async (file) => {
    const said = await haldane(
      "simulate",
      `examples/${name}`,
      `examples/${name}/simulations/${file}`,
    );
    await expect(said).toMatchFileSnapshot(
      path.join(root, name, "simulations", file.replace(".yaml", ".expect.txt")),
    );
  });

  it("has a page that names its simulations, and the index names it", () => {
    const page = readFileSync(path.join(root, name, "README.md"), "utf8");
    for (const file of simulationsOf(name))
      expect(page).toContain(`examples/${name}/simulations/${file}`);
    expect(readFileSync(path.join(root, "README.md"), "utf8")).toContain(`(${name}/README.md)`);
  });

  it("has a directory for every image it is told to run", () => {
    const plans = simulationsOf(name).map((file) =>
      readFileSync(path.join(root, name, "simulations", file), "utf8"),
    );
    const text = [readFileSync(path.join(root, name, "rollout.yaml"), "utf8"), ...plans].join("\n");
    for (const [, tag = ""] of text.matchAll(/shop:(v\d+)/g)) {
      expect(
        existsSync(path.join(root, name, "releases", tag, "server.mjs")),
        `${name}: shop:${tag}`,
      ).toBe(true);
    }
  });
});
