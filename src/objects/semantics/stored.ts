// objects/semantics: Kubernetes' promises over a table in memory, shared by the stores that hold
// their objects themselves (memory, sqlite). engine.ts is the store; one file beside it per rule:
// metadata, deletion, patches, server-side apply, scale, selectors, watches, garbage collection.
// May import lib, api, objects/object-store.ts and runtime/clock.ts. A new promise gets a file here,
// a question in ../conformance.ts, and a line in engine.ts.
import type {
  ManagedFieldsEntry,
  ObjectRef,
  OwnerReference,
  StringMap,
} from "../../api/meta/object.ts";
import type { Json, JsonObject } from "../../lib/json.ts";

export type StoredOwner = OwnerReference & JsonObject;
export type StoredManagedFields = Omit<ManagedFieldsEntry, "fieldsV1"> &
  JsonObject & { readonly fieldsV1?: JsonObject };

/** Metadata as the store keeps it: what the store itself fills in is always there. */
export interface StoredMeta {
  readonly [key: string]: Json | undefined;
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: StringMap;
  readonly annotations?: StringMap;
  readonly ownerReferences?: readonly StoredOwner[];
  readonly finalizers?: readonly string[];
  readonly managedFields?: readonly StoredManagedFields[];
}

/** An object in the store: deeply frozen JSON, shared by reference with whoever reads it. */
export interface Stored {
  readonly [key: string]: Json | undefined;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: StoredMeta;
}

/** One entry of the history: what an object was and what it became. A DELETED one carries its last state. */
export interface Change {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: Stored;
  readonly previous: Stored | undefined;
}

export function kindKeyOf(of: { readonly apiVersion: string; readonly kind: string }): string {
  return `${of.apiVersion} ${of.kind}`;
}

/** Where an object stands within its kind. Names hold no slash, so this is unique. */
export function placeOf(of: { readonly namespace?: string; readonly name: string }): string {
  return `${of.namespace ?? ""}/${of.name}`;
}

export function refOfStored(object: Stored): ObjectRef {
  const { name, namespace = "" } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, namespace, name };
}
