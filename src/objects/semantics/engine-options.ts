// What an engine is made of, and what it is for those who hold one.
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import type { ResourceType } from "../../api/resources.ts";
import type { Rng } from "../../lib/rng.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { ObjectStore } from "../object-store.ts";
import type { Journal } from "./ledger.ts";
import type { Change, Stored } from "./stored.ts";

/** What stands between a request and the store: defaults and validation, per kind. */
export interface AdmissionRequest {
  readonly operation: "create" | "update";
  readonly subresource?: "status" | "scale";
  readonly object: KubeObject;
  /** Only for updates. */
  readonly old?: KubeObject;
}

/** Returns the object to store; throws StoreError Invalid (or Forbidden) to refuse it. */
export type Admission = (request: AdmissionRequest) => KubeObject;

export interface EngineOptions {
  readonly clock: Clock;
  /** Chance for the endings of generated names. */
  readonly rng: Rng;
  /** Never the same twice: objects are told apart by it, and owners found. */
  readonly newUid: () => string;
  readonly typeOf?: (apiVersion: string, kind: string) => ResourceType | undefined;
  readonly admission?: Admission;
  readonly journal?: Journal;
  readonly initial?: {
    readonly objects: Iterable<Stored>;
    readonly version: number;
    readonly changes: readonly Change[];
  };
  /** How many changes watches and paged lists can look back; 4,096 if absent. */
  readonly historyLimit?: number;
  /** Watches get a bookmark after so long even if nothing changes; absent = no timers at all. */
  readonly bookmarkEveryMs?: number;
  /** False leaves dependants of deleted owners where they are; true if absent. */
  readonly garbageCollection?: boolean;
  /** Events older than this are removed when new ones come; absent = they stay. */
  readonly eventLifeMs?: number;
  /** Told when the store's own work (garbage collection) failed; it tries again by itself. */
  readonly onBackgroundError?: (error: unknown) => void;
}

export interface Engine extends ObjectStore {
  /** The version of the last change; unchanged as long as nothing was written. */
  version(): string;
  count(): number;
  /** The Scale object of a workload, or undefined if there is no such object. */
  scale(ref: ObjectRef): Promise<KubeObject | undefined>;
  /** Ends every watch, with `error` if given; afterwards every call is refused. */
  close(error?: Error): void;
}
