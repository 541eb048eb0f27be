// CPU and memory per container: the processes of its session, looked at every few seconds.
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
  /** CPU time by process: one that ended takes only its own time out of the difference. */
  readonly cpuMsByPid: ReadonlyMap<string, number>;
}

export interface UsageTable {
  /** Measures all targets; CPU is the average since the measurement before. */
  measure(targets: readonly UsageTarget[], nowMs: EpochMs): void;
  read(): readonly ContainerUsage[];
}

function identityOf(row: ProcessRow): string {
  return `${row.pid}:${row.startToken}`;
}

/** Millicores used between two samples; a process that is new counts with all its time. */
export function millicores(before: Sample | undefined, after: Sample): number {
  if (before === undefined || after.atMs <= before.atMs) return 0;
  let cpuMs = 0;
  for (const [pid, ms] of after.cpuMsByPid)
    cpuMs += Math.max(0, ms - (before.cpuMsByPid.get(pid) ?? 0));
  return Math.round((cpuMs * 1000) / (after.atMs - before.atMs));
}

export function usageTable(): UsageTable {
  let samples = new Map<string, Sample>();
  let rows: readonly ContainerUsage[] = [];
  return {
    measure(targets, nowMs) {
      const next = new Map<string, Sample>();
      rows = targets.map(({ namespace, pod, container, members }) => {
        const key = `${namespace}/${pod}/${container}`;
        const sample = {
          atMs: nowMs,
          cpuMsByPid: new Map(members.map((row) => [identityOf(row), row.cpuMs])),
        };
        next.set(key, sample);
        const memory = members.map((row) => proportionalMemoryBytes(row.pid) ?? row.memoryBytes);
        return {
          namespace,
          pod,
          container,
          cpuMillicores: millicores(samples.get(key), sample),
          memoryBytes: memory.reduce((sum, bytes) => sum + bytes, 0),
        };
      });
      samples = next;
    },
    read: () => rows,
  };
}
