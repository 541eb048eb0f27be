// Takes in what happened to one container since the last look: its process, and the outcomes of what
// was asked for. Says nothing yet about what to do.
import type { Container } from "../../../api/kubernetes/pod.ts";
import { unreachable } from "../../../lib/invariant.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { judge, probeMemory, probeOf } from "./probing.ts";
import type {
  Action,
  Blocked,
  ContainerRecord,
  EndedFact,
  Exit,
  PodEvent,
  ProbeTable,
  ProcessFact,
  Result,
  SupervisorTiming,
} from "./record.ts";

export interface ContainerTurn {
  readonly record: ContainerRecord;
  readonly probes: ProbeTable;
  readonly actions: readonly Action[];
}

export interface Circumstances {
  readonly container: Container;
  readonly graceMs: number;
  readonly nowMs: EpochMs;
  readonly timing: SupervisorTiming;
}

export function event(type: PodEvent["type"], reason: string, message: string): PodEvent {
  return { kind: "event", type, reason, message };
}

/** The container after its process and the results were looked at, in that order. */
export function fold(
  turn: ContainerTurn,
  fact: ProcessFact,
  results: readonly Result[],
  at: Circumstances,
): ContainerTurn {
  return results
    .filter((result) => result.attempt === turn.record.attempt)
    .reduce((current, result) => foldResult(current, result, at), foldFact(turn, fact, at));
}

function foldFact(turn: ContainerTurn, fact: ProcessFact, at: Circumstances): ContainerTurn {
  const { process } = turn.record;
  if (process.kind === "none") return turn;
  if (process.kind === "exited") return withoutLeftovers(turn, fact);
  switch (fact.kind) {
    case "pending":
      return turn;
    case "absent":
      return process.kind === "starting" ? neverRan(turn) : lost(turn, at);
    case "running":
      return hasRun(turn, fact.startedAtMs, at);
    case "lingering":
      return leaving(hasRun(turn, fact.startedAtMs, at), fact, at);
    case "exited":
      return ended(hasRun(turn, fact.startedAtMs, at), exitOf(fact, turn.record));
    default:
      return unreachable(fact);
  }
}

function neverRan(turn: ContainerTurn): ContainerTurn {
  return { ...turn, record: { ...turn.record, process: { kind: "none" } } };
}

/** A process may be over before it was ever seen running; it has been started all the same. */
function hasRun(turn: ContainerTurn, startedAtMs: EpochMs, at: Circumstances): ContainerTurn {
  return turn.record.process.kind === "starting" ? nowRunning(turn, startedAtMs, at) : turn;
}

function nowRunning(turn: ContainerTurn, startedAtMs: EpochMs, at: Circumstances): ContainerTurn {
  const { blocked: _blocked, stop: _stop, ...record } = turn.record;
  const { container } = at;
  const isStarted = container.startupProbe === undefined;
  return {
    ...turn,
    actions: [...turn.actions, event("Normal", "Started", `Started container ${container.name}`)],
    record: {
      ...record,
      restartCount: record.previous === undefined ? record.restartCount : record.restartCount + 1,
      process: { kind: "running", startedAtMs },
      postStart: "none",
      isStarted,
      isReady: isStarted && container.readinessProbe === undefined,
    },
  };
}

const leftoverGraceMs = 2_000;

/**
 * The command is gone, what it started is not. As where the first process of a container ends, so
 * does the container: its exit is known from now on, and the rest is stopped without its say.
 */
function leaving(turn: ContainerTurn, fact: EndedFact, at: Circumstances): ContainerTurn {
  const patienceMs = turn.record.stop?.killAtMs ?? Infinity;
  const killAtMs = Math.min(patienceMs, at.nowMs + leftoverGraceMs);
  const { record, ...rest } = ended(turn, exitOf(fact, turn.record));
  return { ...rest, record: { ...record, leftovers: { killAtMs, isTerminated: false } } };
}

function withoutLeftovers(turn: ContainerTurn, fact: ProcessFact): ContainerTurn {
  const { leftovers, ...record } = turn.record;
  const isGone = fact.kind === "exited" || fact.kind === "absent";
  return leftovers !== undefined && isGone ? { ...turn, record } : turn;
}

function lost(turn: ContainerTurn, { nowMs }: Circumstances): ContainerTurn {
  const { process } = turn.record;
  const startedAtMs = process.kind === "running" ? process.startedAtMs : nowMs;
  const message =
    "the record of this process was deleted from the data directory; a new one is started";
  return ended(turn, {
    startedAtMs,
    finishedAtMs: nowMs,
    exitCode: 137,
    reason: "ContainerStatusUnknown",
    message,
  });
}

const lastSignal = 31;
const unrecordedMessage =
  "the process was killed together with its supervisor, so its exit code was not recorded";

function exitOf(fact: EndedFact, record: ContainerRecord): Exit {
  const { startedAtMs, finishedAtMs } = fact;
  const exitCode = fact.exitCode ?? 137;
  const signal = exitCode > 128 && exitCode <= 128 + lastSignal ? exitCode - 128 : undefined;
  const message =
    record.stop?.message ?? (fact.exitCode === undefined ? unrecordedMessage : undefined);
  return {
    startedAtMs,
    finishedAtMs,
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
    ...(signal === undefined ? {} : { signal }),
    ...(message === undefined ? {} : { message }),
  };
}

function ended(turn: ContainerTurn, exit: Exit): ContainerTurn {
  const { stop: _stop, blocked: _blocked, ...record } = turn.record;
  return {
    ...turn,
    probes: {},
    record: { ...record, process: { kind: "exited", exit }, isStarted: false, isReady: false },
  };
}

function foldResult(turn: ContainerTurn, result: Result, at: Circumstances): ContainerTurn {
  switch (result.kind) {
    case "launched":
      return { ...turn, record: { ...turn.record, imageId: result.imageId } };
    case "blocked":
      return blocked(turn, result, at);
    case "hook":
      return result.hook === "preStop"
        ? preStopDone(turn, result)
        : postStartDone(turn, result, at);
    case "probe":
      return probed(turn, result, at);
    default:
      return unreachable(result);
  }
}

function blocked(
  turn: ContainerTurn,
  result: Extract<Result, { kind: "blocked" }>,
  { nowMs, timing }: Circumstances,
): ContainerTurn {
  const { blocked: before, previous, ...record } = turn.record;
  const failures = before?.reason === result.reason ? before.failures + 1 : 1;
  const waitMs = Math.min(
    timing.blockedRetryMaxMs,
    timing.blockedRetryBaseMs * 2 ** (failures - 1),
  );
  const now: Blocked = {
    reason: result.reason,
    message: result.message,
    failures,
    retryAtMs: nowMs + waitMs,
  };
  const isNews = before?.reason !== result.reason || before.message !== result.message;
  return {
    ...turn,
    actions: isNews ? [...turn.actions, event("Warning", "Failed", result.message)] : turn.actions,
    // What ran before stays the last known end of this container.
    record: {
      ...record,
      ...(previous ? { previous } : {}),
      process: { kind: "none" },
      blocked: now,
    },
  };
}

function preStopDone(
  turn: ContainerTurn,
  result: Extract<Result, { kind: "hook" }>,
): ContainerTurn {
  const { stop } = turn.record;
  if (stop?.preStop !== "running") return turn;
  const failed = event("Warning", "FailedPreStopHook", `PreStopHook failed: ${result.message}`);
  return {
    ...turn,
    actions: result.isOk ? turn.actions : [...turn.actions, failed],
    record: { ...turn.record, stop: { ...stop, preStop: "done" } },
  };
}

function postStartDone(
  turn: ContainerTurn,
  result: Extract<Result, { kind: "hook" }>,
  at: Circumstances,
): ContainerTurn {
  if (turn.record.postStart !== "running") return turn;
  const done: ContainerTurn = { ...turn, record: { ...turn.record, postStart: "done" } };
  if (result.isOk) return done;
  const message = `PostStartHook failed: ${result.message}`;
  return stopped(done, { message, reason: "FailedPostStartHook", graceMs: at.graceMs }, at);
}

interface WhyStopped {
  readonly reason: string;
  readonly message: string;
  readonly graceMs: number;
}

function stopped(turn: ContainerTurn, why: WhyStopped, at: Circumstances): ContainerTurn {
  if (turn.record.stop !== undefined) return turn;
  const { message, reason, graceMs } = why;
  return {
    ...turn,
    actions: [...turn.actions, event(reason === "Killing" ? "Normal" : "Warning", reason, message)],
    record: {
      ...turn.record,
      isReady: false,
      stop: { message, preStop: "pending", killAtMs: at.nowMs + graceMs },
    },
  };
}

function probed(
  turn: ContainerTurn,
  result: Extract<Result, { kind: "probe" }>,
  at: Circumstances,
): ContainerTurn {
  const { record } = turn;
  const probe = probeOf(at.container, result.probe);
  if (probe === undefined || record.process.kind !== "running") return turn;
  const since = { attempt: record.attempt, startedAtMs: record.process.startedAtMs };
  const before = probeMemory(turn.probes, result.probe, probe, since);
  const verdict = judge(before, probe, { kind: result.probe, isOk: result.isOk, nowMs: at.nowMs });
  const title = `${result.probe[0]?.toUpperCase() ?? ""}${result.probe.slice(1)}`;
  const unhealthy = event("Warning", "Unhealthy", `${title} probe failed: ${result.message}`);
  const seen: ContainerTurn = {
    ...turn,
    actions: result.isOk || !verdict.isCounted ? turn.actions : [...turn.actions, unhealthy],
    probes: { ...turn.probes, [result.probe]: verdict.memory },
  };
  if (record.stop !== undefined || verdict.outcome === "undecided") return seen;
  return decided(seen, { ...result, isOk: verdict.outcome === "success" }, at);
}

function decided(
  turn: ContainerTurn,
  {
    probe: kind,
    isOk,
  }: { readonly probe: "startup" | "readiness" | "liveness"; readonly isOk: boolean },
  at: Circumstances,
): ContainerTurn {
  const { record } = turn;
  if (kind === "readiness") return { ...turn, record: { ...record, isReady: isOk } };
  if (!isOk) {
    const seconds = probeOf(at.container, kind)?.terminationGracePeriodSeconds;
    const message = `Container ${at.container.name} failed ${kind} probe, will be restarted`;
    const graceMs = seconds === undefined ? at.graceMs : seconds * 1000;
    return stopped(turn, { reason: "Killing", message, graceMs }, at);
  }
  if (kind === "liveness") return turn;
  const isReady = at.container.readinessProbe === undefined;
  return { ...turn, record: { ...record, isStarted: true, isReady } };
}
