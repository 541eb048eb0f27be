// lib: pure helpers that know no domain words: no clock, no dice, no waiting, no packages, no Node.
// Each file is one subject, named after it. May import nothing but lib.
//
// JSON as it travels on the wire. Everything stored or sent is a JsonObject.

export type JsonPrimitive = string | number | boolean | null;
export type Json = JsonPrimitive | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for `[…]`. `Array.isArray` alone would widen the elements to `any`. */
export function isJsonArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The own property `key`; inherited names such as `constructor`, and absent keys, give undefined. */
export function ownProperty(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The present entries: a key whose value is undefined counts as absent, as it does in JSON text. */
export function entriesOf(object: JsonObject): readonly (readonly [string, Json])[] {
  return Object.entries(object).filter((entry): entry is [string, Json] => entry[1] !== undefined);
}

export type ParsedJson =
  { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly problem: string };

/** JSON text, or what is wrong with it. */
export function parseJson(text: string): ParsedJson {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, problem: error.message };
    throw error;
  }
}
