// What the API server is given: the store it serves, and ports to what only other rooms know.
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";

/** One `kubectl logs`: what of which container's log. The reader applies all of it. */
export interface LogRequest {
  readonly pod: ObjectRef;
  readonly container: string;
  /** Goes on until the container has ended, or `signal` aborts. */
  readonly follow: boolean;
  /** The instance before the last restart. */
  readonly previous: boolean;
  /** Each line begins with its RFC 3339 time and a space. */
  readonly timestamps: boolean;
  /** Only lines at or after this moment. */
  readonly sinceMs: EpochMs | undefined;
  readonly tailLines: number | undefined;
  readonly signal: AbortSignal;
}

/** Rejects with a StoreError (BadRequest, NotFound) where there is no such log. Chunks may cut lines anywhere. */
export type ReadLogs = (request: LogRequest) => Promise<AsyncIterable<Uint8Array | string>>;

export interface ContainerUsage {
  readonly name: string;
  readonly cpuMillicores: number;
  readonly memoryBytes: number;
}

export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  readonly measuredAtMs: EpochMs;
  /** How long the CPU was measured. */
  readonly windowMs: number;
  readonly containers: readonly ContainerUsage[];
}

/** What the API server needs to answer requests, however they arrive. */
export interface ApiOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent: pods have no logs here, and asking for them is MethodNotAllowed. */
  readonly readLogs?: ReadLogs;
  /** Absent: metrics.k8s.io is not served. */
  readonly podUsage?: () => Promise<readonly PodUsage[]>;
  /**
   * What a strict reader finds in an object, in Kubernetes' words: `unknown field "spec.stratgy"`.
   * Absent: the fields the schemas of api/schema do not have.
   */
  readonly validateFields?: (object: KubeObject) => readonly string[];
  /** The text of /metrics in Prometheus' format. */
  readonly metricsText?: () => Promise<string>;
  /** Empty = ready; otherwise what is not, for /readyz. */
  readonly notReady?: () => readonly string[];
  /** The version shown by `kubectl version` behind `+haldane.`; "0.0.0" if absent. */
  readonly haldaneVersion?: string;
}
