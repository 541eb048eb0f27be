// resources: HTTP verbs on stored kinds, each translated into one call of the object store and back.
// Nothing here knows how a patch merges or when an object goes: the store does. One file per verb or
// subresource; ../dispatch.ts picks. A new subresource: a file here, a line there and in discovery.
import { apiVersionOf, type KubeObject, type ObjectRef } from "../../../api/meta/object.ts";
import type { ResourceType } from "../../../api/resources.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { formatTime, parseTime } from "../../../lib/time.ts";
import { StoreError } from "../../../objects/object-store.ts";

/** What a request is about: a kind, and within it a namespace, maybe one object. */
export interface Target {
  readonly type: ResourceType;
  /** undefined = all namespaces, or a kind that belongs to none. */
  readonly namespace: string | undefined;
}

export interface ObjectTarget extends Target {
  readonly name: string;
}

export function refOfTarget({ type, namespace = "", name }: ObjectTarget): ObjectRef {
  return { apiVersion: apiVersionOf(type), kind: type.kind, namespace, name };
}

export function resourceName({ plural, group }: ResourceType): string {
  return group === "" ? plural : `${plural}.${group}`;
}

export function detailsOf({ plural, group }: ResourceType, name: string): JsonObject {
  return { name, ...(group === "" ? {} : { group }), kind: plural };
}

export function notFound(type: ResourceType, name: string): StoreError {
  return new StoreError("NotFound", `${resourceName(type)} "${name}" not found`, {
    details: detailsOf(type, name),
  });
}

/** 422 about a parameter rather than an object, in Kubernetes' words. */
export function invalidOption(kind: string, field: string, message: string): StoreError {
  return new StoreError("Invalid", `${kind}.meta.k8s.io "" is invalid: ${field}: ${message}`, {
    details: {
      group: "meta.k8s.io",
      kind,
      causes: [{ reason: "FieldValueInvalid", message, field }],
    },
  });
}

/** A value of a body as messages name it. */
export function shown(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function badRequest(message: string): StoreError {
  return new StoreError("BadRequest", message);
}

function checkedKind(type: ResourceType, body: JsonObject): { apiVersion: string; kind: string } {
  const apiVersion = apiVersionOf(type);
  const { apiVersion: writtenVersion = "", kind: writtenKind = "" } = body;
  if (writtenVersion !== "" && writtenVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${shown(writtenVersion)}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (writtenKind !== "" && writtenKind !== type.kind) {
    throw badRequest(
      `the kind in the data (${shown(writtenKind)}) does not match the expected kind (${type.kind})`,
    );
  }
  return { apiVersion, kind: type.kind };
}

/** The namespace of the path, unless the body says another one. */
function checkedNamespace({ type, namespace }: Target, metadata: JsonObject): JsonObject {
  const { namespace: written = "" } = metadata;
  if (!type.namespaced || namespace === undefined || written === namespace) return metadata;
  if (written === "") return { ...metadata, namespace };
  throw badRequest(
    "the namespace of the provided object does not match the namespace sent on the request",
  );
}

function checkedName(name: string | undefined, metadata: JsonObject): JsonObject {
  const { name: written = "" } = metadata;
  if (name === undefined || written === name) return metadata;
  if (written === "") return { ...metadata, name };
  throw badRequest(
    `the name of the object (${shown(written)}) does not match the name on the URL (${name})`,
  );
}

const timesInMetadata = ["creationTimestamp", "deletionTimestamp"];

/** Times of metadata have whole seconds in Kubernetes; JavaScript's clients send them back with `.000`. */
function withWholeSeconds(metadata: JsonObject): JsonObject {
  const rewritten = timesInMetadata.flatMap((key) => {
    const atMs = parseTime(textOrUndefined(metadata[key]));
    return atMs === undefined ? [] : [[key, formatTime(atMs)] as const];
  });
  return { ...metadata, ...Object.fromEntries(rewritten) };
}

function textOrUndefined(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * A body as an object of the target's kind: kind, namespace and name are filled in from the path
 * where they are missing and refused where they differ. The store checks everything else.
 */
export function objectFrom(
  body: JsonObject,
  target: Target & { readonly name?: string },
): KubeObject {
  const { metadata = {} } = body;
  if (!isJsonObject(metadata)) throw badRequest("metadata must be an object");
  const placed = checkedName(target.name, checkedNamespace(target, withWholeSeconds(metadata)));
  const object: JsonObject = { ...body, ...checkedKind(target.type, body), metadata: placed };
  return object as unknown as KubeObject;
}
