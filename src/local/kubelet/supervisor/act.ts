// Moves one container one step towards what is wanted of it.
import { unreachable } from "../../../lib/invariant.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { event } from "./fold.ts";
import type { Circumstances, ContainerTurn } from "./fold.ts";
import { dueProbes } from "./probing.ts";
import type { Action, ContainerRecord, Exit, Leftovers, Stop } from "./record.ts";

/** What is wanted of a container. `keep`: it runs on unprobed, but not again once it has ended. */
export type Goal =
  | { readonly kind: "run"; readonly restart: "always" | "onFailure" | "never" }
  | { readonly kind: "wait" }
  | { readonly kind: "keep" }
  | { readonly kind: "stop"; readonly graceMs: number; readonly message?: string };

export interface ActedTurn extends ContainerTurn {
  readonly wakeAtMs: EpochMs | undefined;
}

export function act(turn: ContainerTurn, goal: Goal, at: Circumstances): ActedTurn {
  const { process } = turn.record;
  switch (process.kind) {
    case "none":
      return goal.kind === "run" ? launchUnlessBlocked(turn, at) : asleep(turn);
    case "starting":
      return asleep(turn);
    case "running":
      return actOnRunning(turn, goal, at);
    case "exited":
      // Before a restart: what is left may hold the port the next process is to listen on.
      if (turn.record.leftovers !== undefined) return endLeftovers(turn, turn.record.leftovers, at);
      return goal.kind === "run" && mayRestart(process.exit, goal.restart)
        ? restart(turn, process.exit, at)
        : asleep(turn);
    default:
      return unreachable(process);
  }
}

function asleep(turn: ContainerTurn, wakeAtMs?: EpochMs): ActedTurn {
  return { ...turn, wakeAtMs };
}

export function mayRestart(exit: Exit, restart: "always" | "onFailure" | "never"): boolean {
  switch (restart) {
    case "always":
      return true;
    case "onFailure":
      return exit.exitCode !== 0;
    case "never":
      return false;
  }
}

function launchUnlessBlocked(turn: ContainerTurn, { nowMs, container }: Circumstances): ActedTurn {
  const { blocked } = turn.record;
  if (blocked !== undefined && blocked.retryAtMs > nowMs) return asleep(turn, blocked.retryAtMs);
  return launch(turn, container.name, turn.record);
}

function launch(turn: ContainerTurn, container: string, record: ContainerRecord): ActedTurn {
  const attempt = record.attempt + 1;
  const action: Action = { kind: "launch", container, attempt };
  return asleep({
    ...turn,
    actions: [...turn.actions, action],
    record: { ...record, attempt, process: { kind: "starting" } },
  });
}

/** The first restart is immediate; the second waits 10 s after the exit, then twice as long each time. */
function restart(turn: ContainerTurn, exit: Exit, at: Circumstances): ActedTurn {
  const { timing, nowMs, container } = at;
  const isForgiven = exit.finishedAtMs - exit.startedAtMs >= timing.backoffResetMs;
  const waitMs = isForgiven ? 0 : turn.record.backoffMs;
  const dueAtMs = exit.finishedAtMs + waitMs;
  if (nowMs < dueAtMs) return asleep(backingOff(turn, container.name), dueAtMs);
  const nextMs = waitMs === 0 ? timing.backoffBaseMs : Math.min(timing.backoffMaxMs, waitMs * 2);
  return launch(turn, container.name, { ...turn.record, previous: exit, backoffMs: nextMs });
}

/** Says once per exit that the restart waits; the record of the exit remembers it as its predecessor. */
function backingOff(turn: ContainerTurn, container: string): ContainerTurn {
  const { process, previous } = turn.record;
  if (process.kind !== "exited" || previous?.finishedAtMs === process.exit.finishedAtMs)
    return turn;
  const message = `Back-off restarting failed container ${container}`;
  return {
    ...turn,
    actions: [...turn.actions, event("Warning", "BackOff", message)],
    record: { ...turn.record, previous: process.exit },
  };
}

function actOnRunning(turn: ContainerTurn, goal: Goal, at: Circumstances): ActedTurn {
  const wanted = goal.kind === "stop" ? withStop(turn, goal, at) : turn;
  if (wanted.record.stop !== undefined) return continueStop(wanted, wanted.record.stop, at);
  if (goal.kind === "keep") return asleep(wanted);
  const started = withPostStart(wanted, at);
  const { table, due, wakeAtMs } = dueProbes(
    at.container,
    started.record,
    started.probes,
    at.nowMs,
  );
  const { attempt } = started.record;
  const probes = due.map((probe): Action => ({
    kind: "probe",
    container: at.container.name,
    attempt,
    probe,
  }));
  return asleep({ ...started, probes: table, actions: [...started.actions, ...probes] }, wakeAtMs);
}

function withPostStart(turn: ContainerTurn, { container }: Circumstances): ContainerTurn {
  const { record } = turn;
  if (record.postStart !== "none" || container.lifecycle?.postStart === undefined) return turn;
  const { attempt } = record;
  const action: Action = { kind: "hook", container: container.name, attempt, hook: "postStart" };
  return {
    ...turn,
    actions: [...turn.actions, action],
    record: { ...record, postStart: "running" },
  };
}

function withStop(
  turn: ContainerTurn,
  goal: Extract<Goal, { kind: "stop" }>,
  { nowMs, container }: Circumstances,
): ContainerTurn {
  const { stop } = turn.record;
  const killAtMs = nowMs + goal.graceMs;
  if (stop !== undefined) {
    const sooner = { ...stop, killAtMs: Math.min(stop.killAtMs, killAtMs) };
    return { ...turn, record: { ...turn.record, stop: sooner } };
  }
  const killing = event("Normal", "Killing", `Stopping container ${container.name}`);
  const begun: Stop = {
    preStop: "pending",
    killAtMs,
    ...(goal.message === undefined ? {} : { message: goal.message }),
  };
  return { ...turn, actions: [...turn.actions, killing], record: { ...turn.record, stop: begun } };
}

const rekillMs = 1_000;

function continueStop(turn: ContainerTurn, stop: Stop, at: Circumstances): ActedTurn {
  const { container, nowMs, timing } = at;
  const { attempt } = turn.record;
  const name = container.name;
  const as = (next: Stop, wakeAtMs: EpochMs, ...actions: readonly Action[]): ActedTurn =>
    asleep(
      { ...turn, actions: [...turn.actions, ...actions], record: { ...turn.record, stop: next } },
      wakeAtMs,
    );
  if (stop.preStop !== "done" && nowMs < stop.killAtMs) {
    if (container.lifecycle?.preStop === undefined) {
      return continueStop(turn, { ...stop, preStop: "done" }, at);
    }
    if (stop.preStop === "running") return as(stop, stop.killAtMs);
    const hook: Action = { kind: "hook", container: name, attempt, hook: "preStop" };
    return as({ ...stop, preStop: "running" }, stop.killAtMs, hook);
  }
  if (stop.termAtMs === undefined && !isForced(stop, nowMs)) {
    const killAtMs = Math.max(stop.killAtMs, nowMs + timing.leastTermMs);
    const term: Action = { kind: "terminate", container: name, attempt };
    return as({ ...stop, preStop: "done", termAtMs: nowMs, killAtMs }, killAtMs, term);
  }
  if (nowMs < stop.killAtMs) return as(stop, stop.killAtMs);
  if (stop.lastKillAtMs !== undefined && nowMs < stop.lastKillAtMs + rekillMs) {
    return as(stop, stop.lastKillAtMs + rekillMs);
  }
  const kill: Action = { kind: "kill", container: name, attempt };
  return as({ ...stop, lastKillAtMs: nowMs }, nowMs + rekillMs, kill);
}

function endLeftovers(turn: ContainerTurn, left: Leftovers, at: Circumstances): ActedTurn {
  const { nowMs, container } = at;
  const as = (
    next: Leftovers,
    wakeAtMs: EpochMs,
    ...kinds: ("terminate" | "kill")[]
  ): ActedTurn => {
    const { attempt } = turn.record;
    const actions = kinds.map((kind): Action => ({ kind, container: container.name, attempt }));
    const record = { ...turn.record, leftovers: next };
    return asleep({ ...turn, actions: [...turn.actions, ...actions], record }, wakeAtMs);
  };
  if (nowMs < left.killAtMs) {
    return left.isTerminated
      ? as(left, left.killAtMs)
      : as({ ...left, isTerminated: true }, left.killAtMs, "terminate");
  }
  const nextKillAtMs = (left.lastKillAtMs ?? -Infinity) + rekillMs;
  if (nowMs < nextKillAtMs) return as(left, nextKillAtMs);
  return as({ ...left, lastKillAtMs: nowMs }, nowMs + rekillMs, "kill");
}

/** No grace was given at all: a stop that began and is to end in the same moment. */
function isForced(stop: Stop, nowMs: EpochMs): boolean {
  return stop.preStop === "pending" && stop.killAtMs <= nowMs;
}
