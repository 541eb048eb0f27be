import { failAt } from "./failure.ts";
import { nameInArgumentCheck, nameOf } from "./types.ts";
import type { Type } from "./types.ts";
import { goTypeOf, isList } from "./value.ts";
import type { Value } from "./value.ts";

/** One call as the checker sees it: the types of its arguments and where each stands. */
export interface CheckedCall {
  readonly name: string;
  readonly at: number;
  readonly types: readonly Type[];
  readonly positions: readonly number[];
}

/** One call while running. `spend` charges work that one step does not cover, such as building a long text. */
export interface RunningCall {
  readonly name: string;
  readonly at: number;
  readonly args: readonly Value[];
  readonly nowMs: number;
  readonly spend: (steps: number) => void;
}

/** A function of the language: `check` answers with the type of the result or throws, `run` with the value. */
export interface Builtin {
  readonly check: (call: CheckedCall) => Type;
  readonly run: (call: RunningCall) => Value;
}

export type Param = "string" | "int" | "float" | "any";

function goNameOf(param: Param): string {
  return param === "float" ? "float64" : param;
}

function fits(type: Type, param: Param): boolean {
  if (param === "any" || type.kind === "unknown" || type.kind === param) return true;
  return param === "float" && type.kind === "int";
}

/** Checks arguments against a Go signature; the last `optional` parameters may be left out. */
export function checkSignature(call: CheckedCall, params: readonly Param[], optional = 0): void {
  const { name, at, types, positions } = call;
  if (types.length < params.length - optional) failAt(at, `not enough arguments to call ${name}`);
  if (types.length > params.length) failAt(at, `too many arguments to call ${name}`);
  for (const [index, type] of types.entries()) {
    const param = params[index] ?? "any";
    if (fits(type, param)) continue;
    const place = positions[index] ?? at;
    if (type.kind === "nil")
      failAt(place, `cannot use nil as argument (type ${goNameOf(param)}) to call ${name}`);
    failAt(
      place,
      `cannot use ${nameOf(type)} as argument (type ${goNameOf(param)}) to call ${name} `,
    );
  }
}

/** Checks the number of arguments of a function without a Go signature. */
export function checkCount(call: CheckedCall, count: number): void {
  if (call.types.length === count) return;
  failAt(call.at, `invalid number of arguments (expected ${count}, got ${call.types.length})`);
}

/** Refuses a known type that is not among the kinds wanted; `problem` gets the type's name. */
export function checkKind(
  call: CheckedCall,
  index: number,
  kinds: readonly Type["kind"][],
  problem: (type: string) => string,
): void {
  const type = call.types[index];
  if (type === undefined || type.kind === "unknown" || kinds.includes(type.kind)) return;
  failAt(call.at, problem(nameInArgumentCheck(type)));
}

export function invalidArgument(name: string): (type: string) => string {
  return (type) => `invalid argument for ${name} (type ${type})`;
}

export function failArgument(call: RunningCall, value: Value): never {
  return failAt(call.at, invalidArgument(call.name)(goTypeOf(value)));
}

/** The argument at `index`; nil where an optional one was left out. */
export function argument(call: RunningCall, index: number): Value {
  return call.args[index] ?? null;
}

export function textArgument(call: RunningCall, index: number): string {
  const value = argument(call, index);
  if (typeof value === "string") return value;
  return failAt(
    call.at,
    `interface conversion: interface {} is ${value === null ? "nil" : goTypeOf(value)}, not string`,
  );
}

export function intArgument(call: RunningCall, index: number): bigint {
  const value = argument(call, index);
  if (typeof value === "bigint") return value;
  return failAt(
    call.at,
    `cannot use ${goTypeOf(value)} as argument (type int) to call ${call.name}`,
  );
}

/** The items of a list argument. `problem` words the refusal of anything else. */
export function itemsArgument(
  call: RunningCall,
  index: number,
  problem: (type: string) => string = invalidArgument(call.name),
): readonly Value[] {
  const value = argument(call, index);
  if (!isList(value)) return failAt(call.at, problem(goTypeOf(value)));
  call.spend(value.items.length);
  return value.items;
}
