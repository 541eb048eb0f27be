// The pod's status as the API shows it, drawn from the record. A condition keeps its transition time
// while its status stays; conditions of others (readiness gates) are kept as they are.
import type {
  Condition,
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodPhase,
  PodStatus,
} from "../../../api/kubernetes/pod.ts";
import { formatTime } from "../../../lib/time.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { mayRestart } from "./act.ts";
import { isFinished, isInitialized, restartOf } from "./goals.ts";
import { containerRecord, isSidecar } from "./record.ts";
import type { ContainerRecord, Exit, PodRecord } from "./record.ts";

const podAddress = "127.0.0.1";

function terminated(exit: Exit): ContainerState {
  return {
    terminated: {
      exitCode: exit.exitCode,
      reason: exit.reason,
      startedAt: formatTime(exit.startedAtMs),
      finishedAt: formatTime(exit.finishedAtMs),
      ...(exit.signal === undefined ? {} : { signal: exit.signal }),
      ...(exit.message === undefined ? {} : { message: exit.message }),
    },
  };
}

interface View {
  readonly pod: Pod;
  readonly record: PodRecord;
  readonly isInit: boolean;
}

function willRestart(container: Container, exit: Exit, { pod, record, isInit }: View): boolean {
  if (record.termination !== undefined || record.failure !== undefined) return false;
  if (isInit && isSidecar(container)) return !isFinished(pod, record);
  const restart = restartOf(pod);
  return mayRestart(exit, isInit && restart !== "never" ? "onFailure" : restart);
}

function waitingState(container: Container, record: ContainerRecord, view: View): ContainerState {
  const { blocked } = record;
  if (blocked === undefined) {
    const hasInits = (view.pod.spec.initContainers ?? []).length > 0;
    const reason =
      hasInits && !isInitialized(view.pod, view.record) ? "PodInitializing" : "ContainerCreating";
    return { waiting: { reason } };
  }
  const isRepeated = blocked.reason === "ErrImagePull" && blocked.failures > 1;
  if (!isRepeated) return { waiting: { reason: blocked.reason, message: blocked.message } };
  const message = `Back-off pulling image "${container.image ?? ""}": ${blocked.message}`;
  return { waiting: { reason: "ImagePullBackOff", message } };
}

function crashLoop(container: Container, record: ContainerRecord, pod: Pod): ContainerState {
  const { name, namespace = "", uid = "" } = pod.metadata;
  const seconds = record.backoffMs / 1000;
  const message = `back-off ${seconds}s restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`;
  return { waiting: { reason: "CrashLoopBackOff", message } };
}

/** The present state and the one before it. */
function statesOf(
  container: Container,
  record: ContainerRecord,
  view: View,
): Pick<ContainerStatus, "state" | "lastState"> {
  const { process, previous } = record;
  const last = previous === undefined ? {} : { lastState: terminated(previous) };
  switch (process.kind) {
    case "none":
      return { state: waitingState(container, record, view), ...last };
    case "starting":
      return previous === undefined
        ? { state: waitingState(container, record, view) }
        : { state: terminated(previous), ...last };
    case "running":
      return { state: { running: { startedAt: formatTime(process.startedAtMs) } }, ...last };
    case "exited": {
      const now = terminated(process.exit);
      const isAwaited =
        record.leftovers === undefined && willRestart(container, process.exit, view);
      if (!isAwaited) return { state: now, ...last };
      return { state: crashLoop(container, record, view.pod), lastState: now };
    }
  }
}

function containerStatus(container: Container, view: View): ContainerStatus {
  const record = containerRecord(view.record, container.name);
  const isDone = view.isInit && !isSidecar(container) && exitCodeOf(record) === 0;
  const { uid } = view.record;
  return {
    name: container.name,
    ...statesOf(container, record, view),
    ready: isDone || record.isReady,
    started: record.isStarted && record.process.kind === "running",
    restartCount: record.restartCount,
    image: container.image ?? "",
    imageID: record.imageId ?? "",
    ...(record.attempt === 0
      ? {}
      : { containerID: `process://${uid}/${container.name}/${record.attempt}` }),
  };
}

function exitCodeOf({ process }: ContainerRecord): number | undefined {
  return process.kind === "exited" ? process.exit.exitCode : undefined;
}

/** Kubernetes' rules: Pending until every container has run once, then by how the containers are. */
export function phaseOf(pod: Pod, record: PodRecord): PodPhase {
  if (isFinished(pod, record)) {
    const codes = pod.spec.containers.map((each) => exitCodeOf(containerRecord(record, each.name)));
    return record.failure === undefined && codes.every((code) => code === 0)
      ? "Succeeded"
      : "Failed";
  }
  const records = pod.spec.containers.map((each) => containerRecord(record, each.name));
  const hasRunOnce = (each: ContainerRecord): boolean =>
    each.process.kind === "running" ||
    each.process.kind === "exited" ||
    each.previous !== undefined;
  return records.every((each) => hasRunOnce(each)) ? "Running" : "Pending";
}

interface Claim {
  readonly type: string;
  readonly isTrue: boolean;
  readonly reason?: string;
  readonly message?: string;
}

function initializedClaim(pod: Pod, record: PodRecord): Claim {
  if (isInitialized(pod, record)) return { type: "Initialized", isTrue: true };
  const names = (pod.spec.initContainers ?? [])
    .filter(
      (each) =>
        exitCodeOf(containerRecord(record, each.name)) !== 0 &&
        !containerRecord(record, each.name).isStarted,
    )
    .map((each) => each.name);
  const message = `containers with incomplete status: [${names.join(" ")}]`;
  return { type: "Initialized", isTrue: false, reason: "ContainersNotInitialized", message };
}

function containersReadyClaim(pod: Pod, record: PodRecord): Claim {
  const type = "ContainersReady";
  const phase = phaseOf(pod, record);
  if (phase === "Succeeded" || phase === "Failed") {
    return { type, isTrue: false, reason: phase === "Failed" ? "PodFailed" : "PodCompleted" };
  }
  const counted = [
    ...(pod.spec.initContainers ?? []).filter((each) => isSidecar(each)),
    ...pod.spec.containers,
  ];
  const unready = counted.filter((each) => !containerRecord(record, each.name).isReady);
  if (unready.length === 0) return { type, isTrue: true };
  const names = unready.map((each) => each.name).join(" ");
  return {
    type,
    isTrue: false,
    reason: "ContainersNotReady",
    message: `containers with unready status: [${names}]`,
  };
}

function readyClaim(pod: Pod, record: PodRecord, containers: Claim): Claim {
  const type = "Ready";
  if (!containers.isTrue) return { ...containers, type };
  if (record.termination !== undefined) {
    return { type, isTrue: false, reason: "PodTerminating", message: "the pod is being deleted" };
  }
  const isOpen = (gate: string): boolean =>
    pod.status?.conditions?.some((each) => each.type === gate && each.status === "True") ?? false;
  const closed = (pod.spec.readinessGates ?? [])
    .map((gate) => gate.conditionType)
    .filter((gate) => !isOpen(gate));
  if (closed.length === 0) return { type, isTrue: true };
  const message = closed
    .map((gate) => `the status of pod readiness gate "${gate}" is not "True"`)
    .join(", ");
  return { type, isTrue: false, reason: "ReadinessGatesNotReady", message };
}

function withTimes(
  claims: readonly Claim[],
  before: readonly Condition[],
  nowMs: EpochMs,
): readonly Condition[] {
  const own = claims.map(({ type, isTrue, reason, message }): Condition => {
    const status = isTrue ? "True" : "False";
    const known = before.find((each) => each.type === type);
    const isSame = known?.status === status && known.lastTransitionTime !== undefined;
    return {
      type,
      status,
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
      lastTransitionTime: isSame ? known.lastTransitionTime : formatTime(nowMs),
    };
  });
  const types = new Set(claims.map((claim) => claim.type));
  return [...own, ...before.filter((each) => !types.has(each.type))];
}

/** The status to report; equal to the pod's own when nothing changed. */
export function statusOf(pod: Pod, record: PodRecord, nowMs: EpochMs): PodStatus {
  const containersReady = containersReadyClaim(pod, record);
  const claims: readonly Claim[] = [
    { type: "PodScheduled", isTrue: true },
    initializedClaim(pod, record),
    containersReady,
    readyClaim(pod, record, containersReady),
  ];
  const inits = pod.spec.initContainers ?? [];
  const { failure } = record;
  const {
    reason: _reason,
    message: _message,
    initContainerStatuses: _inits,
    ...rest
  } = pod.status ?? {};
  return {
    ...rest,
    phase: phaseOf(pod, record),
    ...(failure === undefined ? {} : failure),
    hostIP: podAddress,
    podIP: podAddress,
    startTime: formatTime(record.startedAtMs),
    conditions: withTimes(claims, pod.status?.conditions ?? [], nowMs),
    containerStatuses: pod.spec.containers.map((each) =>
      containerStatus(each, { pod, record, isInit: false }),
    ),
    ...(inits.length === 0
      ? {}
      : {
          initContainerStatuses: inits.map((each) =>
            containerStatus(each, { pod, record, isInit: true }),
          ),
        }),
  };
}
