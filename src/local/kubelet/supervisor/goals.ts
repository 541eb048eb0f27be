// What is wanted of each container of a pod, from how far the others are.
import type { Container, Pod } from "../../../api/kubernetes/pod.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { mayRestart } from "./act.ts";
import type { Goal } from "./act.ts";
import { containerRecord, isEnded, isSidecar, podGraceMs } from "./record.ts";
import type { ContainerRecord, PodRecord } from "./record.ts";

type Restart = "always" | "onFailure" | "never";

export function restartOf(pod: Pod): Restart {
  switch (pod.spec.restartPolicy) {
    case "Never":
      return "never";
    case "OnFailure":
      return "onFailure";
    default:
      return "always";
  }
}

/** An ordinary init container is tried again until it succeeds, unless the pod never restarts. */
function initRestartOf(pod: Pod): Restart {
  return restartOf(pod) === "never" ? "never" : "onFailure";
}

function exitCodeOf({ process }: ContainerRecord): number | undefined {
  return process.kind === "exited" ? process.exit.exitCode : undefined;
}

/** Whether the containers after this init container may start. */
function isInitPassed(container: Container, record: ContainerRecord): boolean {
  if (!isSidecar(container)) return exitCodeOf(record) === 0;
  const hasHook = container.lifecycle?.postStart !== undefined;
  return record.isStarted && (!hasHook || record.postStart === "done");
}

export function isInitialized(pod: Pod, record: PodRecord): boolean {
  const inits = pod.spec.initContainers ?? [];
  // Once an app container has started, a restarting sidecar does not hold the others back.
  const hasBegun = pod.spec.containers.some(
    (each) => containerRecord(record, each.name).attempt > 0,
  );
  return hasBegun || inits.every((each) => isInitPassed(each, containerRecord(record, each.name)));
}

function hasFailedInit(pod: Pod, record: PodRecord): boolean {
  if (restartOf(pod) !== "never") return false;
  return (pod.spec.initContainers ?? []).some((each) => {
    const exitCode = exitCodeOf(containerRecord(record, each.name));
    return !isSidecar(each) && exitCode !== undefined && exitCode !== 0;
  });
}

function isOverForGood(pod: Pod, record: ContainerRecord): boolean {
  return record.process.kind === "exited" && !mayRestart(record.process.exit, restartOf(pod));
}

/** All that the pod was to do is done, or can no longer be done. Sidecars may still run. */
export function isFinished(pod: Pod, record: PodRecord): boolean {
  if (hasFailedInit(pod, record)) return true;
  if (record.failure !== undefined) {
    return pod.spec.containers.every((each) => isEnded(containerRecord(record, each.name)));
  }
  return pod.spec.containers.every((each) =>
    isOverForGood(pod, containerRecord(record, each.name)),
  );
}

function stopGoal(pod: Pod, record: PodRecord, nowMs: EpochMs): Goal {
  const { termination, failure } = record;
  if (termination === undefined) {
    const message = failure?.message;
    return {
      kind: "stop",
      graceMs: podGraceMs(pod),
      ...(message === undefined ? {} : { message }),
    };
  }
  if (termination.graceMs === 0) return { kind: "stop", graceMs: 0 };
  const leastMs = 2_000;
  const leftMs = termination.sinceMs + termination.graceMs - nowMs;
  return { kind: "stop", graceMs: Math.max(leastMs, leftMs) };
}

/** The pod is being taken down: its containers first, then the sidecars from the last to the first. */
function goalsOfStopping(pod: Pod, record: PodRecord, nowMs: EpochMs): ReadonlyMap<string, Goal> {
  const stop = stopGoal(pod, record, nowMs);
  const inits = pod.spec.initContainers ?? [];
  const goals = new Map<string, Goal>(pod.spec.containers.map((each) => [each.name, stop]));
  let mayStop = pod.spec.containers.every((each) => isEnded(containerRecord(record, each.name)));
  for (const init of inits.toReversed()) {
    goals.set(init.name, mayStop || !isSidecar(init) ? stop : { kind: "keep" });
    mayStop &&= isEnded(containerRecord(record, init.name));
  }
  return goals;
}

function goalsOfRunning(pod: Pod, record: PodRecord): ReadonlyMap<string, Goal> {
  const goals = new Map<string, Goal>();
  const hasBegun = isInitialized(pod, record);
  let isReached = true;
  for (const init of pod.spec.initContainers ?? []) {
    const restart = isSidecar(init) ? "always" : initRestartOf(pod);
    const isWanted = isSidecar(init) ? isReached || hasBegun : isReached && !hasBegun;
    goals.set(init.name, isWanted ? { kind: "run", restart } : { kind: "wait" });
    isReached &&= isInitPassed(init, containerRecord(record, init.name));
  }
  const app: Goal = hasBegun ? { kind: "run", restart: restartOf(pod) } : { kind: "wait" };
  for (const container of pod.spec.containers) goals.set(container.name, app);
  return goals;
}

/** The goal of every container by name. */
export function goalsOf(pod: Pod, record: PodRecord, nowMs: EpochMs): ReadonlyMap<string, Goal> {
  const { termination, failure } = record;
  if (termination?.isDrained === false) {
    const keep: Goal = { kind: "keep" };
    return new Map(
      [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((each) => [each.name, keep]),
    );
  }
  if (termination !== undefined || failure !== undefined || isFinished(pod, record)) {
    return goalsOfStopping(pod, record, nowMs);
  }
  return goalsOfRunning(pod, record);
}
