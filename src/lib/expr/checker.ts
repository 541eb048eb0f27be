// Types before running: what can be known from the text and the type of `result` to be wrong is reported without
// evaluating anything, short circuits notwithstanding.

import { compileGoRegexp } from "../go-regexp.ts";
import type { BinaryNode, BuiltinNode, CallNode, ExprNode, MapPair, MemberNode } from "./ast.ts";
import { binaryType } from "./binary-types.ts";
import { checkSignature } from "./builtin.ts";
import type { CheckedCall, Param } from "./builtin.ts";
import { builtinNamed, isBuiltin } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { failAt } from "./failure.ts";
import { isPredicateBuiltin, wantsBoolean } from "./signatures.ts";
import type { PredicateBuiltin } from "./signatures.ts";
import { DURATION_METHODS, NAMED_METHODS, TIME_METHODS } from "./time-methods.ts";
import type { Method } from "./time-methods.ts";
import {
  ANY_MAP,
  BOOL,
  FLOAT,
  INT,
  NIL,
  STRING,
  UNKNOWN,
  UNTYPED,
  eitherType,
  isNumber,
  listOf,
  nameOf,
  sameType,
} from "./types.ts";
import type { Type } from "./types.ts";

const ANY_MAP_NAME = nameOf(ANY_MAP);

interface Scope {
  readonly environment: Environment;
  readonly lets: ReadonlyMap<string, Type>;
  /** The type of `#` in the innermost predicate. */
  readonly element: Type | undefined;
}

/** The type of a text's value. Throws ExprFailure for the first thing that cannot be right. */
export function checkTypes(node: ExprNode, environment: Environment): Type {
  return typeOf(node, { environment, lets: new Map(), element: undefined });
}

function typeOf(node: ExprNode, scope: Scope): Type {
  switch (node.kind) {
    case "nil":
      return NIL;
    case "bool":
      return BOOL;
    case "int":
      return INT;
    case "float":
      return FLOAT;
    case "string":
      return STRING;
    case "bytes":
      return { kind: "other", go: "[]uint8" };
    case "env":
      return ANY_MAP;
    case "name":
      return typeOfName(node.name, node.at, scope);
    case "pointer":
      return typeOfPointer(node.name, scope);
    default:
      return typeOfCompound(node, scope);
  }
}

type Leaf = "nil" | "bool" | "int" | "float" | "string" | "bytes" | "env" | "name" | "pointer";

function typeOfCompound(node: Exclude<ExprNode, { readonly kind: Leaf }>, scope: Scope): Type {
  switch (node.kind) {
    case "list":
      return typeOfList(node.items, scope);
    case "map":
      return typeOfMap(node.pairs, scope);
    case "unary":
      return typeOfUnary(node, scope);
    case "binary":
      return typeOfBinary(node, scope);
    case "conditional":
      return typeOfConditional(node, scope);
    case "member":
      return typeOfMember(node, scope);
    case "chain":
      return typeOf(node.inner, scope);
    case "slice":
      return typeOfSlice(node, scope);
    case "call":
      return typeOfCall(node, scope);
    case "builtin":
      return typeOfBuiltin(node, scope);
    case "let":
      return typeOfLet(node, scope);
    case "sequence":
      return node.items.reduce<Type>((_, item) => typeOf(item, scope), NIL);
  }
}

function typeOfName(name: string, at: number, scope: Scope): Type {
  const found = scope.lets.get(name) ?? scope.environment.variables.get(name)?.type;
  if (found !== undefined) return found;
  const named = scope.environment.functions.get(name);
  if (named !== undefined) return { kind: "other", go: named.goType };
  return isBuiltin(name) ? UNKNOWN : failAt(at, `unknown name ${name}`);
}

function typeOfPointer(name: "" | "acc" | "index", scope: Scope): Type {
  if (name === "index") return INT;
  return name === "acc" ? UNTYPED : (scope.element ?? UNTYPED);
}

function commonType(types: readonly Type[]): Type {
  const [first = UNTYPED] = types;
  return types.every((type) => sameType(type, first)) ? first : UNKNOWN;
}

function typeOfList(items: readonly ExprNode[], scope: Scope): Type {
  return listOf(commonType(items.map((item) => typeOf(item, scope))));
}

function typeOfMap(pairs: readonly MapPair[], scope: Scope): Type {
  for (const { key, value } of pairs) {
    typeOf(key, scope);
    typeOf(value, scope);
  }
  return ANY_MAP;
}

function typeOfUnary(node: Extract<ExprNode, { readonly kind: "unary" }>, scope: Scope): Type {
  const type = typeOf(node.operand, scope);
  const wantsBool = node.operator === "not" || node.operator === "!";
  if (type.kind === "unknown") return wantsBool ? BOOL : UNTYPED;
  if (wantsBool ? type.kind === "bool" : isNumber(type)) return type;
  return failAt(node.at, `invalid operation: ${node.operator} (mismatched type ${nameOf(type)})`);
}

function typeOfConditional(
  node: Extract<ExprNode, { readonly kind: "conditional" }>,
  scope: Scope,
): Type {
  const condition = typeOf(node.condition, scope);
  if (condition.kind !== "bool" && condition.kind !== "unknown") {
    failAt(node.condition.at, `non-bool expression (type ${nameOf(condition)}) used as condition`);
  }
  return eitherType(typeOf(node.whenTrue, scope), typeOf(node.whenFalse, scope));
}

function typeOfBinary(node: BinaryNode, scope: Scope): Type {
  const left = typeOf(node.left, scope);
  const right = typeOf(node.right, scope);
  const type = binaryType(node, left, right);
  if (type === undefined) {
    const types = `mismatched types ${nameOf(left)} and ${nameOf(right)}`;
    return failAt(node.at, `invalid operation: ${node.operator} (${types})`);
  }
  if (node.operator === "matches") checkPattern(node);
  if (node.operator === "%") checkDivisor(node);
  return type;
}

function checkPattern({ right, at }: BinaryNode): void {
  if (right.kind !== "string") return;
  const regexp = compileGoRegexp(right.value);
  if (!regexp.ok) failAt(at, regexp.message);
}

function checkDivisor({ left, right, at }: BinaryNode): void {
  const isZero = right.kind === "int" && right.value === 0n;
  if (isZero && isIntegerArithmetic(left)) failAt(at, "integer divide by zero");
}

/** A number written out, or a sum, difference or product of such: where a float is wanted it is taken for one. */
export function isIntegerArithmetic(node: ExprNode): boolean {
  if (node.kind === "int") return true;
  if (node.kind === "unary")
    return (node.operator === "-" || node.operator === "+") && isIntegerArithmetic(node.operand);
  if (node.kind !== "binary" || !["+", "-", "*", "%"].includes(node.operator)) return false;
  return isIntegerArithmetic(node.left) && isIntegerArithmetic(node.right);
}

type MethodTable = Readonly<Record<string, Method<never>>>;

function methodsOf(type: Type): MethodTable | undefined {
  if (type.kind === "time") return TIME_METHODS;
  if (type.kind === "duration") return DURATION_METHODS;
  return type.kind === "other" && /^time\.(?:Month|Weekday)$/.test(type.go)
    ? NAMED_METHODS
    : undefined;
}

function methodOf(type: Type, property: ExprNode): Method<never> | undefined {
  const methods = methodsOf(type);
  if (methods === undefined || property.kind !== "string") return undefined;
  return Object.hasOwn(methods, property.value) ? methods[property.value] : undefined;
}

function typeOfMember(node: MemberNode, scope: Scope): Type {
  const object = typeOf(node.object, scope);
  const property = typeOf(node.property, scope);
  if (object.kind === "unknown") return UNTYPED;
  if (object.kind === "map") return typeOfMapElement(node, object, property);
  if (object.kind === "list") return typeOfListElement(node, object, property);
  if (methodOf(object, node.property) !== undefined) return { kind: "other", go: "func()" };
  if (node.property.kind === "string") {
    const name = object.kind === "nil" ? "nil" : nameOf(object);
    return failAt(node.at, `type ${name} has no field ${node.property.value}`);
  }
  return failAt(node.at, `type ${nameOf(object)}[${nameOf(property)}] is undefined`);
}

function typeOfMapElement(
  node: MemberNode,
  object: Extract<Type, { readonly kind: "map" }>,
  property: Type,
): Type {
  if (node.object.kind === "env") return typeOfEnvMember(node);
  const isKey =
    property.kind === "string" || property.kind === "unknown" || object.go !== ANY_MAP_NAME;
  if (isKey) return object.element;
  return failAt(node.at, `cannot use ${nameOf(property)} to get an element from ${nameOf(object)}`);
}

/** Members of `$env` are checked like names, except after `?.`. */
function typeOfEnvMember({ property, optional, at }: MemberNode): Type {
  if (property.kind !== "string" || optional || property.value === "result") return UNKNOWN;
  return failAt(at, `unknown name ${property.value}`);
}

function typeOfListElement(
  node: MemberNode,
  object: Extract<Type, { readonly kind: "list" }>,
  property: Type,
): Type {
  if (property.kind === "int" || property.kind === "unknown") return object.element;
  return failAt(
    node.at,
    `array elements can only be selected using an integer (got ${nameOf(property)})`,
  );
}

function typeOfSlice(node: Extract<ExprNode, { readonly kind: "slice" }>, scope: Scope): Type {
  const object = typeOf(node.object, scope);
  if (!["list", "string", "unknown"].includes(object.kind))
    failAt(node.at, `cannot slice ${nameOf(object)}`);
  for (const index of [node.from, node.to]) {
    if (index === undefined) continue;
    const type = typeOf(index, scope);
    if (type.kind !== "int" && type.kind !== "unknown") {
      failAt(index.at, `non-integer slice index ${nameOf(type)}`);
    }
  }
  return object.kind === "unknown" ? UNTYPED : object;
}

function checkedCall(
  name: string,
  at: number,
  args: readonly ExprNode[],
  scope: Scope,
): CheckedCall {
  return {
    name,
    at,
    types: args.map((arg) => typeOf(arg, scope)),
    positions: args.map((arg) => arg.at),
  };
}

function typeOfCall(node: CallNode, scope: Scope): Type {
  const { callee, args, at } = node;
  if (callee.kind === "member") return typeOfMethodCall(callee, args, scope);
  const name = callee.kind === "name" ? callee.name : "";
  const found = scope.environment.functions.get(name);
  if (found !== undefined && !scope.lets.has(name))
    return found.check(checkedCall(name, at, args, scope));
  const type = typeOf(callee, scope);
  if (type.kind === "nil") return failAt(at, `${name} is nil; cannot call nil as function`);
  if (type.kind !== "unknown") return failAt(at, `${nameOf(type)} is not callable`);
  checkedCall(name, at, args, scope);
  return UNKNOWN;
}

function typeOfMethodCall(callee: MemberNode, args: readonly ExprNode[], scope: Scope): Type {
  const object = typeOf(callee.object, scope);
  const name = callee.property.kind === "string" ? callee.property.value : "";
  const call = checkedCall(name, callee.at, args, scope);
  if (object.kind === "unknown" || object.kind === "map") return UNTYPED;
  if (object.kind === "nil" || object.kind === "list") return typeOfMember(callee, scope);
  const method = methodOf(object, callee.property);
  if (method === undefined)
    return failAt(callee.at, `type ${nameOf(object)} has no method ${name}`);
  checkMethodArguments(call, method);
  return method.result;
}

function checkMethodArguments(call: CheckedCall, method: Method<never>): void {
  const asParams = method.params.map((param): Param =>
    param === "int" || param === "string" ? param : "any",
  );
  checkSignature(call, asParams);
  for (const [index, param] of method.params.entries()) {
    const type = call.types[index];
    const wanted = GO_PARAM_NAMES[param];
    if (type === undefined || type.kind === "unknown" || nameOf(type) === wanted) continue;
    failAt(
      call.positions[index] ?? call.at,
      `cannot use ${nameOf(type)} as argument (type ${wanted}) to call ${call.name} `,
    );
  }
}

const GO_PARAM_NAMES = {
  time: "time.Time",
  duration: "time.Duration",
  location: "*time.Location",
  int: "int",
  string: "string",
} as const;

function typeOfBuiltin(node: BuiltinNode, scope: Scope): Type {
  if (isPredicateBuiltin(node.name)) return typeOfPredicateBuiltin(node, node.name, scope);
  const call = checkedCall(node.name, node.at, node.args, scope);
  return builtinNamed(node.name)?.check(call) ?? UNKNOWN;
}

function typeOfPredicateBuiltin(node: BuiltinNode, name: PredicateBuiltin, scope: Scope): Type {
  const [first, ...others] = node.args;
  const container = first === undefined ? UNKNOWN : typeOf(first, scope);
  if (container.kind !== "list" && container.kind !== "unknown") {
    failAt(first?.at ?? node.at, `builtin ${name} takes only array (got ${nameOf(container)})`);
  }
  const element = container.kind === "list" ? container.element : UNTYPED;
  const predicate =
    node.predicate === undefined ? undefined : typeOf(node.predicate, { ...scope, element });
  if (node.predicate !== undefined && predicate !== undefined)
    checkPredicate(name, predicate, node.predicate.at);
  for (const other of others) typeOf(other, scope);
  return predicateResult(name, element, predicate);
}

function checkPredicate(name: PredicateBuiltin, type: Type, at: number): void {
  if (type.kind === "nil") failAt(at, "predicate should has one input and one output param");
  if (!wantsBoolean(name) || type.kind === "bool" || type.kind === "unknown") return;
  failAt(at, `predicate should return boolean (got ${nameOf(type)})`);
}

function predicateResult(name: PredicateBuiltin, element: Type, predicate: Type | undefined): Type {
  switch (name) {
    case "all":
    case "none":
    case "any":
    case "one":
      return BOOL;
    case "filter":
    case "sortBy":
      return listOf(element);
    case "map":
      return listOf(predicate ?? UNKNOWN);
    case "find":
    case "findLast":
      return element;
    case "findIndex":
    case "findLastIndex":
    case "count":
      return INT;
    case "sum":
    case "reduce":
      return predicate ?? element;
    case "groupBy":
      return { kind: "map", element: listOf(element), go: "map[interface {}][]interface {}" };
  }
}

function typeOfLet(node: Extract<ExprNode, { readonly kind: "let" }>, scope: Scope): Type {
  if (isBuiltin(node.name)) failAt(node.at, `cannot redeclare builtin ${node.name}`);
  const { variables, functions } = scope.environment;
  if (variables.has(node.name) || functions.has(node.name))
    failAt(node.at, `cannot redeclare ${node.name}`);
  if (scope.lets.has(node.name)) failAt(node.at, `cannot redeclare variable ${node.name}`);
  const type = typeOf(node.value, scope);
  return typeOf(node.body, { ...scope, lets: new Map([...scope.lets, [node.name, type]]) });
}
