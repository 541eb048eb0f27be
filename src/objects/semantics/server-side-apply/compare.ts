// Which fields a value has, and which of them one value changed or removed against another.
import { deepEqual } from "../../../lib/deep-equal.ts";
import {
  entriesOf,
  isJsonArray,
  isJsonObject,
  ownProperty,
  type Json,
  type JsonObject,
} from "../../../lib/json.ts";
import { StoreError } from "../../object-store.ts";
import { fieldShape, itemShape, type Shape } from "../list-schema.ts";
import { fieldSet, noFields, thisField, type FieldSet } from "./field-set.ts";

export interface Comparison {
  /** Added or given another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** A value whose parts have owners of their own: a map by field, or a list by item. */
export type Granular =
  | { readonly kind: "whole" }
  | { readonly kind: "map"; readonly value: JsonObject }
  | { readonly kind: "list"; readonly items: ReadonlyMap<string, Json> };

const whole: Granular = { kind: "whole" };

/** `k:{"containerPort":80,"protocol":"TCP"}`, keys in alphabetical order; undefined if the item lacks one. */
function itemStep(item: Json, shape: Shape): string | undefined {
  const rule = shape.list;
  if (!rule) return undefined;
  if (rule.type === "set") return `v:${JSON.stringify(item)}`;
  if (!isJsonObject(item)) return undefined;
  const keys = [...rule.keys]
    .sort()
    .map((key): [string, Json | undefined] => [
      key,
      ownProperty(item, key) ?? rule.keyDefaults[key],
    ]);
  if (keys.some(([, value]) => value === undefined)) return undefined;
  return `k:${JSON.stringify(Object.fromEntries(keys))}`;
}

function listParts(list: readonly Json[], shape: Shape): Granular {
  const items = new Map<string, Json>();
  for (const item of list) {
    const step = itemStep(item, shape);
    // Without its keys, or with keys that occur twice, an item cannot be told from others.
    if (step === undefined || items.has(step)) return whole;
    items.set(step, item);
  }
  return { kind: "list", items };
}

/** How a value is divided among owners; empty containers and atomic ones are one field. */
export function partsOf(value: Json, shape: Shape): Granular {
  if (isJsonObject(value)) {
    const isWhole = shape.isAtomicMap === true || entriesOf(value).length === 0;
    return isWhole ? whole : { kind: "map", value };
  }
  const isDivided =
    isJsonArray(value) &&
    value.length > 0 &&
    shape.list !== undefined &&
    shape.list.type !== "atomic";
  return isDivided ? listParts(value, shape) : whole;
}

/** The fields a value sets. */
export function fieldsOf(value: Json, shape: Shape): FieldSet {
  const parts = partsOf(value, shape);
  switch (parts.kind) {
    case "whole":
      return thisField;
    case "map":
      return fieldSet(
        false,
        entriesOf(parts.value).map(
          ([key, inner]) => [`f:${key}`, fieldsOf(inner, fieldShape(shape, key))] as const,
        ),
      );
    case "list":
      return fieldSet(
        false,
        [...parts.items].map(
          ([step, item]) => [step, ownFieldsOf(item, itemShape(shape))] as const,
        ),
      );
  }
}

/** An item of a list is itself a field: removing it is more than removing what it holds. */
function ownFieldsOf(item: Json, shape: Shape): FieldSet {
  return { ...fieldsOf(item, shape), isMember: true };
}

type Part = readonly [string, Json | undefined, Json | undefined, Shape, boolean];

function pairs(before: Granular, after: Granular, shape: Shape): readonly Part[] {
  if (before.kind === "map" && after.kind === "map") {
    const keys = new Set([...Object.keys(before.value), ...Object.keys(after.value)]);
    return [...keys].map((key): Part => [
      `f:${key}`,
      ownProperty(before.value, key),
      ownProperty(after.value, key),
      fieldShape(shape, key),
      false,
    ]);
  }
  if (before.kind === "list" && after.kind === "list") {
    const steps = new Set([...before.items.keys(), ...after.items.keys()]);
    return [...steps].map((step): Part => [
      step,
      before.items.get(step),
      after.items.get(step),
      itemShape(shape),
      true,
    ]);
  }
  return [];
}

function onlySide(value: Json, shape: Shape, isItem: boolean): FieldSet {
  return isItem ? ownFieldsOf(value, shape) : fieldsOf(value, shape);
}

export function compareValues(
  before: Json | undefined,
  after: Json | undefined,
  shape: Shape,
  isItem = false,
): Comparison {
  if (before === after || deepEqual(before, after)) return { changed: noFields, removed: noFields };
  if (before === undefined)
    return {
      changed: after === undefined ? noFields : onlySide(after, shape, isItem),
      removed: noFields,
    };
  if (after === undefined) return { changed: noFields, removed: onlySide(before, shape, isItem) };
  const parts = pairs(partsOf(before, shape), partsOf(after, shape), shape);
  if (parts.length === 0)
    return { changed: fieldsOf(after, shape), removed: removedWhole(before, after, shape) };
  const compared = parts.map(
    ([step, left, right, inner, item]) => [step, compareValues(left, right, inner, item)] as const,
  );
  return {
    changed: fieldSet(
      false,
      compared.map(([step, { changed }]) => [step, changed] as const),
    ),
    removed: fieldSet(
      false,
      compared.map(([step, { removed }]) => [step, removed] as const),
    ),
  };
}

/** What is left of the old shape when a divided value becomes an undivided one, or the reverse. */
function removedWhole(before: Json, after: Json, shape: Shape): FieldSet {
  const isSame = partsOf(before, shape).kind === partsOf(after, shape).kind;
  return isSame ? noFields : fieldsOf(before, shape);
}

/** Refuses an applied list in which two items have the same keys. */
export function assertDistinctItems(value: Json, shape: Shape, path: string): void {
  if (isJsonObject(value)) {
    for (const [key, inner] of entriesOf(value))
      assertDistinctItems(inner, fieldShape(shape, key), `${path}.${key}`);
    return;
  }
  if (!isJsonArray(value)) return;
  const seen = new Set<string>();
  for (const item of value) {
    const step = shape.list?.type === "map" ? itemStep(item, shape) : undefined;
    if (step !== undefined && seen.has(step)) {
      throw new StoreError(
        "BadRequest",
        `failed to create typed patch object: ${path}: duplicate entries for key ${step.slice(2)}`,
      );
    }
    if (step !== undefined) seen.add(step);
    assertDistinctItems(item, itemShape(shape), path);
  }
}
