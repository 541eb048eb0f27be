import { parseGoFloat, parseGoInt } from "../go-number.ts";
import type { Json } from "../json.ts";
import { argument, checkSignature } from "./builtin.ts";
import type { Builtin, Param, RunningCall } from "./builtin.ts";
import { COLLECTION_BUILTINS } from "./builtins-collections.ts";
import { NUMBER_BUILTINS } from "./builtins-numbers.ts";
import { TEXT_BUILTINS, numberProblem } from "./builtins-text.ts";
import { TIME_BUILTINS } from "./builtins-time.ts";
import { failAt } from "./failure.ts";
import { wrongKind } from "./operators.ts";
import { isPredicateBuiltin } from "./signatures.ts";
import { ANY_LIST, ANY_MAP, BOOL, FLOAT, INT64, NIL, STRING, UNKNOWN, listOf } from "./types.ts";
import type { Type } from "./types.ts";
import {
  fromData,
  fromJson,
  goTypeOf,
  isList,
  list,
  printValue,
  truncateToInt64,
} from "./value.ts";
import type { ExprData, Value } from "./value.ts";

/** What a metric measured, with the Go type it has there: it decides which conditions make sense. */
export type ExprInput =
  | { readonly kind: "nil" }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  /** `[]float64`: samples. */
  | { readonly kind: "floats"; readonly values: readonly number[] }
  /** Anything a JSON document holds; types inside it are known only while running. */
  | { readonly kind: "json"; readonly value: Json }
  /** `[]interface {}` with what JSON cannot say inside: 64-bit integers and times. */
  | { readonly kind: "list"; readonly items: readonly ExprData[] };

export const nilInput: ExprInput = { kind: "nil" };
export function floatInput(value: number): ExprInput {
  return { kind: "float", value };
}
export function stringInput(value: string): ExprInput {
  return { kind: "string", value };
}
export function floatsInput(values: readonly number[]): ExprInput {
  return { kind: "floats", values };
}
export function jsonInput(value: Json): ExprInput {
  return { kind: "json", value };
}
export function listInput(items: readonly ExprData[]): ExprInput {
  return { kind: "list", items };
}

/** The input as Go's `%v` prints it: `[1 2.5 <nil>]`, lists without commas. */
export function printInput(input: ExprInput): string {
  return printValue(valueOfInput(input));
}

/** A function a condition may call besides expr's own. */
interface NamedFunction extends Builtin {
  readonly goType: string;
}

/** The names a text may use. */
export interface Environment {
  readonly variables: ReadonlyMap<string, { readonly type: Type; readonly value: Value }>;
  readonly functions: ReadonlyMap<string, NamedFunction>;
}

const BUILTINS: ReadonlyMap<string, Builtin> = new Map(
  Object.entries({
    ...NUMBER_BUILTINS,
    ...TEXT_BUILTINS,
    ...COLLECTION_BUILTINS,
    ...TIME_BUILTINS,
  }),
);

export function builtinNamed(name: string): Builtin | undefined {
  return BUILTINS.get(name);
}

export function isBuiltin(name: string): boolean {
  return BUILTINS.has(name) || isPredicateBuiltin(name);
}

/** The type Go would see for a value that stands at the top of an environment. */
function typeOfValue(value: Value): Type {
  if (value === null) return NIL;
  if (typeof value === "number") return FLOAT;
  if (typeof value === "string") return STRING;
  if (typeof value === "boolean") return BOOL;
  if (!isList(value)) return ANY_MAP;
  return value.element === "float64" ? listOf(FLOAT, "[]float64") : ANY_LIST;
}

function valueOfInput(input: ExprInput): Value {
  switch (input.kind) {
    case "nil":
      return null;
    case "float":
    case "string":
      return input.value;
    case "floats":
      return list(input.values, "float64");
    case "json":
      return fromJson(input.value);
    case "list":
      return list(input.items.map(fromData));
  }
}

function named(
  params: readonly Param[],
  result: Type,
  goType: string,
  run: (call: RunningCall) => Value,
): NamedFunction {
  return {
    goType,
    check: (call) => {
      checkSignature(call, params);
      return result;
    },
    run,
  };
}

function unsupported(call: RunningCall, value: Value): never {
  return failAt(call.at, `${call.name}() not supported on ${goTypeOf(value)} ${printValue(value)}`);
}

function runAsInt(call: RunningCall): Value {
  const value = argument(call, 0);
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return truncateToInt64(value);
  if (typeof value !== "string") return unsupported(call, value);
  const parsed = parseGoInt(value);
  return parsed.ok
    ? parsed.value
    : failAt(call.at, numberProblem("ParseInt", value, parsed.problem));
}

function runAsFloat(call: RunningCall): Value {
  const value = argument(call, 0);
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") return value;
  if (typeof value !== "string") return unsupported(call, value);
  const parsed = parseGoFloat(value);
  return parsed.ok
    ? parsed.value
    : failAt(call.at, numberProblem("ParseFloat", value, parsed.problem));
}

function floatTest(test: (value: number) => boolean): NamedFunction {
  return named(["float"], BOOL, "func(float64) bool", (call) => {
    const value = argument(call, 0);
    return typeof value === "number" ? test(value) : wrongKind(call.at, value, "float64");
  });
}

const FLOAT_TESTS: readonly (readonly [string, NamedFunction])[] = [
  ["isNaN", floatTest(Number.isNaN)],
  ["isInf", floatTest((value) => Math.abs(value) === Infinity)],
];

/** What rangeQuery.start and .end may use. */
export const TIME_ENVIRONMENT: Environment = {
  variables: new Map(),
  functions: new Map(FLOAT_TESTS),
};

function conditionEnvironment(type: Type, result: Value): Environment {
  const isNil = result === null;
  return {
    variables: new Map([["result", { type, value: result }]]),
    functions: new Map([
      ...FLOAT_TESTS,
      ["asInt", named(["any"], INT64, "func(interface {}) int64", runAsInt)],
      ["asFloat", named(["any"], FLOAT, "func(interface {}) float64", runAsFloat)],
      // These two look at the metric's result, whatever they are given: a habit of Argo that conditions rely on.
      ["isNil", named(["any"], BOOL, "func(interface {}) bool", () => isNil)],
      [
        "default",
        named(["any", "any"], UNKNOWN, "func(interface {}, interface {}) interface {}", (call) =>
          isNil ? argument(call, 1) : result,
        ),
      ],
    ]),
  };
}

/** What a condition may use when `input` was measured. */
export function environmentOf(input: ExprInput): Environment {
  const value = valueOfInput(input);
  return conditionEnvironment(typeOfValue(value), value);
}

/** What a condition may use when nothing is known about the result yet. */
export const UNTYPED_ENVIRONMENT: Environment = conditionEnvironment(UNKNOWN, null);
