import { compareByCodePoint } from "../go-json.ts";
import { compileGoRegexp } from "../go-regexp.ts";
import { failAt } from "./failure.ts";
import { goTypeOf, isList, isMap, list, wrapInt64 } from "./value.ts";
import type { ListValue, MapValue, SpecialValue, Value } from "./value.ts";

type Arithmetic = "+" | "-" | "*" | "/" | "%" | "**" | "^";
type Ordering = "<" | ">" | "<=" | ">=";

function isNumeric(value: Value): value is bigint | number {
  return typeof value === "bigint" || typeof value === "number";
}

function isSpecial<K extends SpecialValue["kind"]>(
  value: Value,
  kind: K,
): value is Extract<SpecialValue, { kind: K }> {
  return typeof value === "object" && value !== null && value.kind === kind;
}

function invalid(at: number, left: Value, operator: string, right: Value): never {
  return failAt(at, `invalid operation: ${goTypeOf(left)} ${operator} ${goTypeOf(right)}`);
}

/** `==`: numbers by amount, whatever their kind; lists item by item; different kinds are never equal. */
export function areEqual(left: Value, right: Value): boolean {
  if (isNumeric(left) && isNumeric(right)) {
    return typeof left === typeof right ? left === right : Number(left) === Number(right);
  }
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null)
    return left === right;
  return areObjectsEqual(left, right);
}

function areObjectsEqual(
  left: ListValue | MapValue | SpecialValue,
  right: ListValue | MapValue | SpecialValue,
): boolean {
  if (isList(left)) return isList(right) && areItemsEqual(left.items, right.items, areEqual);
  if (isMap(left)) return isMap(right) && areStrictlyEqual(left, right);
  return !isList(right) && !isMap(right) && areSpecialsEqual(left, right);
}

function areSpecialsEqual(left: SpecialValue, right: SpecialValue): boolean {
  if (left.kind === "time" && right.kind === "time") return left.instant.ns === right.instant.ns;
  if (left.kind === "bytes" && right.kind === "bytes") {
    return areItemsEqual(left.bytes, right.bytes, (a, b) => a === b);
  }
  return left.kind === right.kind && identityOf(left) === identityOf(right);
}

/** What tells two special values of one kind apart. */
function identityOf(value: SpecialValue): string {
  switch (value.kind) {
    case "duration":
      return String(value.ns);
    case "location":
      return value.zone.name;
    case "named":
      return `${value.goType} ${value.number}`;
    case "time":
    case "bytes":
    case "function":
      return value.kind;
  }
}

function areItemsEqual<T>(
  left: readonly T[],
  right: readonly T[],
  same: (a: T, b: T) => boolean,
): boolean {
  if (left.length !== right.length) return false;
  return left.every((item, index) =>
    right.slice(index, index + 1).every((other) => same(item, other)),
  );
}

/** Inside maps kinds count: `{a: 1}` and `{a: 1.0}` differ. */
function areStrictlyEqual(left: Value, right: Value): boolean {
  if (isMap(left) && isMap(right)) {
    return (
      left.entries.size === right.entries.size &&
      [...left.entries].every(([key, value]) => {
        const other = right.entries.get(key);
        return other !== undefined && areStrictlyEqual(value, other);
      })
    );
  }
  if (isList(left) && isList(right))
    return areItemsEqual(left.items, right.items, areStrictlyEqual);
  return typeof left === typeof right && areEqual(left, right);
}

/** Negative, zero or positive; NaN where the two have no order; undefined where they cannot be compared at all. */
function order(left: Value, right: Value): number | undefined {
  if (typeof left === "bigint" && typeof right === "bigint")
    return left < right ? -1 : Number(left > right);
  if (isNumeric(left) && isNumeric(right)) return orderFloats(Number(left), Number(right));
  if (typeof left === "string" && typeof right === "string") return compareByCodePoint(left, right);
  if (isSpecial(left, "time") && isSpecial(right, "time"))
    return order(left.instant.ns, right.instant.ns);
  if (isSpecial(left, "duration") && isSpecial(right, "duration")) return order(left.ns, right.ns);
  return undefined;
}

function orderFloats(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  return left === right ? 0 : Number.NaN;
}

export function compare(at: number, operator: Ordering, left: Value, right: Value): boolean {
  const sign = order(left, right);
  if (sign === undefined) return invalid(at, left, operator, right);
  switch (operator) {
    case "<":
      return sign < 0;
    case ">":
      return sign > 0;
    case "<=":
      return sign <= 0;
    case ">=":
      return sign >= 0;
  }
}

/** For sorting and for max: is `left` the smaller one? */
export function isLess(at: number, left: Value, right: Value): boolean {
  return compare(at, "<", left, right);
}

function integerArithmetic(
  at: number,
  operator: "+" | "-" | "*" | "%",
  left: bigint,
  right: bigint,
): bigint {
  switch (operator) {
    case "+":
      return wrapInt64(left + right);
    case "-":
      return wrapInt64(left - right);
    case "*":
      return wrapInt64(left * right);
    case "%":
      return right === 0n ? failAt(at, "runtime error: integer divide by zero") : left % right;
  }
}

function power(base: number, exponent: number): number {
  // IEEE 754 and Go say 1 here, JavaScript says NaN.
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  return base ** exponent;
}

function floatArithmetic(operator: Exclude<Arithmetic, "%">, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "**":
    case "^":
      return power(left, right);
  }
}

function numberArithmetic(
  at: number,
  operator: Arithmetic,
  left: bigint | number,
  right: bigint | number,
): Value {
  if (
    typeof left === "bigint" &&
    typeof right === "bigint" &&
    operator !== "/" &&
    operator !== "**" &&
    operator !== "^"
  ) {
    return integerArithmetic(at, operator, left, right);
  }
  if (operator === "%") return invalid(at, left, operator, right);
  return floatArithmetic(operator, Number(left), Number(right));
}

function duration(ns: bigint): Value {
  return { kind: "duration", ns: wrapInt64(ns) };
}

/** Times and durations: what may be added to, taken from or multiplied with them. */
function timeArithmetic(operator: Arithmetic, left: Value, right: Value): Value | undefined {
  switch (operator) {
    case "+":
      return (
        shift(left, right, 1n) ?? (isSpecial(right, "time") ? shift(right, left, 1n) : undefined)
      );
    case "-":
      return shift(left, right, -1n) ?? timeBetween(left, right);
    case "*":
      return scaleDuration(left, right) ?? scaleDuration(right, left);
    case "/":
    case "%":
    case "**":
    case "^":
      return undefined;
  }
}

/** A time or a duration with a duration added (sign 1) or taken away (sign -1). */
function shift(left: Value, right: Value, sign: bigint): Value | undefined {
  if (!isSpecial(right, "duration")) return undefined;
  if (isSpecial(left, "duration")) return duration(left.ns + sign * right.ns);
  if (!isSpecial(left, "time")) return undefined;
  return { kind: "time", instant: { ...left.instant, ns: left.instant.ns + sign * right.ns } };
}

function timeBetween(left: Value, right: Value): Value | undefined {
  const areTimes = isSpecial(left, "time") && isSpecial(right, "time");
  return areTimes ? duration(left.instant.ns - right.instant.ns) : undefined;
}

function scaleDuration(left: Value, right: Value): Value | undefined {
  if (!isSpecial(left, "duration")) return undefined;
  if (typeof right === "bigint") return duration(left.ns * right);
  if (typeof right === "number") return duration(BigInt(Math.trunc(Number(left.ns) * right)));
  return isSpecial(right, "duration") ? duration(left.ns * right.ns) : undefined;
}

export function calculate(at: number, operator: Arithmetic, left: Value, right: Value): Value {
  if (isNumeric(left) && isNumeric(right)) return numberArithmetic(at, operator, left, right);
  if (operator === "+" && typeof left === "string" && typeof right === "string")
    return left + right;
  return timeArithmetic(operator, left, right) ?? invalid(at, left, operator, right);
}

export function negate(at: number, value: Value): Value {
  if (typeof value === "bigint") return wrapInt64(-value);
  if (typeof value === "number") return -value;
  return failAt(at, `invalid operation: - ${goTypeOf(value)}`);
}

/** Membership: a value in a list, a key in a map. */
export function isIn(at: number, needle: Value, container: Value): boolean {
  if (container === null) return false;
  if (isList(container)) return container.items.some((item) => areEqual(item, needle));
  if (isMap(container)) {
    if (
      container.goType === "map[string]interface {}" &&
      typeof needle !== "string" &&
      needle !== null
    ) {
      return failAt(at, `cannot use ${goTypeOf(needle)} as type string in map key`);
    }
    return container.entries.has(needle);
  }
  return failAt(at, `operator "in" not defined on ${goTypeOf(container)}`);
}

/** The text of a value that must be one. */
export function asText(at: number, value: Value): string {
  return typeof value === "string" ? value : wrongKind(at, value, "string");
}

export function asBoolean(at: number, value: Value): boolean {
  return typeof value === "boolean" ? value : wrongKind(at, value, "bool");
}

export function wrongKind(at: number, value: Value, wanted: string): never {
  const actual = value === null ? "nil" : goTypeOf(value);
  return failAt(at, `interface conversion: interface {} is ${actual}, not ${wanted}`);
}

/** An index or a count: an int, or a float cut to one. */
export function asIndex(at: number, value: Value): number {
  if (isNumeric(value)) return Math.trunc(Number(value));
  return failAt(at, `invalid operation: int(${goTypeOf(value)})`);
}

export function matches(at: number, text: Value, pattern: Value): boolean {
  const subject = asText(at, text);
  const regexp = compileGoRegexp(asText(at, pattern));
  return regexp.ok ? regexp.matches(subject) : failAt(at, regexp.message);
}

export function range(at: number, from: Value, to: Value): ListValue {
  const first = asIndex(at, from);
  const count = Math.max(0, asIndex(at, to) - first + 1);
  return list(
    Array.from({ length: count }, (_, index) => BigInt(first + index)),
    "int",
  );
}
