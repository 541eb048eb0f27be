import { parseGoFloat, parseGoInt } from "../go-number.ts";
import {
  argument,
  checkCount,
  checkKind,
  checkSignature,
  failArgument,
  intArgument,
  invalidArgument,
} from "./builtin.ts";
import type { Builtin, CheckedCall, RunningCall } from "./builtin.ts";
import { failAt } from "./failure.ts";
import { isLess } from "./operators.ts";
import { FLOAT, INT, UNKNOWN } from "./types.ts";
import type { Type } from "./types.ts";
import { isList, printValue, truncateToInt64, wrapInt64 } from "./value.ts";
import type { Value } from "./value.ts";

const NUMBERS = ["int", "float"] as const;

function checkNumber(call: CheckedCall): Type {
  checkCount(call, 1);
  checkKind(call, 0, NUMBERS, invalidArgument(call.name));
  return call.types[0] ?? UNKNOWN;
}

function rounding(round: (value: number) => number): Builtin {
  return {
    check: (call) => {
      checkNumber(call);
      return FLOAT;
    },
    run: (call) => {
      const value = argument(call, 0);
      if (typeof value === "bigint") return Number(value);
      return typeof value === "number" ? round(value) : failArgument(call, value);
    },
  };
}

/** Halves go away from zero, unlike Math.round. */
function roundHalfAway(value: number): number {
  const size = Math.abs(value);
  const whole = Math.trunc(size);
  return Math.sign(value) * (size - whole >= 0.5 ? whole + 1 : whole);
}

function runAbs(call: RunningCall): Value {
  const value = argument(call, 0);
  if (typeof value === "bigint") return wrapInt64(value < 0n ? -value : value);
  return typeof value === "number" ? Math.abs(value) : failArgument(call, value);
}

const CONVERTIBLE = ["int", "float", "string", "duration", "other"] as const;

function checkConversion(result: Type): (call: CheckedCall) => Type {
  return (call) => {
    checkCount(call, 1);
    checkKind(call, 0, CONVERTIBLE, invalidArgument(call.name));
    return result;
  };
}

function invalidConversion(call: RunningCall, value: Value): never {
  return failAt(call.at, `invalid operation: ${call.name}(${printValue(value)})`);
}

function runInt(call: RunningCall): Value {
  const value = argument(call, 0);
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return truncateToInt64(value);
  if (typeof value === "object" && value?.kind === "duration") return value.ns;
  if (typeof value !== "string") return failArgument(call, value);
  const parsed = parseGoInt(value);
  return parsed.ok ? parsed.value : invalidConversion(call, value);
}

function runFloat(call: RunningCall): Value {
  const value = argument(call, 0);
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") return value;
  if (typeof value !== "string") return failArgument(call, value);
  const parsed = parseGoFloat(value);
  return parsed.ok ? parsed.value : invalidConversion(call, value);
}

/** The numbers in the arguments, lists within lists included. */
function flattenNumbers(call: RunningCall, values: readonly Value[]): readonly (bigint | number)[] {
  call.spend(values.length);
  return values.flatMap((value) => {
    if (isList(value)) return flattenNumbers(call, value.items);
    return typeof value === "bigint" || typeof value === "number"
      ? [value]
      : failArgument(call, value);
  });
}

/** Arguments are looked at up to the first list; what follows one is known only while running. */
function checkNumbers(call: CheckedCall): Type {
  if (call.types.length === 0) failAt(call.at, `not enough arguments to call ${call.name}`);
  for (const [index, type] of call.types.entries()) {
    checkKind(call, index, [...NUMBERS, "list"], invalidArgument(call.name));
    if (type.kind === "list") return UNKNOWN;
  }
  return call.types[0] ?? UNKNOWN;
}

function extreme(isBetter: (at: number, candidate: Value, best: Value) => boolean): Builtin {
  return {
    check: checkNumbers,
    run: (call) => {
      let best: Value = null;
      for (const value of flattenNumbers(call, call.args)) {
        if (best === null || isBetter(call.at, value, best)) best = value;
      }
      return best;
    },
  };
}

function checkAverage(call: CheckedCall): Type {
  checkNumbers(call);
  return UNKNOWN;
}

function runMean(call: RunningCall): Value {
  const numbers = flattenNumbers(call, call.args).map(Number);
  return numbers.length === 0 ? 0 : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function runMedian(call: RunningCall): Value {
  const numbers = flattenNumbers(call, call.args)
    .map(Number)
    .toSorted((left, right) => left - right);
  if (numbers.length === 0) return 0;
  const half = Math.floor(numbers.length / 2);
  const [low = 0, high = 0] = numbers.slice(half - 1 + (numbers.length % 2), half + 1);
  return numbers.length % 2 === 1 ? low : (low + high) / 2;
}

function bits(combine: (left: bigint, right: bigint, call: RunningCall) => bigint): Builtin {
  return {
    check: (call) => {
      checkSignature(call, ["int", "int"]);
      return INT;
    },
    run: (call) => wrapInt64(combine(intArgument(call, 0), intArgument(call, 1), call)),
  };
}

function shifting(shift: (value: bigint, by: bigint) => bigint): Builtin {
  return bits((value, by, call) => {
    if (by < 0n) return failAt(call.at, `invalid operation: negative shift count ${by} (type int)`);
    return shift(value, by > 64n ? 64n : by);
  });
}

/** Functions of numbers. */
export const NUMBER_BUILTINS: Readonly<Record<string, Builtin>> = {
  abs: { check: checkNumber, run: runAbs },
  ceil: rounding(Math.ceil),
  floor: rounding(Math.floor),
  round: rounding(roundHalfAway),
  int: { check: checkConversion(INT), run: runInt },
  float: { check: checkConversion(FLOAT), run: runFloat },
  max: extreme((at, candidate, best) => isLess(at, best, candidate)),
  min: extreme((at, candidate, best) => isLess(at, candidate, best)),
  mean: { check: checkAverage, run: runMean },
  median: { check: checkAverage, run: runMedian },
  bitand: bits((left, right) => left & right),
  bitor: bits((left, right) => left | right),
  bitxor: bits((left, right) => left ^ right),
  bitnand: bits((left, right) => left & ~right),
  bitshl: shifting((value, by) => value << by),
  bitshr: shifting((value, by) => value >> by),
  bitushr: shifting((value, by) => BigInt.asUintN(64, value) >> by),
  bitnot: {
    check: (call) => {
      checkSignature(call, ["int"]);
      return INT;
    },
    run: (call) => ~intArgument(call, 0),
  },
};
