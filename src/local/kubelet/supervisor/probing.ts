// When a container is probed next, and what the answers add up to.
import type { Container, Probe } from "../../../api/kubernetes/pod.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { probeKinds } from "./record.ts";
import type { ContainerRecord, ProbeKind, ProbeMemory, ProbeTable } from "./record.ts";

const defaultPeriodSeconds = 10;
const defaultFailureThreshold = 3;
// The first checks of a new process come at 100, 200, 400 … ms, so that nobody waits a whole period
// for a server that needed 150 ms. Only their success counts.
const firstEagerMs = 100;

export function probeOf(container: Container, kind: ProbeKind): Probe | undefined {
  switch (kind) {
    case "startup":
      return container.startupProbe;
    case "readiness":
      return container.readinessProbe;
    case "liveness":
      return container.livenessProbe;
  }
}

function periodMs(probe: Probe): number {
  return Math.max(1, probe.periodSeconds ?? defaultPeriodSeconds) * 1000;
}

interface RunningSince {
  readonly attempt: number;
  readonly startedAtMs: EpochMs;
}

/** The memory of a probe for this attempt, begun anew when the process is another one. */
export function probeMemory(
  table: ProbeTable,
  kind: ProbeKind,
  probe: Probe,
  since: RunningSince,
): ProbeMemory {
  const known = table[kind];
  if (known?.attempt === since.attempt) return known;
  return {
    attempt: since.attempt,
    nextAtMs: since.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000,
    isInFlight: false,
    successes: 0,
    failures: 0,
    hasSucceeded: false,
    eagerChecks: 0,
  };
}

export interface Verdict {
  readonly memory: ProbeMemory;
  /** `undecided` until a threshold is reached. */
  readonly outcome: "success" | "failure" | "undecided";
  readonly isCounted: boolean;
}

/** Takes one answer in. A readiness or startup probe is eager until its first success. */
export function judge(
  memory: ProbeMemory,
  probe: Probe,
  answer: { readonly kind: ProbeKind; readonly isOk: boolean; readonly nowMs: EpochMs },
): Verdict {
  const { isOk, kind, nowMs } = answer;
  const wait = nextWait(memory, probe, kind);
  const isCounted = isOk || !wait.isEager;
  const next: ProbeMemory = {
    ...memory,
    isInFlight: false,
    nextAtMs: nowMs + (isOk ? periodMs(probe) : wait.ms),
    successes: isOk ? memory.successes + 1 : 0,
    failures: isOk ? 0 : memory.failures + (isCounted ? 1 : 0),
    hasSucceeded: memory.hasSucceeded || isOk,
    eagerChecks: memory.eagerChecks + (wait.isEager ? 1 : 0),
  };
  return { memory: next, outcome: outcomeOf(next, probe), isCounted };
}

function nextWait(
  memory: ProbeMemory,
  probe: Probe,
  kind: ProbeKind,
): { ms: number; isEager: boolean } {
  const eagerMs = firstEagerMs * 2 ** memory.eagerChecks;
  const isEager = kind !== "liveness" && !memory.hasSucceeded && eagerMs < periodMs(probe);
  return { ms: isEager ? eagerMs : periodMs(probe), isEager };
}

function outcomeOf(memory: ProbeMemory, probe: Probe): Verdict["outcome"] {
  if (memory.successes >= (probe.successThreshold ?? 1)) return "success";
  if (memory.failures >= (probe.failureThreshold ?? defaultFailureThreshold)) return "failure";
  return "undecided";
}

/** Readiness and liveness wait for the startup probe; the startup probe ends with its success. */
export function isProbeActive(kind: ProbeKind, record: ContainerRecord): boolean {
  if (record.stop !== undefined || record.postStart === "running") return false;
  return kind === "startup" ? !record.isStarted : record.isStarted;
}

export interface DueProbes {
  readonly table: ProbeTable;
  readonly due: readonly ProbeKind[];
  readonly wakeAtMs: EpochMs | undefined;
}

/** Which probes are to be made now; they count as in flight from here on. */
export function dueProbes(
  container: Container,
  record: ContainerRecord,
  table: ProbeTable,
  nowMs: EpochMs,
): DueProbes {
  const { process, attempt } = record;
  if (process.kind !== "running") return { table, due: [], wakeAtMs: undefined };
  const active = probeKinds.flatMap((kind) => {
    const probe = probeOf(container, kind);
    if (probe === undefined || !isProbeActive(kind, record)) return [];
    const memory = probeMemory(table, kind, probe, { attempt, startedAtMs: process.startedAtMs });
    return memory.isInFlight ? [] : [{ kind, memory }];
  });
  const due = active.filter(({ memory }) => memory.nextAtMs <= nowMs);
  const later = active.filter(({ memory }) => memory.nextAtMs > nowMs);
  const started = due.map(({ kind, memory }) => [kind, { ...memory, isInFlight: true }] as const);
  const waiting = later.map(({ kind, memory }) => [kind, memory] as const);
  return {
    table: { ...table, ...Object.fromEntries([...started, ...waiting]) },
    due: due.map(({ kind }) => kind),
    wakeAtMs:
      later.length === 0 ? undefined : Math.min(...later.map(({ memory }) => memory.nextAtMs)),
  };
}
