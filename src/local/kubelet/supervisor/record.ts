// The supervisor: what should happen next to one pod's containers, as a pure function of the pod,
// what was remembered, what was seen, and now. step.ts is the door: fold.ts takes in what happened,
// goals.ts says what is wanted of each container, act.ts moves one container towards it, status.ts
// draws the pod's status. No process, clock or store is touched here; pod-worker.ts carries out.
// May import lib and api. This file holds the shapes; a PodRecord is kept on disk as JSON.
import type { Container, Pod } from "../../../api/kubernetes/pod.ts";
import type { EpochMs } from "../../../lib/time.ts";

/** What the kubelet must not forget about a pod, written to disk before anything is done about it. */
export interface PodRecord {
  readonly version: 1;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly startedAtMs: EpochMs;
  /** Container port → port on loopback. */
  readonly ports: Readonly<Record<string, number>>;
  readonly containers: Readonly<Record<string, ContainerRecord>>;
  /** Why the pod as a whole was given up, e.g. its deadline. */
  readonly failure?: { readonly reason: string; readonly message: string };
  readonly termination?: Termination;
}

export interface Termination {
  readonly sinceMs: EpochMs;
  readonly graceMs: number;
  /** No request is on its way to the pod any more, or nobody waits for it any longer. */
  readonly isDrained: boolean;
}

export interface ContainerRecord {
  /** Numbers the processes of this container from 1; 0 before the first. */
  readonly attempt: number;
  readonly restartCount: number;
  readonly process: ProcessState;
  /** How the process before the present one ended. */
  readonly previous?: Exit;
  readonly blocked?: Blocked;
  /** How long after the next exit a restart waits. 0 until the first restart. */
  readonly backoffMs: number;
  readonly isStarted: boolean;
  readonly isReady: boolean;
  readonly postStart: "none" | "running" | "done";
  readonly stop?: Stop;
  /** Set on an exited container until nothing its command started lives any more. */
  readonly leftovers?: Leftovers;
  readonly imageId?: string;
}

export type ProcessState =
  | { readonly kind: "none" }
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly startedAtMs: EpochMs }
  | { readonly kind: "exited"; readonly exit: Exit };

export interface Exit {
  readonly startedAtMs: EpochMs;
  readonly finishedAtMs: EpochMs;
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
}

/** Why a container cannot be started, and when it is tried again. */
export interface Blocked {
  readonly reason: BlockedReason;
  readonly message: string;
  readonly failures: number;
  readonly retryAtMs: EpochMs;
}
export const blockedReasons = [
  "ErrImagePull",
  "CreateContainerConfigError",
  "CreateContainerError",
] as const;
export type BlockedReason = (typeof blockedReasons)[number];

/** A stop in progress: preStop hook, SIGTERM, SIGKILL. `killAtMs` is when patience ends. */
export interface Stop {
  readonly message?: string;
  readonly preStop: "pending" | "running" | "done";
  readonly killAtMs: EpochMs;
  readonly termAtMs?: EpochMs;
  readonly lastKillAtMs?: EpochMs;
}

/** What the command started and did not end itself: SIGTERM at once, SIGKILL when patience ends. */
export interface Leftovers {
  readonly killAtMs: EpochMs;
  readonly isTerminated: boolean;
  readonly lastKillAtMs?: EpochMs;
}

/** Counters of probes. Not kept on disk: an adopted container keeps its readiness and is asked anew. */
export interface ProbeMemory {
  readonly attempt: number;
  readonly nextAtMs: EpochMs;
  readonly isInFlight: boolean;
  readonly successes: number;
  readonly failures: number;
  readonly hasSucceeded: boolean;
  /** Extra checks made before the first success; they never count as failures. */
  readonly eagerChecks: number;
}
export const probeKinds = ["startup", "readiness", "liveness"] as const;
export type ProbeKind = (typeof probeKinds)[number];
export type ProbeTable = Readonly<Partial<Record<ProbeKind, ProbeMemory>>>;

export interface PodMemory {
  readonly record: PodRecord;
  readonly probes: Readonly<Record<string, ProbeTable>>;
  /** When this kubelet began to wait for the pod's requests; an earlier one's waiting is not known. */
  readonly drainingSinceMs?: EpochMs;
}

export type ProcessFact =
  /** Being launched by this very kubelet; nothing is known yet. */
  | { readonly kind: "pending" }
  | { readonly kind: "absent" }
  | { readonly kind: "running"; readonly startedAtMs: EpochMs }
  /** The command ended, processes it started did not. */
  | (EndedFact & { readonly kind: "lingering" })
  | (EndedFact & { readonly kind: "exited" });
/** `exitCode` is undefined when nobody lived to write it down. */
export interface EndedFact {
  readonly startedAtMs: EpochMs;
  readonly finishedAtMs: EpochMs;
  readonly exitCode: number | undefined;
}

/** The outcome of an action; those of earlier attempts are ignored. */
export type Result = { readonly container: string; readonly attempt: number } & (
  | { readonly kind: "launched"; readonly imageId: string }
  | { readonly kind: "blocked"; readonly reason: BlockedReason; readonly message: string }
  | {
      readonly kind: "hook";
      readonly hook: HookName;
      readonly isOk: boolean;
      readonly message: string;
    }
  | {
      readonly kind: "probe";
      readonly probe: ProbeKind;
      readonly isOk: boolean;
      readonly message: string;
    }
);
export type HookName = "postStart" | "preStop";

export interface Observation {
  readonly pod: Pod;
  /** By container name, for the container's present attempt. */
  readonly processes: Readonly<Record<string, ProcessFact>>;
  readonly results: readonly Result[];
  readonly isDrained: boolean;
}

export type Action =
  | { readonly kind: "launch"; readonly container: string; readonly attempt: number }
  | { readonly kind: "terminate" | "kill"; readonly container: string; readonly attempt: number }
  | {
      readonly kind: "hook";
      readonly container: string;
      readonly attempt: number;
      readonly hook: HookName;
    }
  | {
      readonly kind: "probe";
      readonly container: string;
      readonly attempt: number;
      readonly probe: ProbeKind;
    }
  | { readonly kind: "drain" }
  | { readonly kind: "remove" }
  | PodEvent;
export interface PodEvent {
  readonly kind: "event";
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** How patient the kubelet is; the defaults are Kubernetes'. */
export interface SupervisorTiming {
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** A container that ran this long is forgiven its earlier exits. */
  readonly backoffResetMs: number;
  readonly blockedRetryBaseMs: number;
  readonly blockedRetryMaxMs: number;
  /** What SIGTERM is given even when nothing of the grace period is left. */
  readonly leastTermMs: number;
}

export const defaultTiming: SupervisorTiming = {
  backoffBaseMs: 10_000,
  backoffMaxMs: 300_000,
  backoffResetMs: 600_000,
  // Kubernetes waits up to five minutes here; looking for a directory or a ConfigMap costs nothing.
  blockedRetryBaseMs: 2_000,
  blockedRetryMaxMs: 30_000,
  leastTermMs: 2_000,
};

export const freshContainer: ContainerRecord = {
  attempt: 0,
  restartCount: 0,
  process: { kind: "none" },
  backoffMs: 0,
  isStarted: false,
  isReady: false,
  postStart: "none",
};

export function freshRecord(pod: Pod, nowMs: EpochMs): PodRecord {
  const { name, namespace = "", uid = "" } = pod.metadata;
  return { version: 1, uid, namespace, name, startedAtMs: nowMs, ports: {}, containers: {} };
}

export function containerRecord(record: PodRecord, name: string): ContainerRecord {
  return record.containers[name] ?? freshContainer;
}

/** An init container that keeps running beside the others. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

export function allContainers(pod: Pod): readonly Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
}

/** Nothing of the container lives: neither its command nor what that left behind. */
export function isEnded({ process, leftovers }: ContainerRecord): boolean {
  return (process.kind === "none" || process.kind === "exited") && leftovers === undefined;
}

export function podGraceMs(pod: Pod): number {
  return (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
}
