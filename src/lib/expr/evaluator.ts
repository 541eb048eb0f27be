import { utf8Bytes, utf8Text } from "../utf8.ts";
import type {
  BinaryNode,
  BuiltinNode,
  CallNode,
  ExprNode,
  MemberNode,
  UnaryOperator,
} from "./ast.ts";
import type { Builtin, RunningCall } from "./builtin.ts";
import { isIntegerArithmetic } from "./checker.ts";
import { builtinNamed } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { failAt } from "./failure.ts";
import {
  areEqual,
  asBoolean,
  asIndex,
  asText,
  calculate,
  compare,
  isIn,
  matches,
  negate,
  range,
} from "./operators.ts";
import { runPredicateBuiltin, type Pointer } from "./predicates.ts";
import { isPredicateBuiltin } from "./signatures.ts";
import { DURATION_METHODS, NAMED_METHODS, TIME_METHODS } from "./time-methods.ts";
import { goTypeOf, isList, isMap, list, map, printValue } from "./value.ts";
import type { Value } from "./value.ts";

/** What stays the same during one evaluation; `stepsLeft` counts down. */
interface Run {
  readonly environment: Environment;
  readonly nowMs: number;
  readonly maxSteps: number;
  stepsLeft: number;
}

interface Scope {
  readonly run: Run;
  readonly lets: ReadonlyMap<string, Value>;
  readonly pointer: Pointer | undefined;
}

/** undefined: a `?.` met nil, and the rest of its chain is skipped. */
type Evaluated = Value | undefined;

function spend(run: Run, at: number, steps: number): void {
  run.stepsLeft -= steps;
  if (run.stepsLeft < 0)
    failAt(
      at,
      `step budget of ${run.maxSteps} exceeded; simplify the condition or measure less data`,
    );
}

/** The value of a checked text. Throws ExprFailure. */
export function evaluate(
  node: ExprNode,
  environment: Environment,
  nowMs: number,
  maxSteps: number,
): Value {
  const run: Run = { environment, nowMs, maxSteps, stepsLeft: maxSteps };
  return valueOf(node, { run, lets: new Map(), pointer: undefined });
}

function valueOf(node: ExprNode, scope: Scope): Value {
  return evaluateNode(node, scope) ?? null;
}

function evaluateNode(node: ExprNode, scope: Scope): Evaluated {
  spend(scope.run, node.at, 1);
  switch (node.kind) {
    case "nil":
      return null;
    case "bool":
    case "int":
    case "float":
    case "string":
      return node.value;
    case "bytes":
      return { kind: "bytes", bytes: node.value };
    case "env":
      return environmentAsMap(scope);
    case "name":
      return valueOfName(node.name, scope);
    case "pointer":
      return valueOfPointer(node.name, scope);
    default:
      return evaluateCompound(node, scope);
  }
}

type Leaf = "nil" | "bool" | "int" | "float" | "string" | "bytes" | "env" | "name" | "pointer";

function evaluateCompound(
  node: Exclude<ExprNode, { readonly kind: Leaf }>,
  scope: Scope,
): Evaluated {
  switch (node.kind) {
    case "list":
      return list(node.items.map((item) => valueOf(item, scope)));
    case "map":
      return map(
        new Map(
          node.pairs.map(({ key, value }) => [
            asText(key.at, valueOf(key, scope)),
            valueOf(value, scope),
          ]),
        ),
      );
    case "unary":
      return unary(node.operator, node.at, valueOf(node.operand, scope));
    case "binary":
      return binary(node, scope);
    case "conditional": {
      const condition = asBoolean(node.at, valueOf(node.condition, scope));
      return valueOf(condition ? node.whenTrue : node.whenFalse, scope);
    }
    case "member":
      return member(node, scope);
    case "chain":
      return evaluateNode(node.inner, scope) ?? null;
    case "slice":
      return slice(node, scope);
    case "call":
      return call(node, scope);
    case "builtin":
      return builtin(node, scope);
    case "let": {
      const lets = new Map([...scope.lets, [node.name, valueOf(node.value, scope)] as const]);
      return valueOf(node.body, { ...scope, lets });
    }
    case "sequence":
      return node.items.reduce<Value>((_, item) => valueOf(item, scope), null);
  }
}

function environmentAsMap({ run }: Scope): Value {
  const variables = [...run.environment.variables].map(
    ([name, { value }]) => [name, value] as const,
  );
  return map(new Map<Value, Value>(variables));
}

function valueOfName(name: string, { lets, run }: Scope): Value {
  const local = lets.get(name);
  if (local !== undefined) return local;
  const variable = run.environment.variables.get(name);
  if (variable !== undefined) return variable.value;
  const named = run.environment.functions.get(name);
  return named === undefined ? null : { kind: "function", goType: named.goType };
}

function valueOfPointer(name: "" | "acc" | "index", { pointer }: Scope): Value {
  if (pointer === undefined) return null;
  if (name === "index") return BigInt(pointer.index);
  return name === "acc" ? pointer.accumulator : pointer.element;
}

function unary(operator: UnaryOperator, at: number, value: Value): Value {
  if (operator === "-") return negate(at, value);
  if (operator !== "+") return !asBoolean(at, value);
  if (typeof value === "bigint" || typeof value === "number") return value;
  return failAt(at, `invalid operation: + ${goTypeOf(value)}`);
}

/** The operators that may leave their right side alone. */
function lazyBinary(node: BinaryNode, scope: Scope): Evaluated {
  const left = valueOf(node.left, scope);
  switch (node.operator) {
    case "or":
    case "||":
      return asBoolean(node.at, left) || asBoolean(node.at, valueOf(node.right, scope));
    case "and":
    case "&&":
      return asBoolean(node.at, left) && asBoolean(node.at, valueOf(node.right, scope));
    case "??":
      return left ?? valueOf(node.right, scope);
    default:
      return eagerBinary(node, left, valueOf(node.right, scope), scope);
  }
}

const binary = lazyBinary;

function eagerBinary(node: BinaryNode, left: Value, right: Value, scope: Scope): Value {
  const { operator, at } = node;
  chargeForSize(scope, node, left, right);
  switch (operator) {
    case "==":
      return areEqual(left, right);
    case "!=":
      return !areEqual(left, right);
    case "<":
    case ">":
    case "<=":
    case ">=":
      return compare(at, operator, left, right);
    case "in":
      return isIn(at, left, right);
    case "..":
      return chargedRange(scope, at, left, right);
    case "matches":
    case "contains":
    case "startsWith":
    case "endsWith":
      return textTest(at, operator, left, right);
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
    case "**":
    case "^":
      return calculate(at, operator, left, right);
    case "or":
    case "||":
    case "and":
    case "&&":
    case "??":
      return failAt(at, `${operator} is evaluated lazily`);
  }
}

function sizeOf(value: Value): number {
  if (typeof value === "string") return Math.ceil(value.length / 100);
  if (isList(value)) return value.items.length;
  return isMap(value) ? value.entries.size : 0;
}

/** Comparing and searching cost what they have to look at, matching what it looks at times what it looks for. */
function chargeForSize({ run }: Scope, node: BinaryNode, left: Value, right: Value): void {
  spend(run, node.at, sizeOf(left) + sizeOf(right));
  if (node.operator !== "matches" || typeof left !== "string" || typeof right !== "string") return;
  spend(run, node.at, Math.ceil((left.length * (right.length + 1)) / 10));
}

function chargedRange({ run }: Scope, at: number, from: Value, to: Value): Value {
  spend(run, at, Math.max(0, asIndex(at, to) - asIndex(at, from)));
  return range(at, from, to);
}

type TextOperator = "matches" | "contains" | "startsWith" | "endsWith";

function textTest(at: number, operator: TextOperator, left: Value, right: Value): boolean {
  const text = asText(at, left);
  const part = asText(at, right);
  switch (operator) {
    case "matches":
      return matches(at, text, part);
    case "contains":
      return text.includes(part);
    case "startsWith":
      return text.startsWith(part);
    case "endsWith":
      return text.endsWith(part);
  }
}

function member(node: MemberNode, scope: Scope): Evaluated {
  const object = evaluateNode(node.object, scope);
  if (object === undefined || (object === null && node.optional)) return undefined;
  const property = valueOf(node.property, scope);
  if (isMap(object)) return mapElement(node, object.entries, property, object.goType);
  if (isList(object)) return elementAt(node.at, object.items, property);
  if (typeof object === "string" && typeof property !== "string")
    return byteAt(node.at, object, property);
  return failAt(node.at, `cannot fetch ${printValue(property)} from ${goTypeOf(object)}`);
}

function mapElement(
  node: MemberNode,
  entries: ReadonlyMap<Value, Value>,
  property: Value,
  goType: string,
): Value {
  if (goType.startsWith("map[string]") && typeof property !== "string") {
    return failAt(node.at, `cannot fetch ${printValue(property)} from ${goType}`);
  }
  return entries.get(property) ?? null;
}

function elementAt(at: number, items: readonly Value[], property: Value): Value {
  const index = asIndex(at, property);
  const found = items.at(index);
  if (found !== undefined) return found;
  const shown = index < 0 ? items.length + index : index;
  return failAt(at, `index out of range: ${shown} (array length is ${items.length})`);
}

function byteAt(at: number, text: string, property: Value): Value {
  const items = utf8Bytes(text).map((byte): Value => BigInt(byte));
  return elementAt(at, items, property);
}

/** A bound counted from the end when negative, kept within the length. */
function boundOf(
  node: ExprNode | undefined,
  fallback: number,
  length: number,
  scope: Scope,
): number {
  if (node === undefined) return fallback;
  const index = asIndex(node.at, valueOf(node, scope));
  return Math.min(length, Math.max(0, index < 0 ? index + length : index));
}

function slice(node: Extract<ExprNode, { readonly kind: "slice" }>, scope: Scope): Evaluated {
  const object = evaluateNode(node.object, scope);
  if (object === undefined) return undefined;
  if (typeof object !== "string" && !isList(object))
    return failAt(node.at, `cannot slice ${goTypeOf(object)}`);
  const items = typeof object === "string" ? utf8Bytes(object) : object.items;
  spend(scope.run, node.at, items.length);
  const to = boundOf(node.to, items.length, items.length, scope);
  const from = Math.min(to, boundOf(node.from, 0, items.length, scope));
  if (typeof object === "string") return utf8Text(utf8Bytes(object).slice(from, to));
  return list(object.items.slice(from, to), object.element);
}

function runningCall(
  name: string,
  at: number,
  args: readonly Value[],
  { run }: Scope,
): RunningCall {
  return { name, at, args, nowMs: run.nowMs, spend: (steps) => spend(run, at, steps) };
}

/** Whole numbers written where a float is wanted are floats from the start, as Go's constants are. */
function argumentsOf(
  nodes: readonly ExprNode[],
  scope: Scope,
  wantsFloats: boolean,
): readonly Value[] {
  return nodes.map((node) => {
    const value = valueOf(node, scope);
    return wantsFloats && typeof value === "bigint" && isIntegerArithmetic(node)
      ? Number(value)
      : value;
  });
}

function call(node: CallNode, scope: Scope): Evaluated {
  const { callee, args, at } = node;
  if (callee.kind === "member") return methodCall(callee, args, scope);
  const name = callee.kind === "name" ? callee.name : "";
  const found = scope.lets.has(name) ? undefined : scope.run.environment.functions.get(name);
  if (found === undefined) return failNotCallable(at, valueOf(callee, scope));
  const wantsFloats = found.goType.startsWith("func(float64)");
  return runBuiltin(found, runningCall(name, at, argumentsOf(args, scope, wantsFloats), scope));
}

function runBuiltin(found: Builtin, running: RunningCall): Value {
  return found.run(running);
}

function failNotCallable(at: number, value: Value): never {
  const what =
    value === null ? "cannot call nil" : `cannot call non-function of type ${goTypeOf(value)}`;
  return failAt(at, `invalid operation: ${what}`);
}

function methodCall(callee: MemberNode, args: readonly ExprNode[], scope: Scope): Evaluated {
  const object = evaluateNode(callee.object, scope);
  if (object === undefined || (object === null && callee.optional)) return undefined;
  const name = callee.property.kind === "string" ? callee.property.value : "";
  const values = args.map((arg) => valueOf(arg, scope));
  const result = runMethod(object, name, values);
  if (result !== undefined) return result;
  if (isMap(object)) return failNotCallable(callee.at, object.entries.get(name) ?? null);
  return failAt(callee.at, `cannot fetch ${name} from ${goTypeOf(object)}`);
}

function runMethod(object: Value, name: string, args: readonly Value[]): Value | undefined {
  if (typeof object !== "object" || object === null) return undefined;
  if (object.kind === "time" && Object.hasOwn(TIME_METHODS, name))
    return TIME_METHODS[name]?.run(object.instant, args);
  if (object.kind === "duration" && Object.hasOwn(DURATION_METHODS, name)) {
    return DURATION_METHODS[name]?.run(object.ns, args);
  }
  if (object.kind === "named" && Object.hasOwn(NAMED_METHODS, name))
    return NAMED_METHODS[name]?.run(object.name, args);
  return undefined;
}

function builtin(node: BuiltinNode, scope: Scope): Value {
  const args = node.args.map((arg) => valueOf(arg, scope));
  const running = runningCall(node.name, node.at, args, scope);
  const { predicate, name } = node;
  if (isPredicateBuiltin(name)) {
    const test = (pointer: Pointer): Value =>
      predicate === undefined ? pointer.element : valueOf(predicate, { ...scope, pointer });
    return runPredicateBuiltin(name, running, test);
  }
  const found = builtinNamed(name);
  return found === undefined ? failAt(node.at, `unknown name ${name}`) : runBuiltin(found, running);
}
