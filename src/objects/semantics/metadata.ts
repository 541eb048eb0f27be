// What the store fills in and guards in metadata, whoever writes.
import type { ResourceType } from "../../api/resources.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import { formatTime, type EpochMs } from "../../lib/time.ts";
import { StoreError } from "../object-store.ts";
import { invalid, preconditionFailed, modified, type InvalidField } from "./errors.ts";
import type { Stored, StoredMeta } from "./stored.ts";

/** An object on its way in: JSON with a kind, metadata not yet complete. */
export interface Incoming {
  readonly [key: string]: Json | undefined;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: IncomingMeta;
}

export type IncomingMeta = Partial<StoredMeta> & JsonObject;

/** Narrows JSON to something with a kind and metadata; BadRequest otherwise. */
export function incomingOf(value: Json): Incoming {
  if (isJsonObject(value)) {
    const { apiVersion, kind, metadata = {} } = value;
    if (typeof apiVersion === "string" && typeof kind === "string" && isJsonObject(metadata)) {
      return { ...value, apiVersion, kind, metadata };
    }
  }
  throw new StoreError("BadRequest", "an object needs apiVersion, kind and metadata");
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const serviceName = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const serviceRule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";

function nameRuleOf(kind: string): { pattern: RegExp; rule: string; longest: number } {
  if (kind === "Namespace") return { pattern: label, rule: labelRule, longest: 63 };
  if (kind === "Service") return { pattern: serviceName, rule: serviceRule, longest: 63 };
  return { pattern: subdomain, rule: subdomainRule, longest: 253 };
}

function invalidName(field: string, name: string, kind: string): readonly InvalidField[] {
  const { pattern, rule, longest } = nameRuleOf(kind);
  if (name.length > longest) {
    return [
      { field, message: `Invalid value: "${name}": must be no more than ${longest} characters` },
    ];
  }
  return pattern.test(name) ? [] : [{ field, message: `Invalid value: "${name}": ${rule}` }];
}

const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const qualifiedName =
  /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const longestAnnotations = 256 * 1024;

function quoted(value: unknown): string {
  return JSON.stringify(value);
}

function invalidLabels(meta: IncomingMeta): readonly InvalidField[] {
  return Object.entries(meta.labels ?? {}).flatMap(([key, value]): InvalidField[] => {
    if (!qualifiedName.test(key)) {
      return [
        {
          field: "metadata.labels",
          message: `Invalid value: ${quoted(key)}: is no valid label key`,
        },
      ];
    }
    if (typeof value === "string" && value.length <= 63 && labelValue.test(value)) return [];
    const rule =
      "a valid label must be an empty string or consist of at most 63 alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    return [{ field: "metadata.labels", message: `Invalid value: ${quoted(value)}: ${rule}` }];
  });
}

function invalidAnnotations(meta: IncomingMeta): readonly InvalidField[] {
  const field = "metadata.annotations";
  let size = 0;
  for (const [key, value] of Object.entries(meta.annotations ?? {})) {
    if (typeof value !== "string") {
      return [
        { field, message: `Invalid value: ${quoted(value)}: the value of ${key} must be a text` },
      ];
    }
    if (!qualifiedName.test(key.toLowerCase())) {
      return [{ field, message: `Invalid value: ${quoted(key)}: is no valid annotation key` }];
    }
    size += key.length + value.length;
  }
  if (size <= longestAnnotations) return [];
  return [{ field, message: `Too long: may not be more than ${longestAnnotations} bytes` }];
}

function invalidOwners(meta: IncomingMeta): readonly InvalidField[] {
  const owners = meta.ownerReferences ?? [];
  const missing = owners.flatMap((owner, index) =>
    (["apiVersion", "kind", "name", "uid"] as const)
      .filter((key) => typeof owner[key] !== "string" || owner[key] === "")
      .map((key) => ({
        field: `metadata.ownerReferences[${index}].${key}`,
        message: `Required value: ${key} must not be empty`,
      })),
  );
  if (owners.filter((owner) => owner.controller === true).length <= 1) return missing;
  const message = "Invalid value: Only one reference can have Controller set to true";
  return [...missing, { field: "metadata.ownerReferences", message }];
}

function invalidFinalizers(meta: IncomingMeta): readonly InvalidField[] {
  return (meta.finalizers ?? [])
    .filter((finalizer) => !qualifiedName.test(finalizer))
    .map((finalizer) => ({
      field: "metadata.finalizers",
      message: `Invalid value: ${quoted(finalizer)}: name part must be a qualified name`,
    }));
}

const textMaps = ["labels", "annotations"] as const;
const lists = ["ownerReferences", "finalizers"] as const;

/** Shapes first: everything after it may rely on maps being maps and lists being lists. */
export function assertMetadataShape(meta: IncomingMeta): void {
  const wrongMap = textMaps.find((key) => meta[key] !== undefined && !isJsonObject(meta[key]));
  if (wrongMap) throw new StoreError("BadRequest", `metadata.${wrongMap} must be a map of texts`);
  const wrongList = lists.find((key) => meta[key] !== undefined && !Array.isArray(meta[key]));
  if (wrongList) throw new StoreError("BadRequest", `metadata.${wrongList} must be a list`);
}

function invalidChangeable(meta: IncomingMeta): readonly InvalidField[] {
  return [
    ...invalidLabels(meta),
    ...invalidAnnotations(meta),
    ...invalidOwners(meta),
    ...invalidFinalizers(meta),
  ];
}

export function assertValidNew(
  type: ResourceType,
  meta: IncomingMeta & { readonly name: string },
): void {
  const problems = [
    ...invalidName("metadata.name", meta.name, type.kind),
    ...invalidChangeable(meta),
  ];
  if (problems.length > 0) throw invalid(type, meta.name, problems);
}

/** Metadata of a new object: what the store decides is set, what only it may decide is dropped. */
export function newMetadata(
  given: IncomingMeta,
  by: { readonly name: string; readonly uid: string; readonly nowMs: EpochMs },
): StoredMeta {
  const { deletionTimestamp: _at, deletionGracePeriodSeconds: _grace, ...kept } = given;
  return {
    ...kept,
    name: by.name,
    uid: by.uid,
    resourceVersion: "",
    generation: 1,
    creationTimestamp: formatTime(by.nowMs),
  };
}

/** Another time of creation is no error: it is put back. */
const immutableKeys = ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"] as const;

function changedImmutables(existing: StoredMeta, given: IncomingMeta): readonly InvalidField[] {
  return immutableKeys
    .filter((key) => (given[key] ?? existing[key]) !== existing[key])
    .map((key) => ({
      field: `metadata.${key}`,
      message: `Invalid value: ${quoted(given[key])}: field is immutable`,
    }));
}

function addedFinalizers(existing: StoredMeta, given: IncomingMeta): readonly InvalidField[] {
  if (existing.deletionTimestamp === undefined) return [];
  const added = (given.finalizers ?? []).filter(
    (name) => existing.finalizers?.includes(name) !== true,
  );
  if (added.length === 0) return [];
  const found = added.map((name) => quoted(name)).join(", ");
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${found}}`;
  return [{ field: "metadata.finalizers", message }];
}

/** Conflict when the writer read another version, or another object of the same name. */
export function assertSameVersion(
  type: ResourceType,
  existing: StoredMeta,
  given: IncomingMeta,
): void {
  const { uid, resourceVersion } = given;
  if (typeof uid === "string" && uid !== "" && uid !== existing.uid) {
    throw preconditionFailed(type, existing.name, "UID", { wanted: uid, actual: existing.uid });
  }
  if (
    typeof resourceVersion === "string" &&
    resourceVersion !== "" &&
    resourceVersion !== existing.resourceVersion
  ) {
    throw modified(type, existing.name);
  }
}

function withoutEmpty(meta: StoredMeta): StoredMeta {
  const entries = Object.entries(meta).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries) as unknown as StoredMeta;
}

/** Metadata after a write: the store's own fields stay as they were, the rest is the writer's. */
export function changedMetadata(
  type: ResourceType,
  existing: Stored,
  given: IncomingMeta,
): StoredMeta {
  const before = existing.metadata;
  if (given === before) return before;
  const problems = [
    ...changedImmutables(before, given),
    ...addedFinalizers(before, given),
    ...(sameChangeable(before, given) ? [] : invalidChangeable(given)),
  ];
  if (problems.length > 0) throw invalid(type, before.name, problems);
  return withoutEmpty({
    ...given,
    name: before.name,
    namespace: before.namespace,
    uid: before.uid,
    resourceVersion: before.resourceVersion,
    generation: before.generation,
    creationTimestamp: before.creationTimestamp,
    deletionTimestamp: before.deletionTimestamp,
    deletionGracePeriodSeconds: before.deletionGracePeriodSeconds,
    managedFields: before.managedFields,
  } as unknown as StoredMeta);
}

function sameChangeable(before: StoredMeta, given: IncomingMeta): boolean {
  return [...textMaps, ...lists].every((key) => deepEqual(before[key], given[key]));
}
