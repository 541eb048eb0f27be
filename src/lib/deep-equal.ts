import { entriesOf, isJsonArray, isJsonObject, ownProperty } from "./json.ts";
import type { Json } from "./json.ts";

function sameItems(left: readonly Json[], right: readonly Json[], same: Comparison): boolean {
  return left.length === right.length && left.every((item, index) => same(item, right[index]));
}

type Comparison = (left: unknown, right: unknown) => boolean;

/** Structural equality of JSON-shaped data (typed objects included): lists in order, objects by key whatever the order; an undefined entry is an absent one. */
export function deepEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isJsonArray(left)) return isJsonArray(right) && sameItems(left, right, deepEqual);
  if (!isJsonObject(left) || !isJsonObject(right)) return Number.isNaN(left) && Number.isNaN(right);
  const entries = entriesOf(left);
  return (
    entries.length === entriesOf(right).length &&
    entries.every(([key, value]) => Object.hasOwn(right, key) && deepEqual(value, right[key]))
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (isJsonArray(value)) return value.length === 0;
  return isJsonObject(value) && entriesOf(value).every(([, inner]) => isEmpty(inner));
}

/**
 * Equality as Kubernetes' controllers mean it: absent, null, `[]`, `{}` and objects holding nothing else are one and
 * the same. Some Kubernetes fields do tell `{}` from absent (`emptyDir: {}`); use deepEqual where that matters.
 */
export function semanticEqual(left: unknown, right: unknown): boolean {
  if (isEmpty(left) || isEmpty(right)) return isEmpty(left) && isEmpty(right);
  if (isJsonArray(left)) return isJsonArray(right) && sameItems(left, right, semanticEqual);
  if (!isJsonObject(left) || !isJsonObject(right)) return deepEqual(left, right);
  return [...Object.keys(left), ...Object.keys(right)].every((key) =>
    semanticEqual(ownProperty(left, key), ownProperty(right, key)),
  );
}
