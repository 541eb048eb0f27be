// What typing `haldane` costs over bare node: the built program against `node -e 0`, in turns.
// npm run build && npx tsx bench/cli-start.ts [rounds]
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { median, report } from "./report.ts";

const rounds = Number(process.argv[2] ?? 41);
const built = path.resolve(import.meta.dirname, "../dist/main.js");
const main = process.env["HALDANE_MAIN"] ?? built;
if (!existsSync(main)) throw new Error(`${main} is not there; run npm run build first`);

const commands: readonly (readonly string[])[] = [
  ["-e", "0"],
  [main, "version"],
  [main, "--help"],
  [main, "lint", path.resolve(import.meta.dirname, "../examples/canary/rollout.yaml")],
];

function timeOf(args: readonly string[]): number {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const tookMs = performance.now() - startedMs;
  if (status !== 0 && args[1] !== "lint")
    throw new Error(`node ${args.join(" ")}: ${stderr.toString()}`);
  return tookMs;
}

const times = commands.map((): number[] => []);
for (const args of commands) timeOf(args);
for (let round = 0; round < rounds; round += 1) {
  for (const [index, args] of commands.entries()) times[index]?.push(timeOf(args));
}
const base = median(times[0] ?? []);
const rows = commands.map((args, index) => {
  const ms = median(times[index] ?? []);
  const name =
    index === 0
      ? "node -e 0"
      : `haldane ${args
          .slice(1)
          .join(" ")
          .replace(/\/.*\//, "")}`;
  const bound = index === 1 || index === 2 ? { bound: { value: "ratio", most: 1.4 } } : {};
  return { name, values: { ms, ratio: ms / base }, ...bound };
});
report("cli-start", `From typing to exit, medians of ${String(rounds)} rounds in turns`, rows);
