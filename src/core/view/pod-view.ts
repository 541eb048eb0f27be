// core/view: objects as people look at them: the tree of `get rollout`, lists, the dashboard.
// Pure; imports lib, api and core/rollout. A new screen's numbers are computed here, drawn elsewhere.
import type { ContainerStatus, Pod } from "../../api/kubernetes/pod.ts";

export interface PodView {
  readonly name: string;
  readonly namespace: string;
  readonly createdAt: string | undefined;
  /** As kubectl prints it: Running, Init:0/1, CrashLoopBackOff, Terminating … */
  readonly status: string;
  /** "1/2" */
  readonly ready: string;
  readonly restarts: number;
}

function reasonOf({ state }: ContainerStatus): string | undefined {
  if (state?.waiting?.reason) return state.waiting.reason;
  const terminated = state?.terminated;
  if (!terminated) return undefined;
  if (terminated.reason) return terminated.reason;
  const { signal = 0, exitCode } = terminated;
  return signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`;
}

function initStatus(pod: Pod): string | undefined {
  const statuses = pod.status?.initContainerStatuses ?? [];
  const specs = pod.spec.initContainers ?? [];
  for (const [index, status] of statuses.entries()) {
    const isSidecar = specs.find((spec) => spec.name === status.name)?.restartPolicy === "Always";
    if (status.state?.terminated?.exitCode === 0 || (isSidecar && status.started === true))
      continue;
    const reason = reasonOf(status);
    if (status.state?.terminated) return `Init:${reason ?? "Error"}`;
    if (reason !== undefined && reason !== "PodInitializing") return `Init:${reason}`;
    return `Init:${index}/${specs.length}`;
  }
  return undefined;
}

function runningStatus(pod: Pod, fallback: string): string {
  const statuses = pod.status?.containerStatuses ?? [];
  const reasons = statuses
    .map((status) => reasonOf(status))
    .filter((reason) => reason !== undefined);
  const reason = reasons.at(0) ?? fallback;
  const hasRunning = statuses.some((status) => status.ready && status.state?.running !== undefined);
  return reason === "Completed" && hasRunning ? "Running" : reason;
}

/** The STATUS column of `kubectl get pods`. */
export function podStatus(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) {
    return pod.status?.reason === "NodeLost" ? "Unknown" : "Terminating";
  }
  const fallback = pod.status?.reason ?? pod.status?.phase ?? "Pending";
  return initStatus(pod) ?? runningStatus(pod, fallback);
}

export function podView(pod: Pod): PodView {
  const statuses = pod.status?.containerStatuses ?? [];
  const readyCount = statuses.filter((status) => status.ready).length;
  return {
    name: pod.metadata.name,
    namespace: pod.metadata.namespace ?? "",
    createdAt: pod.metadata.creationTimestamp,
    status: podStatus(pod),
    ready: `${readyCount}/${pod.spec.containers.length}`,
    restarts: statuses.reduce((sum, status) => sum + status.restartCount, 0),
  };
}
