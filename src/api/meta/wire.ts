// The border between our interfaces and JSON: every type in api/ is JSON by construction, which
// the compiler cannot see through an interface.
import type { JsonObject } from "../../lib/json.ts";

/** The same value, as JSON. Only for types of api/, which hold nothing but JSON. */
export function asJson(value: object): JsonObject {
  return value as JsonObject;
}

/** `apiVersion kind`: the key of tables by kind. */
export function kindKeyOf(object: JsonObject): string {
  const { apiVersion, kind } = object;
  return `${typeof apiVersion === "string" ? apiVersion : ""} ${typeof kind === "string" ? kind : ""}`;
}
