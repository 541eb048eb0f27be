// CPU and memory per container: the processes it started, looked at every few seconds.
import type { EpochMs } from "../../lib/time.ts";
import { proportionalMemoryBytes } from "./process/process-table.ts";
import type { ProcessRow } from "./process/process-table.ts";

export interface ContainerUsage {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly cpuMillicores: number;
  readonly memoryBytes: number;
}

export interface UsageTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly members: readonly ProcessRow[];
}

interface Sample {
  readonly atMs: EpochMs;
  readonly cpuByProcess: ReadonlyMap<string, CpuTime>;
}

interface CpuTime {
  readonly ownMs: number;
  /** With that of its ended children. */
  readonly totalMs: number;
}

export interface UsageTable {
  /** Measures all targets; CPU is the average since the measurement before, so the first shows nothing. */
  measure(targets: readonly UsageTarget[], nowMs: EpochMs): void;
  read(): readonly ContainerUsage[];
}

function identityOf(row: ProcessRow): string {
  return `${row.pid}:${row.startToken}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/**
 * Millicores used between two samples. A child that ended between them is found in its parent's
 * account, which takes over all it ever used: so the growth of the whole family counts. Where a
 * parent left its child without waiting for it, the child's time is lost to the family; then what
 * those who live have used themselves is the better lower bound.
 */
export function millicores(before: Sample, after: Sample): number {
  if (after.atMs <= before.atMs) return 0;
  const familyMs =
    sum([...after.cpuByProcess.values()].map(({ totalMs }) => totalMs)) -
    sum([...before.cpuByProcess.values()].map(({ totalMs }) => totalMs));
  const livingMs = sum(
    [...after.cpuByProcess].map(([identity, { ownMs }]) =>
      Math.max(0, ownMs - (before.cpuByProcess.get(identity)?.ownMs ?? 0)),
    ),
  );
  return Math.round((Math.max(familyMs, livingMs) * 1000) / (after.atMs - before.atMs));
}

function sampleOf(members: readonly ProcessRow[], atMs: EpochMs): Sample {
  const times = members.map(
    (row) =>
      [identityOf(row), { ownMs: row.cpuMs, totalMs: row.cpuMs + row.endedChildrenCpuMs }] as const,
  );
  return { atMs, cpuByProcess: new Map(times) };
}

function memoryOf(members: readonly ProcessRow[]): number {
  const alive = members.filter((row) => !row.isZombie);
  return sum(alive.map((row) => proportionalMemoryBytes(row.pid) ?? row.memoryBytes));
}

export function usageTable(): UsageTable {
  let samples = new Map<string, Sample>();
  let rows: readonly ContainerUsage[] = [];
  return {
    measure(targets, nowMs) {
      const next = new Map<string, Sample>();
      rows = targets.flatMap(({ namespace, pod, container, members }) => {
        const key = `${namespace}/${pod}/${container}`;
        const before = samples.get(key);
        const sample = sampleOf(members, nowMs);
        next.set(key, sample);
        // One look shows how much was used, but not in how long.
        if (before === undefined) return [];
        const cpuMillicores = millicores(before, sample);
        return [{ namespace, pod, container, cpuMillicores, memoryBytes: memoryOf(members) }];
      });
      samples = next;
    },
    read: () => rows,
  };
}
