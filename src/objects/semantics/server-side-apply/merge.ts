// An applied configuration laid over an object, and the removal of what is no longer applied.
import {
  entriesOf,
  isJsonArray,
  isJsonObject,
  ownProperty,
  type Json,
  type JsonObject,
} from "../../../lib/json.ts";
import { fieldShape, itemShape, type Shape } from "../list-schema.ts";
import { partsOf } from "./compare.ts";
import { isEmptySet, noFields, type FieldSet } from "./field-set.ts";

/** `live` with everything `config` says; lists with keys are merged item by item, all others replaced. */
export function mergeApplied(live: Json | undefined, config: Json, shape: Shape): Json {
  if (live === undefined) return config;
  if (isJsonObject(config)) {
    return isJsonObject(live) && shape.isAtomicMap !== true
      ? mergeMaps(live, config, shape)
      : config;
  }
  const left = partsOf(live, shape);
  const right = partsOf(config, shape);
  if (left.kind !== "list" || right.kind !== "list") return config;
  return mergeItems(left.items, right.items, itemShape(shape));
}

function mergeMaps(live: JsonObject, config: JsonObject, shape: Shape): JsonObject {
  const merged = new Map<string, Json>(entriesOf(live));
  for (const [key, value] of entriesOf(config)) {
    merged.set(key, mergeApplied(merged.get(key), value, fieldShape(shape, key)));
  }
  return Object.fromEntries(merged);
}

/** The configuration's order counts; items only the object has keep their place before the next common one. */
function mergeItems(
  live: ReadonlyMap<string, Json>,
  config: ReadonlyMap<string, Json>,
  shape: Shape,
): Json {
  const result: Json[] = [];
  const rest = [...live];
  const takeUntil = (step: string): void => {
    const end = rest.findIndex(([key]) => key === step);
    for (const [key, item] of rest.splice(0, end + 1)) if (!config.has(key)) result.push(item);
  };
  for (const [step, item] of config) {
    if (rest.some(([key]) => key === step)) takeUntil(step);
    result.push(mergeApplied(live.get(step), item, shape));
  }
  for (const [key, item] of rest) if (!config.has(key)) result.push(item);
  return result;
}

export interface Removal {
  /** No longer applied by the manager who once applied them. */
  readonly gone: FieldSet;
  /** Applied or written by somebody else, or still applied: stays. */
  readonly kept: FieldSet;
}

function below(removal: Removal, step: string): Removal {
  return {
    gone: removal.gone.children.get(step) ?? noFields,
    kept: removal.kept.children.get(step) ?? noFields,
  };
}

/** `value` without the fields that are gone; undefined if nothing of it is left. */
export function removeFields(value: Json, removal: Removal, shape: Shape): Json | undefined {
  const { gone, kept } = removal;
  if (isEmptySet(gone)) return value;
  if (gone.isMember && isEmptySet(kept)) return undefined;
  const parts = partsOf(value, shape);
  switch (parts.kind) {
    case "whole":
      return value;
    case "map": {
      const entries = entriesOf(parts.value).flatMap(([key, inner]): [string, Json][] => {
        const left = removeFields(inner, below(removal, `f:${key}`), fieldShape(shape, key));
        return left === undefined ? [] : [[key, left]];
      });
      return entries.length > 0 ? Object.fromEntries(entries) : emptied({}, kept);
    }
    case "list": {
      const items = [...parts.items].flatMap(([step, item]) => {
        const left = removeFields(item, below(removal, step), itemShape(shape));
        return left === undefined ? [] : [left];
      });
      return items.length > 0 ? items : emptied([], kept);
    }
  }
}

/** A container that lost its last part goes too, unless somebody owns the container itself. */
function emptied(container: Json, kept: FieldSet): Json | undefined {
  return kept.isMember ? container : undefined;
}

/** A configuration without nulls: saying null is saying nothing. */
export function withoutNulls(value: Json): Json {
  if (isJsonArray(value)) return value.map((item) => withoutNulls(item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value).flatMap((key): [string, Json][] => {
      const inner = ownProperty(value, key) ?? null;
      return inner === null ? [] : [[key, withoutNulls(inner)]];
    }),
  );
}
