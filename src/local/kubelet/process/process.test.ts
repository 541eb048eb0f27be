import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../runtime/clock.ts";
import { containerProcesses } from "./container-process.ts";
import type { ContainerProcesses, Slot } from "./container-process.ts";
import { parseProcStat, parsePsLine, readProcess } from "./process-table.ts";

let root: string;
let processes: ContainerProcesses;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "haldane-process-"));
  processes = containerProcesses(root, systemClock);
  slot = { podUid: basename(root), container: "app", attempt: 1 };
});
afterEach(async () => {
  for (const each of processes.slotsOf(slot.podUid)) {
    processes.destroy(each);
    await until(() => !["running", "lingering"].includes(processes.observe(each).kind));
  }
  rmSync(root, { recursive: true, force: true });
});

let slot: Slot;
const env = { PATH: process.env["PATH"] ?? "" };

async function launch(script: string): Promise<void> {
  const logFile = join(root, "log");
  await processes.launch(
    slot,
    { argv: ["sh", "-c", script], cwd: root, env, logFile },
    () => undefined,
  );
}

async function until(holds: () => boolean): Promise<void> {
  const giveUpAtMs = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > giveUpAtMs) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const claimFile = () => join(root, slot.podUid, "app/1.claim");
const log = () => readFileSync(join(root, "log"), "utf8");

describe("a container's process", () => {
  it.each([
    { script: "exit 0", exitCode: 0 },
    { script: "exit 7", exitCode: 7 },
    { script: "kill -TERM $$", exitCode: 143 },
    { script: "kill -KILL $$", exitCode: 137 },
  ])(
    "that does $script is known to have ended with $exitCode, also by others",
    async ({ script, exitCode }) => {
      await launch(script);
      const others = containerProcesses(root, systemClock);
      await until(() => others.observe(slot).kind === "exited");
      expect(others.observe(slot)).toMatchObject({ kind: "exited", exitCode });
      expect(log()).toBe("");
    },
  );

  it("gets its environment, odd names included, and writes both streams to the log", async () => {
    const argv = [
      process.execPath,
      "-e",
      `console.log("out " + process.env.A); console.error(process.env["odd.name"])`,
    ];
    const place = {
      argv,
      cwd: root,
      env: { ...env, A: "a b", "odd.name": "x=y" },
      logFile: join(root, "log"),
    };
    await processes.launch(slot, place, () => undefined);
    await until(() => processes.observe(slot).kind === "exited");
    expect(log()).toBe("out a b\nx=y\n");
  });

  it("leads a session of its own", async () => {
    await launch("sleep 1000");
    const pid = Number.parseInt(readFileSync(claimFile(), "utf8"), 10);
    expect(readProcess(pid)?.sessionId).toBe(pid);
    expect(readProcess(process.pid)?.sessionId).not.toBe(pid);
  });

  it("is terminated alone; what it leaves behind is terminated next, or killed", async () => {
    await launch(
      `sleep 1000 & sh -c 'trap "" TERM; echo deaf; while :; do sleep 0.1; done' & wait`,
    );
    await until(() => log().includes("deaf"));
    processes.terminate(slot);
    await until(() => processes.observe(slot).kind === "lingering");
    expect(processes.observe(slot)).toMatchObject({ exitCode: 143 });
    processes.terminate(slot);
    expect(processes.observe(slot).kind).toBe("lingering");
    processes.kill(slot);
    await until(() => processes.observe(slot).kind === "exited");
  });

  it("is killed even where it left the session", async () => {
    await launch(`setsid sh -c 'echo $$ > away; exec sleep 1000' & wait`);
    await until(() => readIfThere(join(root, "away")) !== "");
    const away = Number.parseInt(readIfThere(join(root, "away")), 10);
    processes.kill(slot);
    await until(() => processes.observe(slot).kind === "exited");
    expect(readProcess(away)?.isZombie ?? true).toBe(true);
  });

  it("ends with an unknown code when its supervisor is killed too", async () => {
    await launch("sleep 1000");
    const pid = Number.parseInt(readFileSync(claimFile(), "utf8"), 10);
    process.kill(pid, "SIGKILL");
    await until(() => processes.observe(slot).kind === "lingering");
    processes.kill(slot);
    await until(() => processes.observe(slot).kind === "exited");
    expect(processes.observe(slot)).toMatchObject({ kind: "exited", exitCode: undefined });
  });
});

describe("the claim", () => {
  it("keeps a command from running whose launch was given up", async () => {
    expect(processes.observe(slot)).toEqual({ kind: "absent" });
    expect(processes.observe(slot, { settle: true })).toEqual({ kind: "absent" });
    await expect(launch("echo ran")).rejects.toThrow("did not report itself");
    expect(log()).toBe("");
  });

  it("is not mistaken for a later process with the same number", () => {
    mkdirSync(dirname(claimFile()), { recursive: true });
    const own = readFileSync(`/proc/${String(process.pid)}/stat`, "utf8").split(" ");
    own[21] = "12";
    writeFileSync(claimFile(), `${String(process.pid)}\n${own.join(" ")}\n`);
    expect(processes.observe(slot)).toMatchObject({ kind: "exited", exitCode: undefined });
  });
});

describe("the process table", () => {
  it("reads names with spaces and brackets", () => {
    const text =
      "42 (a) b (c) Z 1 42 43 0 -1 4194304 233 138 0 0 7 5 20 3 20 0 1 0 162776 2654208 407 1844";
    expect(parseProcStat(text)).toEqual({
      pid: 42,
      parentPid: 1,
      sessionId: 43,
      isZombie: true,
      startToken: "162776",
      cpuMs: 120,
      endedChildrenCpuMs: 230,
      memoryBytes: 407 * 4096,
    });
    expect(parseProcStat("")).toBeUndefined();
  });

  it("reads a line of ps", () => {
    expect(
      parsePsLine("  501     1   501 Ss   1-02:03:04.50  2048 Sat Nov 21 07:00:01 2026 "),
    ).toEqual({
      pid: 501,
      parentPid: 1,
      sessionId: 501,
      isZombie: false,
      startToken: "Sat Nov 21 07:00:01 2026",
      cpuMs: (86_400 + 2 * 3600 + 3 * 60 + 4.5) * 1000,
      endedChildrenCpuMs: 0,
      memoryBytes: 2_097_152,
    });
  });
});

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
