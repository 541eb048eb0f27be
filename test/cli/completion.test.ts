// The scripts loaded by the very shells they are for; one that is not installed is left out, and said so.
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliWorld } from "./cli-world.ts";

const world = new CliWorld();
let bin: string;

beforeAll(async () => {
  // Stands for the program: completion asks it, and it answers from a table.
  const fake = world.file(
    "bin/haldane",
    `#!/bin/sh
[ "$1" = __complete ] && [ "$2" = -- ] || exit 9
shift 2
case "$*" in
  "pro") printf 'promote\\n:4\\n' ;;
  "promote ") printf 'shop\\nshop-api\\n:4\\n' ;;
  "promote shop-") printf 'shop-api\\n:4\\n' ;;
  "set ") printf 'image\\n:4\\n' ;;
  "up -f rel") printf ':0\\n' ;;
  *) printf ':1\\n' ;;
esac
`,
  );
  chmodSync(fake, 0o755);
  bin = path.dirname(fake);
  world.file("release.yaml", "");
  world.file("releases/v1/server.mjs", "");
  for (const shell of ["bash", "zsh", "fish"])
    world.file(`completion.${shell}`, await world.ok(`completion ${shell}`));
});
afterAll(async () => world.remove());

function isInstalled(shell: string): boolean {
  const installed = spawnSync(shell, ["-c", "exit 0"]).status === 0;
  if (!installed) console.warn(`skipped: ${shell} is not installed`);
  return installed;
}

function inShell(shell: string, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(shell, args, {
    cwd: world.folder,
    env: { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` },
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

const questions: readonly (readonly [words: readonly string[], answers: readonly string[]])[] = [
  [["pro"], ["promote"]],
  [
    ["promote", ""],
    ["shop", "shop-api"],
  ],
  [["promote", "shop-"], ["shop-api"]],
  [["set", ""], ["image"]],
  [["nothing", ""], []],
  [
    ["up", "-f", "rel"],
    ["release.yaml", "releases"],
  ],
];

// Shells mark directories.
const plain = (answer: string): string => answer.replace(/[/ ]+$/, "");

describe.skipIf(!isInstalled("bash"))("bash", () => {
  it.each(questions)("completes %j to %j", (words, answers) => {
    const script = `source completion.bash; complete -p haldane >/dev/null; COMP_WORDS=(haldane ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _haldane; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(
      inShell("bash", ["--norc", "-c", script])
        .split("\n")
        .filter((line) => line !== "")
        .sort()
        .map(plain),
    ).toEqual(answers);
  });
});

describe.skipIf(!isInstalled("zsh"))("zsh", () => {
  it("loads", () => {
    expect(
      inShell("zsh", [
        "-f",
        "-c",
        "autoload -U compinit && compinit -D && source completion.zsh && print $_comps[haldane]",
      ]).trim(),
    ).toBe("_haldane");
  });
});

describe.skipIf(!isInstalled("fish"))("fish", () => {
  it.each(questions)("completes %j to %j", (words, answers) => {
    const line = ["haldane", ...words].join(" ");
    const out = inShell("fish", [
      "--no-config",
      "-c",
      `source completion.fish; complete -C '${line}'`,
    ]);
    const found = out.split("\n").filter((answer) => answer !== "");
    expect(found.sort().map(plain)).toEqual(answers);
  });
});
