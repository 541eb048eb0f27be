// One look at a pod: take in what happened, decide what is wanted, move every container a step.
import type { Pod } from "../../../api/kubernetes/pod.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { act } from "./act.ts";
import { fold } from "./fold.ts";
import type { Circumstances, ContainerTurn } from "./fold.ts";
import { goalsOf, isFinished } from "./goals.ts";
import { allContainers, containerRecord, isEnded, podGraceMs } from "./record.ts";
import type {
  Action,
  ContainerRecord,
  Observation,
  PodMemory,
  PodRecord,
  ProbeTable,
  SupervisorTiming,
  Termination,
} from "./record.ts";

export interface Step {
  readonly memory: PodMemory;
  /** In order. The record must be on disk before the first is carried out. */
  readonly actions: readonly Action[];
  /** When to look again even if nothing happens. */
  readonly wakeAtMs: EpochMs | undefined;
}

/**
 * Decides what happens next to a pod. Level-triggered: what is not carried out is asked for again
 * (a launch or a stop), what is carried out is not. Never throws for anything a user can write.
 */
export function step(
  memory: PodMemory,
  seen: Observation,
  nowMs: EpochMs,
  timing: SupervisorTiming,
): Step {
  const turns = foldAll(memory, seen, nowMs, timing);
  const folded = withContainers(memory.record, turns);
  const record = withDeadline(withTermination(folded, memory, seen, nowMs), seen.pod, nowMs);
  const goals = goalsOf(seen.pod, record, nowMs);
  const containers = allContainers(seen.pod).map((container) => {
    const turn = turns.get(container.name) ?? turnOf(memory, container.name);
    const at: Circumstances = { container, graceMs: podGraceMs(seen.pod), nowMs, timing };
    return [container.name, act(turn, goals.get(container.name) ?? { kind: "wait" }, at)] as const;
  });
  const acted = new Map<string, ContainerTurn>(containers);
  const next = withContainers(record, acted);
  const drain: readonly Action[] =
    next.termination?.isDrained === false && memory.drainingSinceMs === undefined
      ? [{ kind: "drain" }]
      : [];
  const drainingSinceMs = memory.drainingSinceMs ?? (drain.length > 0 ? nowMs : undefined);
  const wakes = [
    ...containers.map(([, turn]) => turn.wakeAtMs),
    ...podWakes(next, drainingSinceMs, seen.pod),
  ];
  return {
    memory: {
      record: next,
      probes: Object.fromEntries(containers.map(([name, turn]) => [name, turn.probes])),
      ...(drainingSinceMs === undefined ? {} : { drainingSinceMs }),
    },
    actions: [...drain, ...containers.flatMap(([, turn]) => turn.actions), ...removal(next)],
    wakeAtMs: earliest(wakes),
  };
}

function turnOf(memory: PodMemory, name: string): ContainerTurn {
  const probes: ProbeTable = memory.probes[name] ?? {};
  return { record: containerRecord(memory.record, name), probes, actions: [] };
}

function foldAll(
  memory: PodMemory,
  seen: Observation,
  nowMs: EpochMs,
  timing: SupervisorTiming,
): ReadonlyMap<string, ContainerTurn> {
  const graceMs = podGraceMs(seen.pod);
  return new Map(
    allContainers(seen.pod).map((container) => {
      const { name } = container;
      const fact = seen.processes[name] ?? { kind: "absent" };
      const results = seen.results.filter((result) => result.container === name);
      const at: Circumstances = { container, graceMs, nowMs, timing };
      return [name, fold(turnOf(memory, name), fact, results, at)];
    }),
  );
}

function withContainers(record: PodRecord, turns: ReadonlyMap<string, ContainerTurn>): PodRecord {
  const containers: Record<string, ContainerRecord> = {};
  for (const [name, turn] of turns) containers[name] = turn.record;
  return { ...record, containers };
}

/** From the first sight of a deletion on; its grace period may be shortened later, never extended. */
function withTermination(
  record: PodRecord,
  { drainingSinceMs }: PodMemory,
  seen: Observation,
  nowMs: EpochMs,
): PodRecord {
  const { deletionTimestamp, deletionGracePeriodSeconds } = seen.pod.metadata;
  if (deletionTimestamp === undefined) return record;
  const wantedMs =
    deletionGracePeriodSeconds === undefined
      ? podGraceMs(seen.pod)
      : deletionGracePeriodSeconds * 1000;
  const before = record.termination ?? { sinceMs: nowMs, graceMs: wantedMs, isDrained: false };
  const graceMs = Math.min(before.graceMs, wantedMs);
  const isDrained =
    before.isDrained ||
    seen.isDrained ||
    !isAnythingAlive(record) ||
    nowMs >= drainEndMs({ ...before, graceMs }, drainingSinceMs ?? nowMs);
  const termination: Termination = { sinceMs: before.sinceMs, graceMs, isDrained };
  return { ...record, termination };
}

/**
 * Until when the pod's requests are waited for. The gateway learns only from a living control plane
 * that it must not send any more: after a restart it gets the whole time once again.
 */
function drainEndMs({ sinceMs, graceMs }: Termination, drainingSinceMs: EpochMs): EpochMs {
  return graceMs === 0 ? sinceMs : Math.max(sinceMs, drainingSinceMs) + graceMs;
}

function isAnythingAlive(record: PodRecord): boolean {
  return Object.values(record.containers).some((container) => !isEnded(container));
}

function deadlineAtMs(record: PodRecord, pod: Pod): EpochMs | undefined {
  const seconds = pod.spec.activeDeadlineSeconds;
  return seconds === undefined ? undefined : record.startedAtMs + seconds * 1000;
}

function withDeadline(record: PodRecord, pod: Pod, nowMs: EpochMs): PodRecord {
  const deadline = deadlineAtMs(record, pod);
  const isOver = deadline !== undefined && nowMs >= deadline;
  if (!isOver || record.failure !== undefined || isFinished(pod, record)) return record;
  const message = "Pod was active on the node longer than the specified deadline";
  return { ...record, failure: { reason: "DeadlineExceeded", message } };
}

function podWakes(
  record: PodRecord,
  drainingSinceMs: EpochMs | undefined,
  pod: Pod,
): readonly (EpochMs | undefined)[] {
  const { termination } = record;
  const drainedByMs =
    termination?.isDrained === false
      ? drainEndMs(termination, drainingSinceMs ?? termination.sinceMs)
      : undefined;
  const isOpen = record.failure === undefined && !isFinished(pod, record);
  return [drainedByMs, isOpen ? deadlineAtMs(record, pod) : undefined];
}

function removal(record: PodRecord): readonly Action[] {
  return record.termination !== undefined && !isAnythingAlive(record) ? [{ kind: "remove" }] : [];
}

function earliest(times: readonly (EpochMs | undefined)[]): EpochMs | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
