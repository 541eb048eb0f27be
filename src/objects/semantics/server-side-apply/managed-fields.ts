// The accounts of server-side apply: each manager owns the fields it applied or last wrote. An
// applied value that differs from what another manager owns is a conflict, unless it is forced;
// what a manager no longer applies and nobody else owns is removed.
import { apiVersionOf, type ObjectRef } from "../../../api/meta/object.ts";
import type { ResourceType } from "../../../api/resources.ts";
import { deepEqual } from "../../../lib/deep-equal.ts";
import { entriesOf, isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { StoreError } from "../../object-store.ts";
import { shapeOf } from "../list-schema.ts";
import type { Stored, StoredManagedFields } from "../stored.ts";
import { assertDistinctItems, compareValues, fieldsOf } from "./compare.ts";
import {
  decodeFields,
  differenceOf,
  encodeFields,
  fieldSet,
  intersectionOf,
  isEmptySet,
  noFields,
  pathsOf,
  unionOf,
  type FieldSet,
} from "./field-set.ts";
import { mergeApplied, removeFields, withoutNulls } from "./merge.ts";

type Operation = "Apply" | "Update";

/** Who writes, and how. Without a manager nothing is accounted for on objects that have no accounts yet. */
export interface Writer {
  readonly manager: string | undefined;
  readonly subresource: string | undefined;
  /** RFC 3339; when the entry is changed, if it is. */
  readonly time: string;
  /** The accounts were settled by `applied` already. */
  readonly isApply: boolean;
}

export interface Applier {
  readonly manager: string;
  readonly subresource: string | undefined;
  readonly time: string;
  readonly force: boolean;
}

interface Account {
  readonly manager: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  readonly subresource: string | undefined;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

const nobody = "unknown";
const beforeFirstApply = "before-first-apply";

/** Fields the store writes, which belong to no manager. */
const storeFields: FieldSet = decodeFields({
  "f:apiVersion": {},
  "f:kind": {},
  "f:metadata": Object.fromEntries(
    [
      "name",
      "namespace",
      "uid",
      "resourceVersion",
      "generation",
      "creationTimestamp",
      "deletionTimestamp",
      "deletionGracePeriodSeconds",
      "managedFields",
      "selfLink",
    ].map((key) => [`f:${key}`, {}]),
  ),
});

function accountsOf(object: Stored | undefined): readonly Account[] {
  return (object?.metadata.managedFields ?? []).map((entry) => ({
    manager: entry.manager ?? nobody,
    operation: entry.operation === "Apply" ? "Apply" : "Update",
    apiVersion: entry.apiVersion ?? "",
    subresource: entry.subresource,
    time: entry.time,
    fields: decodeFields(entry.fieldsV1),
  }));
}

function entryOf(account: Account): StoredManagedFields {
  const { manager, operation, apiVersion, subresource, time } = account;
  return {
    manager,
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: encodeFields(account.fields),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function compareAccounts(left: Account, right: Account): number {
  const keys = (account: Account): string =>
    [account.operation, account.time ?? "", account.manager, account.subresource ?? ""].join("\n");
  return keys(left) < keys(right) ? -1 : 1;
}

function withAccounts(object: Stored, accounts: readonly Account[]): Stored {
  const { managedFields: _before, ...rest } = object.metadata;
  const open = accounts.filter(({ fields }) => !isEmptySet(fields));
  const entries = [...open].sort(compareAccounts).map((account) => entryOf(account));
  const metadata = entries.length > 0 ? { ...rest, managedFields: entries } : rest;
  return { ...object, metadata };
}

/** A whole object is never divided into fewer fields than its top level. */
function ownable(fields: FieldSet): FieldSet {
  return differenceOf(fields, storeFields);
}

function onlyStatus(fields: FieldSet): FieldSet {
  const status = fields.children.get("f:status") ?? noFields;
  return fieldSet(false, [["f:status", status]]);
}

function withoutStatus(fields: FieldSet): FieldSet {
  return fieldSet(
    false,
    [...fields.children].filter(([step]) => step !== "f:status"),
  );
}

/** The part of the fields that a write to this subresource can reach. */
function inReach(type: ResourceType, subresource: string | undefined, fields: FieldSet): FieldSet {
  if (!type.hasStatus) return fields;
  return subresource === "status" ? onlyStatus(fields) : withoutStatus(fields);
}

function isSame(
  account: Account,
  by: { manager: string; operation: Operation; subresource: string | undefined },
): boolean {
  return (
    account.manager === by.manager &&
    account.operation === by.operation &&
    account.subresource === by.subresource
  );
}

function changedAccount(account: Account, fields: FieldSet, time: string): Account {
  if (deepEqual(encodeFields(account.fields), encodeFields(fields))) return account;
  return { ...account, fields, time };
}

/** The accounts after `by` came to own `fields`; a new account is opened if need be. */
function credited(accounts: readonly Account[], credit: Account): readonly Account[] {
  const known = accounts.find((account) => isSame(account, credit));
  if (!known) return [...accounts, credit];
  return accounts.map((account) =>
    account === known
      ? {
          ...changedAccount(known, credit.fields, credit.time ?? ""),
          apiVersion: credit.apiVersion,
        }
      : account,
  );
}

/**
 * The object a create or update is about to store, with the writer's changes on its account and off
 * everybody else's. Objects nobody named a manager for carry no accounts, which keeps them cheap.
 */
export function tracked(
  type: ResourceType,
  before: Stored | undefined,
  after: Stored,
  by: Writer,
): Stored {
  const accounts = accountsOf(before);
  if (by.isApply || (by.manager === undefined && accounts.length === 0)) return after;
  const { changed, removed } = compareValues(before, after, shapeOf(type));
  const gained = inReach(type, by.subresource, ownable(changed));
  const lost = unionOf(changed, removed);
  if (isEmptySet(gained) && isEmptySet(ownable(removed))) return withAccounts(after, accounts);
  const manager = by.manager ?? nobody;
  const identity = { manager, operation: "Update", subresource: by.subresource } as const;
  const own = accounts.find((account) => isSame(account, identity));
  const others = accounts.map((account) =>
    account === own ? account : { ...account, fields: differenceOf(account.fields, lost) },
  );
  const fields = unionOf(differenceOf(own?.fields ?? noFields, removed), gained);
  const credit = { ...identity, apiVersion: apiVersionOf(type), time: by.time, fields };
  return withAccounts(after, credited(others, credit));
}

function assertApplicable(
  type: ResourceType,
  ref: ObjectRef,
  config: JsonObject,
  manager: string,
): void {
  if (manager === "") {
    throw new StoreError(
      "Invalid",
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  }
  const { apiVersion, kind, metadata } = config;
  if (apiVersion !== ref.apiVersion || kind !== ref.kind) {
    throw new StoreError(
      "BadRequest",
      `an applied object must name its kind: expected ${ref.apiVersion} ${ref.kind}`,
    );
  }
  if (!isJsonObject(metadata)) return;
  if ((metadata["managedFields"] ?? null) !== null) {
    throw new StoreError("BadRequest", "metadata.managedFields must be nil");
  }
  if (metadata["name"] !== undefined && metadata["name"] !== ref.name) {
    const text = `the name of the object (${JSON.stringify(metadata["name"])}) does not match the name on the URL (${ref.name})`;
    throw new StoreError("BadRequest", text);
  }
  assertDistinctItems(config, shapeOf(type), "");
}

function complete(ref: ObjectRef, body: JsonObject): JsonObject {
  const config = withoutNulls(body);
  if (!isJsonObject(config))
    throw new StoreError("BadRequest", "an applied configuration must be an object");
  const metadata = isJsonObject(config["metadata"]) ? config["metadata"] : {};
  const namespace = ref.namespace === "" ? {} : { namespace: ref.namespace };
  return { ...config, metadata: { ...metadata, ...namespace, name: ref.name } };
}

interface Conflict {
  readonly account: Account;
  readonly paths: readonly string[];
}

function described({ manager, operation, apiVersion, subresource, time }: Account): string {
  const part = subresource === undefined ? "" : ` with subresource "${subresource}"`;
  if (operation === "Apply") return `"${manager}"${part}`;
  return `"${manager}"${part} using ${apiVersion}${time === undefined ? "" : ` at ${time}`}`;
}

function conflictError(
  type: ResourceType,
  name: string,
  conflicts: readonly Conflict[],
): StoreError {
  const count = conflicts.reduce((sum, { paths }) => sum + paths.length, 0);
  const [first] = conflicts;
  const texts = conflicts.flatMap(({ account, paths }) => [
    `conflicts with ${described(account)}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  const message =
    count === 1 && first
      ? `Apply failed with 1 conflict: conflict with ${described(first.account)}: ${first.paths[0] ?? ""}`
      : `Apply failed with ${count} conflicts: ${texts.join("\n")}`;
  const causes = conflicts.flatMap(({ account, paths }) =>
    paths.map((field) => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${described(account)}`,
      field,
    })),
  );
  return new StoreError("Conflict", message, {
    details: {
      name,
      ...(type.group === "" ? {} : { group: type.group }),
      kind: type.plural,
      causes,
    },
  });
}

function conflictsIn(
  accounts: readonly Account[],
  own: Account | undefined,
  changed: FieldSet,
): readonly Conflict[] {
  return accounts
    .filter((account) => account !== own)
    .map((account) => ({ account, paths: pathsOf(intersectionOf(account.fields, changed)) }))
    .filter(({ paths }) => paths.length > 0)
    .sort((left, right) => (described(left.account) < described(right.account) ? -1 : 1));
}

/** Objects from before any account belong to everybody who wrote them, under one name. */
function initialAccounts(type: ResourceType, existing: Stored): readonly Account[] {
  const accounts = accountsOf(existing);
  if (accounts.length > 0) return accounts;
  const fields = ownable(fieldsOf(existing, shapeOf(type)));
  const account = {
    manager: beforeFirstApply,
    operation: "Update" as const,
    apiVersion: existing.apiVersion,
    subresource: undefined,
    time: undefined,
  };
  return [{ ...account, fields }];
}

function unionOfAll(sets: readonly FieldSet[]): FieldSet {
  return sets.reduce((all, set) => unionOf(all, set), noFields);
}

/**
 * The object that applying `body` makes, with its accounts settled; without `existing` a new one.
 * Throws Conflict, naming managers and fields, unless `force`; BadRequest for a malformed configuration.
 */
export function applied(
  type: ResourceType,
  ref: ObjectRef,
  existing: Stored | undefined,
  body: JsonObject,
  by: Applier,
): Json {
  assertApplicable(type, ref, body, by.manager);
  const config = complete(ref, body);
  const shape = shapeOf(type);
  const configFields = inReach(type, by.subresource, ownable(fieldsOf(config, shape)));
  const identity = {
    manager: by.manager,
    operation: "Apply",
    subresource: by.subresource,
  } as const;
  const credit: Account = {
    ...identity,
    apiVersion: ref.apiVersion,
    time: by.time,
    fields: configFields,
  };
  if (!existing) return withAccounts(config as unknown as Stored, [credit]);

  const accounts = initialAccounts(type, existing);
  const own = accounts.find((account) => isSame(account, identity));
  const merged = mergeApplied(existing, reachable(type, by.subresource, config), shape);
  const { changed } = compareValues(existing, merged, shape);
  const conflicts = conflictsIn(accounts, own, ownable(changed));
  if (conflicts.length > 0 && !by.force) throw conflictError(type, ref.name, conflicts);

  const others = accounts.map((account) =>
    account === own ? account : { ...account, fields: differenceOf(account.fields, changed) },
  );
  const kept = unionOfAll([
    configFields,
    ...others.filter((account) => account !== own).map(({ fields }) => fields),
  ]);
  const gone = differenceOf(own?.fields ?? noFields, kept);
  const pruned = removeFields(merged, { gone, kept }, shape) ?? merged;
  return withAccounts(pruned as unknown as Stored, credited(others, credit));
}

/** The part of a configuration that this subresource may write. */
function reachable(
  type: ResourceType,
  subresource: string | undefined,
  config: JsonObject,
): JsonObject {
  if (!type.hasStatus) return config;
  const { apiVersion, kind, metadata } = config;
  const entries = entriesOf(config).filter(
    ([key]) => (key === "status") === (subresource === "status"),
  );
  return subresource === "status"
    ? { ...Object.fromEntries(entries), apiVersion, kind, metadata }
    : Object.fromEntries(entries);
}
