import { fromBase64, toBase64 } from "../base64.ts";
import { quoteGo } from "../go-format.ts";
import { compareByCodePoint, goJsonNumber, goJsonString } from "../go-json.ts";
import type { Json } from "../json.ts";
import { utf8Bytes } from "../utf8.ts";
import {
  argument,
  checkCount,
  checkSignature,
  intArgument,
  itemsArgument,
  textArgument,
} from "./builtin.ts";
import type { Builtin, CheckedCall, Param, RunningCall } from "./builtin.ts";
import { failAt } from "./failure.ts";
import { formatInstant } from "./instant.ts";
import { BOOL, INT, STRING, UNKNOWN, listOf } from "./types.ts";
import type { Type } from "./types.ts";
import { fromJson, goTypeOf, isList, isMap, list, printValue } from "./value.ts";
import type { MapValue, Value } from "./value.ts";

function signed(
  params: readonly Param[],
  optional: number,
  result: Type,
): (call: CheckedCall) => Type {
  return (call) => {
    checkSignature(call, params, optional);
    return result;
  };
}

/** A function of texts alone. */
function textFunction(
  count: number,
  result: Type,
  run: (...texts: readonly string[]) => Value,
): Builtin {
  const params = new Array<Param>(count).fill("string");
  return {
    check: signed(params, 0, result),
    run: (call) => {
      const texts = params.map((_, index) => textArgument(call, index));
      call.spend(Math.ceil(texts.join("").length / 100));
      return run(...texts);
    },
  };
}

/** Go maps each character on its own: no `ß` to `SS`. */
function mapCharacters(text: string, change: (character: string) => string): string {
  return Array.from(text, (character) => {
    const changed = change(character);
    return Array.from(changed).length === 1 ? changed : character;
  }).join("");
}

function runTrim(call: RunningCall): Value {
  const text = textArgument(call, 0);
  if (call.args.length < 2) return text.trim();
  const cut = new Set(Array.from(textArgument(call, 1)));
  const characters = Array.from(text);
  const isKept = (character: string): boolean => !cut.has(character);
  const from = characters.findIndex(isKept);
  return from < 0 ? "" : characters.slice(from, characters.findLastIndex(isKept) + 1).join("");
}

function optionalText(call: RunningCall, index: number, fallback: string): string {
  return call.args.length > index ? textArgument(call, index) : fallback;
}

/** At most `limit` pieces, the last one holding the rest; below zero without limit, zero gives none. */
function pieces(text: string, separator: string, limit: bigint): readonly string[] {
  if (limit === 0n) return [];
  const all = separator === "" ? Array.from(text) : text.split(separator);
  if (limit < 0n || BigInt(all.length) <= limit) return all;
  const last = Number(limit) - 1;
  return [...all.slice(0, last), all.slice(last).join(separator)];
}

function limitArgument(call: RunningCall, index: number): bigint {
  return call.args.length > index ? intArgument(call, index) : -1n;
}

function splitting(keepSeparator: boolean): Builtin {
  return {
    check: signed(["string", "string", "int"], 1, listOf(STRING, "[]string")),
    run: (call) => {
      const text = textArgument(call, 0);
      const separator = textArgument(call, 1);
      call.spend(text.length);
      const parts = pieces(text, separator, limitArgument(call, 2));
      const withEnds = parts.map((part, index) =>
        index < parts.length - 1 ? part + separator : part,
      );
      return list(keepSeparator ? withEnds : parts, "string");
    },
  };
}

function runReplace(call: RunningCall): Value {
  const [text, from, to] = [0, 1, 2].map((index) => textArgument(call, index));
  if (text === undefined || from === undefined || to === undefined) return "";
  const limit = limitArgument(call, 3);
  const count = limit < 0n ? Infinity : Number(limit);
  call.spend(text.length * (1 + to.length));
  if (from === "") return replaceBetween(Array.from(text), to, count);
  const parts = pieces(text, from, limit < 0n ? -1n : limit + 1n);
  return parts.join(to);
}

/** An empty text to replace matches before each character and at the end. */
function replaceBetween(characters: readonly string[], to: string, count: number): string {
  const ends = [...characters, ""];
  return ends.map((character, index) => (index < count ? to : "") + character).join("");
}

const MAX_REPEATED_LENGTH = 1_000_000;

function runRepeat(call: RunningCall): Value {
  const text = textArgument(call, 0);
  const count = intArgument(call, 1);
  if (count < 0n)
    return failAt(call.at, `invalid argument for repeat (expected positive integer, got ${count})`);
  if (count * BigInt(text.length || 1) > MAX_REPEATED_LENGTH)
    return failAt(call.at, "memory budget exceeded");
  call.spend(Math.ceil((Number(count) * text.length) / 100));
  return text.repeat(Number(count));
}

function runJoin(call: RunningCall): Value {
  const items = itemsArgument(
    call,
    0,
    (type) => `interface conversion: interface {} is ${type}, not []string`,
  );
  const texts = items.map((item) => {
    if (typeof item === "string") return item;
    const actual = item === null ? "nil" : goTypeOf(item);
    return failAt(call.at, `interface conversion: interface {} is ${actual}, not string`);
  });
  return texts.join(optionalText(call, 1, ""));
}

function checkJoin(call: CheckedCall): Type {
  const [first, ...others] = call.types;
  if (first !== undefined && first.kind !== "list" && first.kind !== "unknown") {
    checkSignature({ ...call, types: [first, ...others] }, ["string", "string"], 1);
    return failAt(call.at, "cannot use string as argument (type []string) to call join ");
  }
  checkSignature(call, ["any", "string"], 1);
  return STRING;
}

/** Positions count bytes, as in Go. */
function byteOffset(text: string, index: number): Value {
  return index < 0 ? -1n : BigInt(utf8Bytes(text.slice(0, index)).length);
}

function quotedTime(value: Value): string | undefined {
  if (typeof value !== "object" || value === null || value.kind !== "time") return undefined;
  return goJsonString(formatInstant(value.instant, "2006-01-02T15:04:05.999999999Z07:00"));
}

function numberToJson(call: RunningCall, value: number): string {
  if (Number.isFinite(value)) return goJsonNumber(value);
  return failAt(call.at, `json: unsupported value: ${printValue(value)}`);
}

function toJsonText(call: RunningCall, value: Value, indent: string): string {
  call.spend(1);
  if (typeof value === "string") return goJsonString(value);
  if (typeof value === "number") return numberToJson(call, value);
  if (typeof value !== "object" || value === null) return value === null ? "null" : String(value);
  const inner = `${indent}  `;
  if (isList(value)) {
    const items = value.items.map((item) => inner + toJsonText(call, item, inner));
    return items.length === 0 ? "[]" : `[\n${items.join(",\n")}\n${indent}]`;
  }
  if (isMap(value)) return mapToJsonText(call, value, indent);
  if (value.kind === "duration") return String(value.ns);
  if (value.kind === "named") return String(value.number);
  return quotedTime(value) ?? failAt(call.at, `json: unsupported type: ${goTypeOf(value)}`);
}

function mapToJsonText(call: RunningCall, value: MapValue, indent: string): string {
  const inner = `${indent}  `;
  const keys = [...value.entries].map(([key, item]) => [printValue(key), item] as const);
  const lines = keys
    .toSorted(([left], [right]) => compareByCodePoint(left, right))
    .map(([key, item]) => `${inner}${goJsonString(key)}: ${toJsonText(call, item, inner)}`);
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n${indent}}`;
}

function runFromJson(call: RunningCall): Value {
  const text = textArgument(call, 0);
  call.spend(text.length);
  try {
    return fromJson(JSON.parse(text) as Json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const found = /^Unexpected token '?(.)'?[, ]/su.exec(error.message)?.[1];
    if (found === undefined) return failAt(call.at, "unexpected end of JSON input");
    return failAt(call.at, `invalid character '${found}' looking for beginning of value`);
  }
}

function runFromBase64(call: RunningCall): Value {
  const decoded = fromBase64(textArgument(call, 0));
  return decoded.ok
    ? decoded.text
    : failAt(call.at, `illegal base64 data at input byte ${decoded.offset}`);
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  number: "float",
  bigint: "int",
  string: "string",
  boolean: "bool",
};

function typeNameOf(value: Value): string {
  if (value === null) return "nil";
  if (typeof value !== "object") return TYPE_NAMES[typeof value] ?? "unknown";
  if (isList(value) || value.kind === "bytes") return "array";
  if (isMap(value)) return "map";
  return value.kind === "function" ? "func" : goTypeOf(value).replace(/^\*/, "");
}

function checkOne(result: Type): (call: CheckedCall) => Type {
  return (call) => {
    checkCount(call, 1);
    return result;
  };
}

/** Functions of texts, and of values as texts. */
export const TEXT_BUILTINS: Readonly<Record<string, Builtin>> = {
  trim: { check: signed(["string", "string"], 1, STRING), run: runTrim },
  trimPrefix: {
    check: signed(["string", "string"], 1, STRING),
    run: (call) => {
      const [text, prefix] = [textArgument(call, 0), optionalText(call, 1, " ")];
      return text.startsWith(prefix) ? text.slice(prefix.length) : text;
    },
  },
  trimSuffix: {
    check: signed(["string", "string"], 1, STRING),
    run: (call) => {
      const [text, suffix] = [textArgument(call, 0), optionalText(call, 1, " ")];
      return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
    },
  },
  upper: textFunction(1, STRING, (text = "") =>
    mapCharacters(text, (character) => character.toUpperCase()),
  ),
  lower: textFunction(1, STRING, (text = "") =>
    mapCharacters(text, (character) => character.toLowerCase()),
  ),
  split: splitting(false),
  splitAfter: splitting(true),
  replace: { check: signed(["string", "string", "string", "int"], 1, STRING), run: runReplace },
  repeat: { check: signed(["string", "int"], 0, STRING), run: runRepeat },
  join: { check: checkJoin, run: runJoin },
  indexOf: textFunction(2, INT, (text = "", part = "") => byteOffset(text, text.indexOf(part))),
  lastIndexOf: textFunction(2, INT, (text = "", part = "") =>
    byteOffset(text, text.lastIndexOf(part)),
  ),
  hasPrefix: textFunction(2, BOOL, (text = "", part = "") => text.startsWith(part)),
  hasSuffix: textFunction(2, BOOL, (text = "", part = "") => text.endsWith(part)),
  toBase64: textFunction(1, STRING, (text = "") => toBase64(text)),
  fromBase64: { check: signed(["string"], 0, STRING), run: runFromBase64 },
  fromJSON: { check: signed(["string"], 0, UNKNOWN), run: runFromJson },
  toJSON: {
    check: signed(["any"], 0, STRING),
    run: (call) => toJsonText(call, argument(call, 0), ""),
  },
  string: { check: checkOne(STRING), run: (call) => printValue(argument(call, 0)) },
  type: { check: checkOne(STRING), run: (call) => typeNameOf(argument(call, 0)) },
};

/** The message Go's strconv gives for a text that is no number. */
export function numberProblem(
  reader: "ParseInt" | "ParseFloat",
  text: string,
  problem: string,
): string {
  return `strconv.${reader}: parsing ${quoteGo(text)}: ${problem}`;
}
