import { formatGoDurationNs } from "../go-duration.ts";
import { formatFloatV } from "../go-format.ts";
import { entriesOf, isJsonArray } from "../json.ts";
import type { Json } from "../json.ts";
import { failAt } from "./failure.ts";
import { formatInstant, UTC } from "./instant.ts";
import type { Instant, Zone } from "./instant.ts";

/**
 * A value of the language. Go's int is a bigint (64 bits, wrapping) and its float64 a number, so `7 / 2` and `7.0`
 * cannot be mixed up; nil, bool and string are null, boolean and string.
 */
export type Value = null | boolean | bigint | number | string | ListValue | MapValue | SpecialValue;

export interface ListValue {
  readonly kind: "list";
  readonly items: readonly Value[];
  /** Go's element type: `interface {}`, `float64`, `int`, `string`. */
  readonly element: string;
}
export interface MapValue {
  readonly kind: "map";
  readonly entries: ReadonlyMap<Value, Value>;
  /** Go's whole type, such as `map[string]interface {}`. */
  readonly goType: string;
}
export type SpecialValue =
  | { readonly kind: "time"; readonly instant: Instant }
  | { readonly kind: "duration"; readonly ns: bigint }
  | { readonly kind: "location"; readonly zone: Zone }
  | { readonly kind: "bytes"; readonly bytes: readonly number[] }
  /** A month or a weekday: a number with a name. */
  | {
      readonly kind: "named";
      readonly goType: string;
      readonly number: bigint;
      readonly name: string;
    }
  | { readonly kind: "function"; readonly goType: string };

export const STRING_MAP = "map[string]interface {}";
const INT64_MIN = -(2n ** 63n);

export function list(items: readonly Value[], element = "interface {}"): ListValue {
  return { kind: "list", items, element };
}

export function map(entries: ReadonlyMap<Value, Value>, goType = STRING_MAP): MapValue {
  return { kind: "map", entries, goType };
}

const MAX_JSON_DEPTH = 500;

/** JSON as Go decodes it: every number a float64. Own properties only. Throws ExprFailure for absurd nesting. */
export function fromJson(json: Json, depth = 0): Value {
  if (json === null || typeof json !== "object") return json;
  if (depth > MAX_JSON_DEPTH) return failAt(0, "JSON is nested too deeply");
  if (isJsonArray(json)) return list(json.map((item) => fromJson(item, depth + 1)));
  return map(new Map(entriesOf(json).map(([key, value]) => [key, fromJson(value, depth + 1)])));
}

/** A moment, in UTC. */
export interface ExprMoment {
  /** Nanoseconds since the Unix epoch. */
  readonly epochNs: bigint;
}
/** Data with Go's numbers: a bigint is an int64, a number a float64. */
export type ExprData =
  | null
  | boolean
  | bigint
  | number
  | string
  | ExprMoment
  | readonly ExprData[]
  | ReadonlyMap<string, ExprData>;

function isDataList(data: ExprData): data is readonly ExprData[] {
  return Array.isArray(data);
}

export function fromData(data: ExprData): Value {
  if (data === null || typeof data !== "object") return data;
  if (isDataList(data)) return list(data.map(fromData));
  if (data instanceof Map)
    return map(new Map([...data].map(([key, value]) => [key, fromData(value as ExprData)])));
  return { kind: "time", instant: { ns: (data as ExprMoment).epochNs, zone: UTC } };
}

export function isList(value: Value): value is ListValue {
  return typeof value === "object" && value !== null && value.kind === "list";
}

export function isMap(value: Value): value is MapValue {
  return typeof value === "object" && value !== null && value.kind === "map";
}

export function wrapInt64(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** A float as an int64, truncated; what does not fit becomes the smallest int64, as on amd64. */
export function truncateToInt64(value: number): bigint {
  if (!Number.isFinite(value)) return INT64_MIN;
  const whole = BigInt(Math.trunc(value));
  return whole >= INT64_MIN && whole < -INT64_MIN ? whole : INT64_MIN;
}

/** Go's name of a value's type, as `%T` prints it (`<nil>` for nil). */
export function goTypeOf(value: Value): string {
  if (value === null) return "<nil>";
  if (typeof value === "object") return goTypeOfObject(value);
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  return typeof value === "number" ? "float64" : "string";
}

function goTypeOfObject(value: ListValue | MapValue | SpecialValue): string {
  switch (value.kind) {
    case "list":
      return `[]${value.element}`;
    case "map":
    case "named":
    case "function":
      return value.goType;
    case "time":
      return "time.Time";
    case "duration":
      return "time.Duration";
    case "location":
      return "*time.Location";
    case "bytes":
      return "[]uint8";
  }
}

/** A value as Go's `%v` prints it. */
export function printValue(value: Value): string {
  if (value === null) return "<nil>";
  if (typeof value === "number") return formatFloatV(value);
  if (typeof value !== "object") return String(value);
  switch (value.kind) {
    case "list":
      return `[${value.items.map(printValue).join(" ")}]`;
    case "map":
      return `map[${printedEntries(value).join(" ")}]`;
    case "time":
      return formatInstant(value.instant, "2006-01-02 15:04:05.999999999 -0700 MST");
    case "duration":
      return formatGoDurationNs(value.ns);
    case "location":
      return value.zone.name;
    case "bytes":
      return `[${value.bytes.join(" ")}]`;
    case "named":
      return value.name;
    case "function":
      return value.goType;
  }
}

function printedEntries(value: MapValue): readonly string[] {
  return [...value.entries]
    .toSorted(([left], [right]) => (compareKeys(left, right) ? -1 : 1))
    .map(([key, inner]) => `${printValue(key)}:${printValue(inner)}`);
}

function compareKeys(left: Value, right: Value): boolean {
  if (typeof left === "bigint" && typeof right === "bigint") return left < right;
  if (typeof left === "number" && typeof right === "number") return left < right;
  return printValue(left) < printValue(right);
}
