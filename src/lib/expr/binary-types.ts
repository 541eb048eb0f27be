// Which types go together in `a + b`, `a in b`, `a < b` …, and what comes of it.

import type { BinaryNode } from "./ast.ts";
import { failAt } from "./failure.ts";
import {
  ANY_MAP,
  BOOL,
  DURATION,
  FLOAT,
  INT,
  STRING,
  TIME,
  UNTYPED,
  eitherType,
  isNumber,
  listOf,
  nameOf,
  sameType,
} from "./types.ts";
import type { Type } from "./types.ts";

const ANY_MAP_NAME = nameOf(ANY_MAP);

type Kind = Type["kind"];

/** Both of the kinds, or one of them with the other unknown, or both unknown. */
function mayBeOf(kinds: readonly Kind[], left: Type, right: Type): boolean {
  return [left, right].every(({ kind }) => kind === "unknown" || kinds.includes(kind));
}

function isUnknownAmong(left: Type, right: Type): boolean {
  return left.kind === "unknown" || right.kind === "unknown";
}

function areBoth(kind: Kind, left: Type, right: Type): boolean {
  return left.kind === kind && right.kind === kind;
}

/** May `==` be asked of the two? */
export function isComparable(left: Type, right: Type): boolean {
  if ([left, right].some(({ kind }) => kind === "unknown" || kind === "nil")) return true;
  if (isNumber(left) && isNumber(right)) return true;
  return left.kind === right.kind && (left.kind !== "other" || sameType(left, right));
}

function isOrdered(left: Type, right: Type): boolean {
  if (isNumber(left) && isNumber(right)) return true;
  const kinds = ["string", "time", "duration"] as const;
  if (kinds.some((kind) => areBoth(kind, left, right))) return true;
  return isUnknownAmong(left, right) && mayBeOf(["int", "float", ...kinds], left, right);
}

function typeOfSum(left: Type, right: Type): Type | undefined {
  if (isNumber(left) && isNumber(right)) return numberType(left, right);
  if (areBoth("string", left, right)) return STRING;
  if (areBoth("duration", left, right)) return DURATION;
  const isMoved = [left.kind, right.kind].toSorted().join() === "duration,time";
  if (isMoved) return TIME;
  const isOpen =
    isUnknownAmong(left, right) &&
    mayBeOf(["int", "float", "string", "time", "duration"], left, right);
  return isOpen ? UNTYPED : undefined;
}

function numberType(left: Type, right: Type): Type {
  return left.kind === "int" && right.kind === "int" ? INT : FLOAT;
}

function typeOfDifference(left: Type, right: Type): Type | undefined {
  if (isNumber(left) && isNumber(right)) return numberType(left, right);
  if (areBoth("time", left, right) || areBoth("duration", left, right)) return DURATION;
  if (left.kind === "time" && right.kind === "duration") return TIME;
  const isOpen =
    isUnknownAmong(left, right) && mayBeOf(["int", "float", "time", "duration"], left, right);
  return isOpen ? UNTYPED : undefined;
}

function typeOfProduct(left: Type, right: Type): Type | undefined {
  if (isNumber(left) && isNumber(right)) return numberType(left, right);
  if (areBoth("duration", left, right)) return DURATION;
  if (
    (left.kind === "duration" && isNumber(right)) ||
    (isNumber(left) && right.kind === "duration")
  )
    return DURATION;
  return isUnknownAmong(left, right) && mayBeOf(["int", "float", "duration"], left, right)
    ? UNTYPED
    : undefined;
}

function whenMayBe(
  kinds: readonly Kind[],
  left: Type,
  right: Type,
  result: Type,
): Type | undefined {
  return mayBeOf(kinds, left, right) ? result : undefined;
}

function typeOfMembership(node: BinaryNode, left: Type, right: Type): Type | undefined {
  if (right.kind === "unknown") return BOOL;
  if (right.kind === "map") {
    if (left.kind === "unknown" || left.kind === "string" || right.go !== ANY_MAP_NAME) return BOOL;
    return failAt(node.at, `cannot use ${nameOf(left)} as type string in map key`);
  }
  if (right.kind !== "list") return undefined;
  if (isComparable(left, right.element)) return BOOL;
  return failAt(node.at, `cannot use ${nameOf(left)} as type ${nameOf(right.element)} in array`);
}

/** The type of an operator's value, or undefined where the two types do not go together. */

export function binaryType(node: BinaryNode, left: Type, right: Type): Type | undefined {
  switch (node.operator) {
    case "or":
    case "||":
    case "and":
    case "&&":
      return whenMayBe(["bool"], left, right, BOOL);
    case "==":
    case "!=":
      return isComparable(left, right) ? BOOL : undefined;
    case "<":
    case ">":
    case "<=":
    case ">=":
      return isOrdered(left, right) ? BOOL : undefined;
    case "in":
      return typeOfMembership(node, left, right);
    case "matches":
    case "contains":
    case "startsWith":
    case "endsWith":
      return whenMayBe(["string"], left, right, BOOL);
    case "??":
      return left.kind === "unknown" ? left : eitherType(left, right);
    default:
      return arithmeticType(node.operator, left, right);
  }
}

function arithmeticType(
  operator: ".." | "+" | "-" | "*" | "/" | "%" | "**" | "^",
  left: Type,
  right: Type,
): Type | undefined {
  switch (operator) {
    case "..":
      return whenMayBe(["int"], left, right, listOf(INT));
    case "+":
      return typeOfSum(left, right);
    case "-":
      return typeOfDifference(left, right);
    case "*":
      return typeOfProduct(left, right);
    case "%":
      return whenMayBe(["int"], left, right, INT);
    case "/":
    case "**":
    case "^":
      return whenMayBe(["int", "float"], left, right, FLOAT);
  }
}
