// The condition language: expr-lang as metric conditions use it (argo-metric-providers §2). A text is cut into
// tokens (lexer), built into a tree (parser), checked against the type of what was measured (checker) and evaluated
// (evaluator) within a budget of steps, seeing only own properties. This file is the door; it imports src/lib only.
// To add a function: one entry in a builtins-*.ts table. To add an operator: ast.ts, then follow the compiler.

import { checkTypes } from "./checker.ts";
import { TIME_ENVIRONMENT, UNTYPED_ENVIRONMENT, environmentOf, isBuiltin } from "./environment.ts";
import type { Environment, ExprInput } from "./environment.ts";
import { evaluate } from "./evaluator.ts";
import { ExprFailure, positionAt } from "./failure.ts";
import type { ExprError } from "./failure.ts";
import type { ExprNode } from "./ast.ts";
import { parse } from "./parser.ts";
import { nameOf } from "./types.ts";
import type { Type } from "./types.ts";
import { goTypeOf } from "./value.ts";
import type { Value } from "./value.ts";

export {
  floatInput,
  floatsInput,
  jsonInput,
  listInput,
  nilInput,
  printInput,
  stringInput,
} from "./environment.ts";
export type { ExprInput } from "./environment.ts";
export type { ExprData } from "./value.ts";
export type { ExprError } from "./failure.ts";

export interface ExprOptions {
  /** What `now()` answers: milliseconds since the epoch. */
  readonly now: number;
  /** How much work one evaluation may do; a million steps by default, some tens of milliseconds. */
  readonly maxSteps?: number;
}
export type ParseResult =
  { readonly ok: true; readonly ast: ExprNode } | { readonly ok: false; readonly error: ExprError };
export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly error: ExprError };
/** `message` is the cause alone; `position` is absent where the whole text is meant (a value of the wrong type). */
export type Failed = {
  readonly ok: false;
  readonly message: string;
  readonly position?: ExprError["position"];
};
export type ConditionResult = { readonly ok: true; readonly value: boolean } | Failed;
export type TimeResult = { readonly ok: true; readonly epochMs: number } | Failed;

const DEFAULT_MAX_STEPS = 1_000_000;

function guarded<T>(
  text: string,
  work: () => T,
): T | { readonly ok: false; readonly error: ExprError } {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ExprFailure)) throw error;
    return {
      ok: false,
      error: { message: error.message, position: positionAt(text, error.offset) },
    };
  }
}

/** Parses a text without looking at names or types. */
export function parseExpression(text: string): ParseResult {
  return guarded(text, (): ParseResult => ({ ok: true, ast: parse(text, isBuiltin) }));
}

function check(
  text: string,
  environment: Environment,
  wanted: Type["kind"],
  wantedName: string,
): CheckResult {
  return guarded(text, (): CheckResult => {
    const type = checkTypes(parse(text, isBuiltin), environment);
    if (type.kind === wanted || type.kind === "unknown") return { ok: true };
    return {
      ok: false,
      error: { message: notOfType(wantedName, typeNameOf(type)), position: positionAt(text, 0) },
    };
  });
}

/** Nil has a name of its own once it is the result. */
function typeNameOf(type: Type): string {
  return type.kind === "nil" ? "<nil>" : nameOf(type);
}

function notOfType(wanted: string, actual: string): string {
  return `expected ${wanted}, but got ${actual}`;
}

/** Lint: syntax, unknown names, and types as far as they can be known without a result. */
export function checkExpression(text: string): CheckResult {
  return check(text, UNTYPED_ENVIRONMENT, "bool", "bool");
}

/** The same for the start and end of a range query. */
export function checkTimeExpression(text: string): CheckResult {
  return check(text, TIME_ENVIRONMENT, "time", "time.Time");
}

interface Outcome {
  readonly ok: true;
  readonly value: Value;
  readonly type: Type;
}

function evaluateText(
  text: string,
  environmentFor: () => Environment,
  options: ExprOptions,
): Outcome | Failed {
  const outcome = guarded(text, (): Outcome => {
    const environment = environmentFor();
    const ast = parse(text, isBuiltin);
    const type = checkTypes(ast, environment);
    const value = evaluate(ast, environment, options.now, options.maxSteps ?? DEFAULT_MAX_STEPS);
    return { ok: true, value, type };
  });
  return outcome.ok ? outcome : { ok: false, ...outcome.error };
}

/** Ints of both of Go's kinds look the same while running; which one it is only the checker knows. */
function finalTypeName({ value, type }: Outcome): string {
  return typeof value === "bigint" && type.kind === "int" ? type.go : goTypeOf(value);
}

/**
 * Evaluates a condition over what was measured. Errors carry expr's own words: `unknown name foo`,
 * `invalid operation: > (mismatched types unknown and int)`, `expected bool, but got float64`.
 */
export function evaluateCondition(
  text: string,
  result: ExprInput,
  options: ExprOptions,
): ConditionResult {
  const outcome = evaluateText(text, () => environmentOf(result), options);
  if (!outcome.ok) return outcome;
  if (typeof outcome.value === "boolean") return { ok: true, value: outcome.value };
  return { ok: false, message: notOfType("bool", finalTypeName(outcome)) };
}

/** Evaluates the start or end of a range query, such as `now() - duration("5m")`, to a moment. */
export function evaluateTime(text: string, now: number): TimeResult {
  const outcome = evaluateText(text, () => TIME_ENVIRONMENT, { now });
  if (!outcome.ok) return outcome;
  const { value } = outcome;
  if (typeof value === "object" && value?.kind === "time")
    return { ok: true, epochMs: Number(value.instant.ns) / 1e6 };
  return { ok: false, message: notOfType("time.Time", finalTypeName(outcome)) };
}
