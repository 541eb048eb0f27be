// The Pod's columns. Its Status is not a field: it is the most telling reason among phase, init
// containers, containers and deletion, found in the order kubectl's users are used to.
import type { ContainerState, ContainerStatus, Pod } from "../../../api/kubernetes/pod.ts";
import { parseTime, type EpochMs } from "../../../lib/time.ts";
import { ageColumn, nameColumn, since } from "./cells.ts";
import type { Column } from "./table.ts";

interface Summary {
  readonly status: string;
  readonly readyContainers: number;
  readonly totalContainers: number;
  readonly restarts: number;
  readonly lastRestart: string | undefined;
}

function endText({ terminated }: ContainerState): string {
  const { reason = "", signal = 0, exitCode = 0 } = terminated ?? {};
  if (reason !== "") return reason;
  return signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`;
}

/** Sidecars are init containers that go on running; their readiness and restarts count like a container's. */
function sidecarNames(pod: Pod): readonly string[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(
    ({ restartPolicy }) => restartPolicy === "Always",
  );
  return sidecars.map(({ name }) => name);
}

/** What an init container says about the pod; undefined when it has done its part. */
function initReason(
  status: ContainerStatus,
  isSidecar: boolean,
): { reason: string | undefined } | undefined {
  const { terminated, waiting } = status.state ?? {};
  if (terminated?.exitCode === 0) return undefined;
  if (isSidecar && status.started === true) return undefined;
  if (terminated) return { reason: `Init:${endText({ terminated })}` };
  const { reason = "" } = waiting ?? {};
  return { reason: reason === "" || reason === "PodInitializing" ? undefined : `Init:${reason}` };
}

function initializing(pod: Pod, sidecars: readonly string[]): string | undefined {
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, status] of statuses.entries()) {
    const held = initReason(status, sidecars.includes(status.name));
    if (held)
      return held.reason ?? `Init:${index}/${pod.spec.initContainers?.length ?? statuses.length}`;
  }
  return undefined;
}

function isInitialized(pod: Pod): boolean {
  return (
    pod.status?.conditions?.some(
      ({ type, status }) => type === "Initialized" && status === "True",
    ) ?? false
  );
}

function isReady(pod: Pod): boolean {
  return (
    pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ??
    false
  );
}

function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** The reason of the first container that has one; containers that run say nothing. */
function containerReason(statuses: readonly ContainerStatus[]): string | undefined {
  for (const { state } of statuses) {
    const waiting = state?.waiting?.reason ?? "";
    if (waiting !== "") return waiting;
    if (state?.terminated) return endText(state);
  }
  return undefined;
}

function isRunning(status: ContainerStatus): boolean {
  return status.ready && status.state?.running !== undefined;
}

function runningReason(pod: Pod, before: string): string {
  const statuses = pod.status?.containerStatuses ?? [];
  const reason = containerReason(statuses) ?? before;
  if (reason !== "Completed" || !statuses.some((status) => isRunning(status))) return reason;
  return isReady(pod) ? "Running" : "NotReady";
}

function statusText(pod: Pod, initReasonText: string | undefined): string {
  const { reason = "", phase = "" } = pod.status ?? {};
  if (pod.metadata.deletionTimestamp !== undefined && !hasEnded(pod)) {
    return reason === "NodeLost" ? "Unknown" : "Terminating";
  }
  const overall = reason === "" ? phase : reason;
  if (initReasonText !== undefined && !isInitialized(pod)) return initReasonText;
  return runningReason(pod, initReasonText ?? overall);
}

function latestEnd(statuses: readonly ContainerStatus[]): string | undefined {
  const ends = statuses.flatMap(({ lastState }) => lastState?.terminated?.finishedAt ?? []);
  return ends.reduce<string | undefined>((latest, end) => {
    return latest === undefined || (parseTime(end) ?? 0) > (parseTime(latest) ?? 0) ? end : latest;
  }, undefined);
}

function restartsOf(statuses: readonly ContainerStatus[]): number {
  return statuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
}

export function summaryOf(pod: Pod): Summary {
  const sidecars = sidecarNames(pod);
  const initStatuses = pod.status?.initContainerStatuses ?? [];
  const held = initializing(pod, sidecars);
  const isHeld = held !== undefined && !isInitialized(pod);
  const sidecarStatuses = initStatuses.filter(({ name }) => sidecars.includes(name));
  // While init containers run, their restarts are the pod's; afterwards only the sidecars' remain.
  const main = pod.status?.containerStatuses ?? [];
  const counted = isHeld ? initStatuses : [...sidecarStatuses, ...main];
  const readySidecars = sidecarStatuses.filter(({ started, ready }) => started === true && ready);
  return {
    status: statusText(pod, held),
    readyContainers:
      readySidecars.length + (isHeld ? 0 : main.filter((status) => isRunning(status)).length),
    totalContainers: pod.spec.containers.length + sidecars.length,
    restarts: restartsOf(counted),
    lastRestart: latestEnd(counted),
  };
}

function restartsText(pod: Pod, nowMs: EpochMs): string {
  const { restarts, lastRestart } = summaryOf(pod);
  return restarts === 0 || lastRestart === undefined
    ? String(restarts)
    : `${restarts} (${since(lastRestart, nowMs)} ago)`;
}

function gatesText(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const holds = (conditionType: string): boolean =>
    pod.status?.conditions?.some(
      ({ type, status }) => type === conditionType && status === "True",
    ) ?? false;
  return `${gates.filter(({ conditionType }) => holds(conditionType)).length}/${gates.length}`;
}

function orNone(text: string | undefined): string {
  return text === undefined || text === "" ? "<none>" : text;
}

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  {
    name: "Ready",
    type: "string",
    description: "How many of the pod's containers are ready.",
    cell: (pod) => `${summaryOf(pod).readyContainers}/${summaryOf(pod).totalContainers}`,
  },
  {
    name: "Status",
    type: "string",
    description: "What the pod and its containers are doing.",
    cell: (pod) => summaryOf(pod).status,
  },
  {
    name: "Restarts",
    type: "string",
    description: "How often containers of the pod were restarted, and when last.",
    cell: restartsText,
  },
  ageColumn,
  {
    name: "IP",
    type: "string",
    description: "The address of the pod.",
    wide: true,
    cell: (pod) => orNone(pod.status?.podIP),
  },
  {
    name: "Node",
    type: "string",
    description: "The machine the pod runs on.",
    wide: true,
    cell: (pod) => orNone(pod.spec.nodeName),
  },
  {
    name: "Nominated Node",
    type: "string",
    description: "The machine others are moved away from for this pod.",
    wide: true,
    cell: () => "<none>",
  },
  {
    name: "Readiness Gates",
    type: "string",
    description: "How many of the pod's readiness gates hold.",
    wide: true,
    cell: gatesText,
  },
];
