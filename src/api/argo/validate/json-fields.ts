// Reading objects of kinds we have no types for, one field at a time.
import { isJsonArray, isJsonObject, ownProperty } from "../../../lib/json.ts";
import type { Json, JsonObject } from "../../../lib/json.ts";

/** The text of a field; "" if there is none. */
export function textOf(object: JsonObject, key: string): string {
  const value = ownProperty(object, key);
  return typeof value === "string" ? value : "";
}

export function stringsOf(object: JsonObject, key: string): readonly string[] {
  const value = ownProperty(object, key);
  return isJsonArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The object in a field; empty if there is none. */
export function objectOf(object: JsonObject, ...keys: readonly string[]): JsonObject {
  return keys.reduce<JsonObject>((at, key) => {
    const value = ownProperty(at, key);
    return isJsonObject(value) ? value : {};
  }, object);
}

/** The objects in a list; what is no object is left out. */
export function objectsOf(object: JsonObject, key: string): readonly JsonObject[] {
  const value: Json | undefined = ownProperty(object, key);
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}
