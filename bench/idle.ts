// What `haldane up` costs when nothing happens: one example deployed, nobody calls it, and the
// controller and the gateway are looked at for a while. CPU time and memory from /proc.
// npm run build && npx tsx bench/idle.ts [seconds per round] [rounds]
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { median, report } from "./report.ts";

const [seconds = 30, rounds = 3] = process.argv.slice(2).map(Number);
const root = path.resolve(import.meta.dirname, "..");
const main = process.env["HALDANE_MAIN"] ?? path.join(root, "dist/main.js");
const folder = mkdtempSync(path.join(os.tmpdir(), "bench-idle-"));
const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"]).toString());

function haldane(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: folder });
  if (status !== 0) throw new Error(`haldane ${args.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}

/** A port of its own, so that two runs do not meet. */
async function copyExample(): Promise<void> {
  cpSync(path.join(root, "examples/app"), path.join(folder, "app"), { recursive: true });
  cpSync(path.join(root, "examples/canary"), path.join(folder, "canary"), { recursive: true });
  const file = path.join(folder, "canary/services.yaml");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(
      "port: 8080, protocol",
      `port: ${String(await freePort())}, protocol`,
    ),
  );
}

function statOf(pid: number): { readonly cpuSeconds: number; readonly rssMb: number } {
  const text = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const rssPages = fields[21] ?? NaN;
  return {
    cpuSeconds: ((fields[11] ?? NaN) + (fields[12] ?? NaN)) / ticksPerSecond,
    rssMb: (rssPages * 4096) / 1_048_576,
  };
}

function pidIn(...file: readonly string[]): number {
  const { pid } = JSON.parse(readFileSync(path.join(folder, ".haldane", ...file), "utf8")) as {
    pid: number;
  };
  return pid;
}

function servicePids(): readonly number[] {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => {
    try {
      return (
        readFileSync(`/proc/${String(pid)}/cmdline`, "utf8").startsWith("node\0server.mjs") &&
        readFileSync(`/proc/${String(pid)}/environ`, "utf8").includes(folder)
      );
    } catch {
      // It ended between the two looks.
      return false;
    }
  });
}

await copyExample();
haldane("up", "-d", "-f", "canary");
try {
  haldane("status", "shop", "--timeout", "60s");
  await sleep(5_000);
  const processes = {
    controller: pidIn("cluster.json"),
    gateway: pidIn("gateway", "gateway.json"),
  };
  const samples = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    const before = Object.entries(processes).map(
      ([name, pid]) => [name, pid, statOf(pid)] as const,
    );
    await sleep(seconds * 1000);
    for (const [name, pid, { cpuSeconds }] of before) {
      const percent = ((statOf(pid).cpuSeconds - cpuSeconds) / seconds) * 100;
      samples.set(name, [...(samples.get(name) ?? []), percent]);
    }
  }
  const rows = Object.entries(processes).map(([name, pid]) => ({
    name,
    values: { "CPU %": median(samples.get(name) ?? []), "RSS MB": statOf(pid).rssMb },
    bound: { value: "CPU %", most: name === "controller" ? 2 : 1 },
  }));
  const pods = servicePids().length;
  report(
    "idle",
    `haldane up with examples/canary (${String(pods)} pods), idle, medians of ${String(rounds)} × ${String(seconds)} s`,
    rows,
  );
} finally {
  haldane("down");
  rmSync(folder, { recursive: true, force: true });
}
