// Kubernetes' strategic merge patch: a merge patch whose lists are merged by the key the schema
// names, with directives inside the patch ($patch, $retainKeys, $setElementOrder, $deleteFromPrimitiveList).
import { deepEqual } from "../../lib/deep-equal.ts";
import {
  entriesOf,
  isJsonArray,
  isJsonObject,
  ownProperty,
  type Json,
  type JsonObject,
} from "../../lib/json.ts";
import { StoreError } from "../object-store.ts";
import { fieldShape, itemShape, type ListRule, type Shape } from "./list-schema.ts";

const orderPrefix = "$setElementOrder/";
const removalPrefix = "$deleteFromPrimitiveList/";

function refuse(message: string): never {
  throw new StoreError("BadRequest", `strategic merge patch: ${message}`);
}

function directiveOf(patch: JsonObject): "replace" | "delete" | "merge" {
  const directive = ownProperty(patch, "$patch") ?? "merge";
  if (directive === "replace" || directive === "delete" || directive === "merge") return directive;
  return refuse(`unknown $patch ${JSON.stringify(directive)}; known: replace, delete, merge`);
}

function isDirective(key: string): boolean {
  return (
    key === "$patch" ||
    key === "$retainKeys" ||
    key.startsWith(orderPrefix) ||
    key.startsWith(removalPrefix)
  );
}

/** A patch used as a value where there was none: directives and nulls mean nothing there. */
function asValue(patch: Json): Json {
  if (isJsonArray(patch)) {
    const values = patch.filter((item) => !isJsonObject(item) || directiveOf(item) !== "delete");
    return values
      .filter((item) => !isJsonObject(item) || !isOnlyDirective(item))
      .map((item) => asValue(item));
  }
  if (!isJsonObject(patch)) return patch;
  return Object.fromEntries(
    entriesOf(patch).flatMap(([key, value]): [string, Json][] =>
      isDirective(key) || value === null ? [] : [[key, asValue(value)]],
    ),
  );
}

function isOnlyDirective(item: JsonObject): boolean {
  const keys = Object.keys(item);
  return keys.length === 1 && keys[0] === "$patch";
}

function retained(base: JsonObject, patch: JsonObject): JsonObject {
  const keep = ownProperty(patch, "$retainKeys");
  if (keep === undefined) return base;
  if (!isJsonArray(keep)) return refuse("$retainKeys must be a list of field names");
  const missing = Object.keys(patch).find(
    (key) => !isDirective(key) && patch[key] !== null && !keep.includes(key),
  );
  if (missing !== undefined)
    return refuse(`$retainKeys does not name ${missing}, which the patch sets`);
  return Object.fromEntries(entriesOf(base).filter(([key]) => keep.includes(key)));
}

/** `base` with `patch` laid over it by the rules of `shape`. Throws BadRequest for malformed directives. */
export function applyStrategicMerge(base: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  switch (directiveOf(patch)) {
    case "replace":
      return asValue(patch) as JsonObject;
    case "delete":
      return {};
    case "merge":
      return mergeObject(retained(base, patch), patch, shape);
  }
}

function mergeObject(base: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  const result = new Map<string, Json>(entriesOf(base));
  const listKeys = new Set<string>();
  for (const [key, value] of entriesOf(patch)) {
    if (key.startsWith(orderPrefix)) listKeys.add(key.slice(orderPrefix.length));
    else if (key.startsWith(removalPrefix))
      removePrimitives(result, key.slice(removalPrefix.length), value);
    if (isDirective(key)) continue;
    if (value === null) result.delete(key);
    else result.set(key, mergeValue(result.get(key), value, fieldShape(shape, key)));
  }
  for (const key of listKeys) orderList(result, patch, key, fieldShape(shape, key));
  return Object.fromEntries(result);
}

function removePrimitives(result: Map<string, Json>, key: string, removed: Json): void {
  const present = result.get(key);
  if (!isJsonArray(removed)) refuse(`${removalPrefix}${key} must be a list`);
  if (!isJsonArray(present)) return;
  result.set(
    key,
    present.filter((item) => !removed.some((gone) => deepEqual(gone, item))),
  );
}

function mergeValue(base: Json | undefined, patch: Json, shape: Shape): Json {
  if (isJsonObject(patch)) {
    const inner = isJsonObject(base) ? base : {};
    return applyStrategicMerge(inner, patch, shape);
  }
  if (!isJsonArray(patch)) return patch;
  const mergeKey = shape.list?.mergeKey;
  if (mergeKey === undefined || !isJsonArray(base)) return asValue(patch);
  return mergeKey === "" ? mergePrimitives(base, patch) : mergeList(base, patch, mergeKey, shape);
}

function mergePrimitives(base: readonly Json[], patch: readonly Json[]): readonly Json[] {
  if (patch.some((item) => isJsonObject(item))) return asValue(patch) as readonly Json[];
  const added = patch.filter((item) => !base.some((present) => deepEqual(present, item)));
  return [...base, ...added];
}

function keyed(item: Json, mergeKey: string): JsonObject {
  if (!isJsonObject(item))
    return refuse(`every item of a list merged by ${mergeKey} must be an object`);
  return item;
}

function matches(item: Json, mergeKey: string, key: Json | undefined): boolean {
  return isJsonObject(item) && deepEqual(ownProperty(item, mergeKey), key);
}

function mergeList(
  base: readonly Json[],
  patch: readonly Json[],
  mergeKey: string,
  shape: Shape,
): readonly Json[] {
  const items = patch.map((item) => keyed(item, mergeKey));
  if (items.some((item) => isOnlyDirective(item) && directiveOf(item) === "replace")) {
    return asValue(items) as readonly Json[];
  }
  let result = [...base];
  for (const item of items) {
    if (isOnlyDirective(item)) continue;
    const key = ownProperty(item, mergeKey);
    if (key === undefined) refuse(`an item has no ${mergeKey}, by which its list is merged`);
    if (directiveOf(item) === "delete") {
      result = result.filter((present) => !matches(present, mergeKey, key));
      continue;
    }
    const at = result.findIndex((present) => matches(present, mergeKey, key));
    const present = result[at];
    if (present === undefined) result.push(asValue(item));
    else result[at] = mergeValue(present, item, itemShape(shape));
  }
  return result;
}

function orderKey(item: Json, rule: ListRule | undefined): Json | undefined {
  const mergeKey = rule?.mergeKey ?? "";
  if (mergeKey === "" || !isJsonObject(item)) return item;
  return ownProperty(item, mergeKey);
}

/** Puts listed items in the given order; the others keep their places relative to their left neighbour. */
function orderList(result: Map<string, Json>, patch: JsonObject, key: string, shape: Shape): void {
  const order = ownProperty(patch, `${orderPrefix}${key}`);
  const list = result.get(key);
  if (!isJsonArray(order)) refuse(`${orderPrefix}${key} must be a list`);
  if (!isJsonArray(list)) return;
  const rankOf = (item: Json): number =>
    order.findIndex((wanted) =>
      deepEqual(orderKey(wanted, shape.list), orderKey(item, shape.list)),
    );
  const listed = list
    .filter((item) => rankOf(item) >= 0)
    .sort((left, right) => rankOf(left) - rankOf(right));
  const ordered: Json[] = [];
  let nextListed = 0;
  for (const item of list) {
    if (rankOf(item) < 0) ordered.push(item);
    else ordered.push(listed[nextListed++] ?? item);
  }
  result.set(key, ordered);
}
