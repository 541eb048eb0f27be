// Events on objects, recorded once per cause: the name of the stored Event is made from the object
// and the cause, so a pass that is repeated after a crash does not tell the same thing twice.
import type { KubeEvent } from "../api/kubernetes/workloads.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { fnv1a32Text } from "../lib/fnv.ts";
import { formatTime, type EpochMs } from "../lib/time.ts";
import { isStoreError, type ObjectStore } from "../objects/object-store.ts";
import type { Clock } from "./clock.ts";

export interface RecordedEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** Tells equal texts of different occasions apart. */
  readonly cause: string;
  /** When it happened; absent: now. */
  readonly atMs?: EpochMs;
}

/** What an event has to know of the object it is about. */
export function subjectOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  const identity = {
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return { apiVersion, kind, metadata: { name, ...identity } };
}

export interface EventRecorder {
  record(object: KubeObject, event: RecordedEvent): Promise<void>;
}

export const noEvents: EventRecorder = { record: async () => undefined };

export interface StoreRecorderOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** `source.component`, e.g. `rollouts-controller`. */
  readonly component: string;
}

function eventName(object: KubeObject, { reason, message, cause }: RecordedEvent): string {
  const identity = `${object.metadata.uid ?? ""}/${reason}/${message}/${cause}`;
  const hash = fnv1a32Text(identity).toString(16).padStart(8, "0");
  const second = fnv1a32Text(`${identity}#`).toString(16).padStart(8, "0");
  // Cut where a name may end, so that the whole is a name again.
  return `${object.metadata.name.slice(0, 200).replace(/[-.]+$/, "")}.${hash}${second}`;
}

function newEvent(
  object: KubeObject,
  event: RecordedEvent,
  options: StoreRecorderOptions,
): KubeEvent {
  const at = formatTime(event.atMs ?? options.clock.now());
  const { apiVersion, kind, metadata } = subjectOf(object);
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: eventName(object, event), namespace: metadata.namespace ?? "default" },
    involvedObject: { apiVersion, kind, ...metadata },
    reason: event.reason,
    message: event.message,
    type: event.type,
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: options.component },
  };
}

/** Records into the store as core/v1 Events. A store that fails makes the pass fail, whose repetition tells it then. */
export function storeEventRecorder(options: StoreRecorderOptions): EventRecorder {
  return {
    async record(object, event) {
      try {
        await options.store.create(newEvent(object, event, options));
      } catch (error) {
        // AlreadyExists: told before. NotFound or Forbidden: the namespace is going away.
        const toldOrPointless = ["AlreadyExists", "NotFound", "Forbidden"] as const;
        if (toldOrPointless.some((reason) => isStoreError(error, reason))) return;
        throw error;
      }
    },
  };
}
