// Objects in the store are shared by reference, so nobody may be able to change them. What comes in
// is copied and frozen once; parts that were frozen here before are kept as they are, which makes
// an update that touches one field cost as much as that field, and comparisons mostly pointer checks.
import type { Json } from "../../lib/json.ts";
import { StoreError } from "../object-store.ts";

const frozenHere = new WeakSet();

function refuse(what: string): never {
  throw new StoreError("BadRequest", `only JSON can be stored: found ${what}`);
}

function freezeList(list: readonly unknown[]): Json {
  const copy = list.map((item) => (item === undefined ? null : immutable(item)));
  Object.freeze(copy);
  frozenHere.add(copy);
  return copy;
}

function freezeObject(object: object): Json {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) refuse("an instance of a class");
  const copy: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object) as [string, unknown][]) {
    if (value === undefined) continue;
    if (key === "__proto__") refuse("a key named __proto__");
    copy[key] = immutable(value);
  }
  Object.freeze(copy);
  frozenHere.add(copy);
  return copy;
}

/** A deeply frozen copy without undefined entries. Throws BadRequest for anything JSON cannot say. */
export function immutable(value: unknown): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : refuse(`the number ${value}`);
    case "object":
      if (value === null) return null;
      if (frozenHere.has(value)) return value as Json;
      return Array.isArray(value) ? freezeList(value) : freezeObject(value);
    default:
      return refuse(`a ${typeof value}`);
  }
}
