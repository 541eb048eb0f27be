// What a pod's worker is given, and what its helpers may do to the pod in its care.
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { EventRecorder } from "../../runtime/events.ts";
import type { Logger } from "../../runtime/log.ts";
import type { ConfigSource } from "./launch/environment.ts";
import type { ImageConfig } from "./launch/images.ts";
import type { PortBook } from "./launch/ports.ts";
import type { ContainerProcesses } from "./process/container-process.ts";
import type { PodEvent, PodRecord, SupervisorTiming } from "./supervisor/record.ts";

/** Resolves when no request is on its way to the pod any more, and none will be sent. */
export interface DrainGate {
  drained(pod: Pod, signal: AbortSignal): Promise<void>;
}

/** For clusters without a gateway: nothing has to be waited for. */
export const openDrainGate: DrainGate = { drained: async () => undefined };

export interface WorkerTools {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly log: Logger;
  readonly processes: ContainerProcesses;
  readonly ports: PortBook;
  readonly drainGate: DrainGate;
  readonly source: ConfigSource;
  readonly images: () => ImageConfig;
  readonly timing: SupervisorTiming;
  readonly logRoot: string;
  /** Dates what is written to a log from now on. */
  readonly followLog: (path: string) => void;
  readonly nodeName: string;
  /** The newest version of the pod after our own write. */
  readonly remember: (pod: Pod) => void;
  /** Puts the record on disk; when it returns, a crash cannot lose it. */
  readonly save: (record: PodRecord) => void;
}

/** The pod as its worker holds it now. */
export interface PodInCare {
  readonly pod: Pod;
  readonly record: PodRecord;
  /** Aborted when the kubelet stops: nothing may be begun from then on. */
  readonly signal: AbortSignal;
  /** Puts the ports on record and on disk. */
  recordPorts(ports: PodRecord["ports"]): void;
  /** Takes over the version of the pod that our own write made. */
  replace(pod: Pod): void;
  tell(type: PodEvent["type"], reason: string, message: string): Promise<void>;
}
