import { describe, expect, it } from "vitest";
import type { ProcessRow } from "./process/process-table.ts";
import { usageTable } from "./usage.ts";

function row(pid: number, cpuMs: number, endedChildrenCpuMs = 0, isZombie = false): ProcessRow {
  return {
    pid,
    parentPid: 1,
    sessionId: 1,
    isZombie,
    startToken: "1",
    cpuMs,
    endedChildrenCpuMs,
    memoryBytes: 1_000,
  };
}

/** What is shown after two looks, a second apart. */
function measured(before: readonly ProcessRow[], after: readonly ProcessRow[]): number | undefined {
  const table = usageTable();
  const target = { namespace: "n", pod: "p", container: "c" };
  table.measure([{ ...target, members: before }], 0);
  table.measure([{ ...target, members: after }], 1_000);
  return table.read()[0]?.cpuMillicores;
}

// Numbers no process has, so that memory is that of the rows.
const shell = 2 ** 30;
const child = shell + 1;

describe("CPU of a container", () => {
  it.each([
    { name: "a process that works", before: [row(shell, 100)], after: [row(shell, 600)], cpu: 500 },
    {
      name: "a new child that works",
      before: [row(shell, 100)],
      after: [row(shell, 100), row(child, 300)],
      cpu: 300,
    },
    {
      name: "a shell whose work is done by short children",
      before: [row(shell, 100, 5_000)],
      after: [row(shell, 150, 5_850)],
      cpu: 900,
    },
    {
      name: "a child that was seen before and has ended: only what is new counts",
      before: [row(shell, 0), row(child, 4_000)],
      after: [row(shell, 0, 4_200)],
      cpu: 200,
    },
    {
      name: "a child that has ended and was not waited for yet",
      before: [row(shell, 0), row(child, 4_000)],
      after: [row(shell, 0), row(child, 4_200, 0, true)],
      cpu: 200,
    },
    {
      name: "a child lost to somebody else takes nothing from the others",
      before: [row(shell, 0), row(child, 4_000)],
      after: [row(shell, 300)],
      cpu: 300,
    },
    {
      name: "a process of the next attempt",
      before: [row(child, 9_000)],
      after: [row(shell, 50)],
      cpu: 50,
    },
  ])("$name: $cpu m", ({ before, after, cpu }) => expect(measured(before, after)).toBe(cpu));

  it("is not shown after one look, which has no length", () => {
    const table = usageTable();
    table.measure([{ namespace: "n", pod: "p", container: "c", members: [row(shell, 500)] }], 0);
    expect(table.read()).toEqual([]);
  });
});

describe("memory of a container", () => {
  it("is that of all processes that live", () => {
    const table = usageTable();
    const members = [row(shell, 0), row(child, 0), row(child + 1, 0, 0, true)];
    const target = { namespace: "n", pod: "p", container: "c", members };
    table.measure([target], 0);
    table.measure([target], 1_000);
    expect(table.read()[0]?.memoryBytes).toBe(2_000);
  });
});
