// Go's way of writing JSON, byte for byte: hashes are taken over it.
import { entriesOf, isJsonArray, isJsonObject, type Json } from "./json.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
// eslint-disable-next-line no-control-regex -- control characters are exactly what has to be escaped
const NEEDS_ESCAPE = /["\\\u0000-\u001f<>&\u2028\u2029]|[\ud800-\udfff]/gu;

function escapeCharacter(character: string): string {
  const short = Object.hasOwn(ESCAPES, character) ? ESCAPES[character] : undefined;
  if (short !== undefined) return short;
  const code = character.charCodeAt(0);
  // A lone surrogate cannot be read into a Go string; the replacement character stands in its place.
  if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A text as Go's json.Marshal writes it: with `<`, `>`, `&`, U+2028 and U+2029 escaped. */
export function goJsonString(text: string): string {
  return `"${text.replace(NEEDS_ESCAPE, escapeCharacter)}"`;
}

/** A finite float64 as Go's json.Marshal writes it: an exponent below 1e-6 and from 1e21 up, as in JavaScript. */
export function goJsonNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Compares texts by their UTF-8 bytes, which is by code points: the order of keys in Go's JSON. */
export function compareByCodePoint(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return weightOfUnit(a) - weightOfUnit(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for code points above all other units, though their numbers lie below U+E000. */
function weightOfUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Decoded JSON as Go's json.Marshal writes it: keys in order, `<`, `>` and `&` escaped. */
export function goJson(value: Json): string {
  if (typeof value === "string") return goJsonString(value);
  if (typeof value === "number") return goJsonNumber(value);
  if (isJsonArray(value)) return `[${value.map(goJson).join(",")}]`;
  if (!isJsonObject(value)) return String(value);
  const members = entriesOf(value)
    .toSorted(([left], [right]) => compareByCodePoint(left, right))
    .map(([key, inner]) => `${goJsonString(key)}:${goJson(inner)}`);
  return `{${members.join(",")}}`;
}
