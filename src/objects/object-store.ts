// objects: where objects live. This file is the port; each folder beside it is one store
// (memory, sqlite, kubernetes), all answering conformance.ts. A store keeps Kubernetes'
// promises (optimistic concurrency, generation, status subresource, finalizers, owner garbage
// collection, watches) and decides nothing. Stores may import lib, api and runtime/clock.ts.
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import type { LabelSelector } from "../api/meta/label-selector.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../lib/json.ts";

/** Which objects a list or a watch covers. Without namespace: all namespaces. */
export interface ListScope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly labelSelector?: LabelSelector;
  /** Exact matches on dotted paths, e.g. `{ "metadata.name": "shop" }`. */
  readonly fieldSelector?: Readonly<Record<string, string>>;
  /** Leaves out what has one of these values, e.g. `{ path: "status.phase", value: "Running" }`. */
  readonly fieldExclusions?: readonly FieldExclusion[];
}

export interface FieldExclusion {
  readonly path: string;
  readonly value: string;
}

export interface ListPage {
  readonly limit?: number;
  readonly continueToken?: string;
  /** The list as it was at this version (`resourceVersionMatch=Exact`); Expired when no longer known. */
  readonly atVersion?: string;
}

export interface ObjectList<T extends KubeObject> {
  readonly items: readonly T[];
  /** The version the list was read at; a watch from here misses nothing. */
  readonly resourceVersion: string;
  readonly continueToken?: string;
  /** How many items later pages hold, where the store knows it. */
  readonly remainingItemCount?: number;
}

export type WatchEvent<T extends KubeObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export interface WatchOptions {
  /** Start after this version; throws `Expired` (410) when it is no longer known. "" or "0": first an ADDED for everything there is. */
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
}

export type Patch =
  | { readonly type: "merge"; readonly body: JsonObject }
  | { readonly type: "json"; readonly body: readonly JsonObject[] }
  | { readonly type: "strategic"; readonly body: JsonObject }
  | {
      readonly type: "apply";
      readonly body: JsonObject;
      readonly fieldManager: string;
      readonly force: boolean;
    };

export interface WriteOptions {
  /**
   * Writes only this part; a write without it never changes the status of kinds that have one. With
   * `scale`, the object has its own apiVersion and kind but the shape of an autoscaling/v1 Scale
   * (`spec.replicas`), and the answer is that Scale.
   */
  readonly subresource?: "status" | "scale";
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
}

export interface DeleteOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagation?: "Background" | "Foreground" | "Orphan";
  readonly gracePeriodSeconds?: number;
}

/** The object API. Every method rejects with a StoreError when the world refuses. */
export interface ObjectStore {
  get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined>;
  list<T extends KubeObject>(scope: ListScope, page?: ListPage): Promise<ObjectList<T>>;
  /** `metadata.name`, or `generateName` with a random ending. Rejects with AlreadyExists. */
  create<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T>;
  /** Conflict if `metadata.resourceVersion` is given and no longer current; NotFound if gone. */
  update<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<T>;
  /** Resolves once accepted; finalizers and grace periods may keep the object for a while. */
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  /** Ends when the signal aborts; throws a StoreError when it cannot go on. */
  watch<T extends KubeObject>(
    scope: ListScope,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
}

/** Kubernetes' reasons, with their HTTP codes. `Unavailable` and `Timeout` may have committed. */
export const storeErrorCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;
export type StoreErrorReason = keyof typeof storeErrorCodes;

/** What went wrong in a store, in Kubernetes' terms (the `reason` of its Status object). */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly reason: StoreErrorReason;
  readonly details: Json | undefined;

  constructor(
    reason: StoreErrorReason,
    message: string,
    options: { details?: Json; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.details = options.details;
  }

  get code(): number {
    return storeErrorCodes[this.reason];
  }
}

export function isStoreError(error: unknown, reason?: StoreErrorReason): error is StoreError {
  return error instanceof StoreError && (reason === undefined || error.reason === reason);
}

/** A Forbidden that no right would change: the namespace takes nothing new, because it is going away. */
export function isNamespaceEnding(error: unknown): boolean {
  if (!isStoreError(error, "Forbidden") || !isJsonObject(error.details)) return false;
  const { causes } = error.details;
  return (
    isJsonArray(causes) &&
    causes.some((cause) => isJsonObject(cause) && cause["reason"] === "NamespaceTerminating")
  );
}
