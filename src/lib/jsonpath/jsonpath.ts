// JSONPath as Kubernetes understands it (argo-metric-providers §4): `{.a.b[0]}`, `['k']`, `..x`, slices, unions,
// filters, `{range …}…{end}`; texts outside of braces are results of their own. Error texts are those of its library.
// One kindness beyond it: a filter compares a JSON number with `1` as well as with `1.0`.

import { entriesOf, isJsonArray, isJsonObject, ownProperty } from "../json.ts";
import type { Json } from "../json.ts";
import { PathProblem, failPath, parseTemplate } from "./parse.ts";
import type { Cut, Part, PathStep } from "./parse.ts";

export interface JsonPath {
  readonly parts: readonly Part[];
}
type Failed = { readonly ok: false; readonly message: string };
export type JsonPathResult = { readonly ok: true; readonly path: JsonPath } | Failed;
/** One list of values per part of the template, in order. */
export type FindResult =
  { readonly ok: true; readonly results: readonly (readonly Json[])[] } | Failed;
/** `value` is absent when nothing was found. */
export type FirstResult = { readonly ok: true; readonly value?: Json } | Failed;

type Values = readonly Json[];

function guarded<T extends { readonly ok: true }>(work: () => T): T | Failed {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PathProblem)) throw error;
    return { ok: false, message: error.message };
  }
}

export function parseJsonPath(text: string): JsonPathResult {
  return guarded(() => ({ ok: true, path: { parts: parseTemplate(text) } }));
}

/** Everything a path finds in a document. A missing key is an error: `x is not found`. */
export function findJsonPath(path: JsonPath, document: Json): FindResult {
  return guarded(() => ({ ok: true, results: evaluateParts(path.parts, document) }));
}

/** The first value a path text finds. */
export function firstJsonPath(text: string, document: Json): FirstResult {
  const parsed = parseJsonPath(text);
  if (!parsed.ok) return parsed;
  const found = findJsonPath(parsed.path, document);
  if (!found.ok) return found;
  const [first] = found.results.flat();
  return first === undefined ? { ok: true } : { ok: true, value: first };
}

function identifierOf(part: Part): string | undefined {
  const [first] = part.kind === "path" ? part.steps : [];
  return first?.kind === "identifier" ? first.name : undefined;
}

/** Index of the `{end}` that belongs to the `{range}` before `from`. */
function endOfRange(parts: readonly Part[], from: number): number {
  let depth = 1;
  for (let at = from; at < parts.length; at += 1) {
    const part = parts[at];
    const name = part === undefined ? undefined : identifierOf(part);
    if (name === "range") depth += 1;
    if (name === "end") depth -= 1;
    if (depth === 0) return at;
  }
  return failPath("range without end");
}

function evaluateParts(parts: readonly Part[], document: Json): readonly Values[] {
  const results: Values[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at];
    if (part === undefined) break;
    const name = identifierOf(part);
    if (name === "end") return failPath("not in range, nothing to end");
    if (name !== "range" || part.kind !== "path") {
      results.push(evaluatePart(part, document));
      continue;
    }
    const end = endOfRange(parts, at + 1);
    const body = parts.slice(at + 1, end);
    for (const item of evaluateSteps(part.steps.slice(1), document))
      results.push(...evaluateParts(body, item));
    at = end;
  }
  return results;
}

function evaluatePart(part: Part, document: Json): Values {
  return part.kind === "text" ? [part.text] : evaluateSteps(part.steps, document);
}

function evaluateSteps(steps: readonly PathStep[], start: Json): Values {
  return steps.reduce<Values>((values, step) => evaluateStep(step, values), [start]);
}

function evaluateStep(step: PathStep, values: Values): Values {
  switch (step.kind) {
    case "constant":
      return [step.value];
    case "identifier":
      return failPath(`unrecognized identifier ${step.name}`);
    case "field":
      return fieldOf(step.name, values);
    case "cut":
      return values.flatMap((value) => cutOf(step.cut, value));
    case "wildcard":
      return values.flatMap(childrenOf);
    case "recursive":
      return values.flatMap(descendantsOf);
    case "union":
      return step.branches.flatMap((branch) =>
        values.flatMap((value) => evaluateSteps(branch, value)),
      );
    case "filter":
      return values.flatMap((value) => filterOf(step, value));
  }
}

function fieldOf(name: string, values: Values): Values {
  // `..` hands on everything below, most of which lacks the field; it is missing only if nothing has it.
  const found = values.flatMap((value) => {
    const member = isJsonObject(value) ? ownProperty(value, name) : undefined;
    return member === undefined ? [] : [member];
  });
  return found.length > 0 || values.length === 0 ? found : failPath(`${name} is not found`);
}

function goTypeName(value: Json): string {
  if (value === null) return "<nil>";
  if (typeof value === "string") return "string";
  if (typeof value === "number") return "float64";
  return typeof value === "boolean" ? "bool" : "map[string]interface {}";
}

function outOfBounds(index: number, length: number): never {
  return failPath(`array index out of bounds: index ${index}, length ${length}`);
}

/** The bounds of a cut in a list of a given length, counted from its start. */
function boundsOf({ from = 0, to, isToDerived }: Cut, length: number): readonly [number, number] {
  const start = from < 0 ? from + length : from;
  if (to === undefined) return [start, length];
  const isFromEnd = to < 0 || (to === 0 && isToDerived);
  return [start, isFromEnd ? to + length : to];
}

function cutOf(cut: Cut, value: Json): Values {
  if (value === null) return [];
  if (!isJsonArray(value)) return failPath(`${goTypeName(value)} is not array or slice`);
  const [start, end] = boundsOf(cut, value.length);
  if (start === end) return [];
  if (start >= value.length || start < 0) return outOfBounds(start, value.length);
  if (end > value.length || end < 0) return outOfBounds(end - 1, value.length);
  if (start > end) return failPath(`starting index ${start} is greater than ending index ${end}`);
  const step = cut.step ?? 1;
  if (step <= 0) return failPath("step must be > 0");
  return value.slice(start, end).filter((_, index) => index % step === 0);
}

function childrenOf(value: Json): Values {
  if (isJsonArray(value)) return value;
  return isJsonObject(value) ? entriesOf(value).map(([, member]) => member) : [];
}

/** The value itself and everything below it, without the nulls. Iterative: documents may be deep. */
function descendantsOf(value: Json): Values {
  const found: Json[] = [];
  const open: Json[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next !== null) found.push(next);
    open.push(...childrenOf(next).toReversed());
  }
  return found;
}

type Filter = Extract<PathStep, { readonly kind: "filter" }>;

function filterOf(filter: Filter, value: Json): Values {
  if (!isJsonArray(value))
    return failPath(`${goTypeName(value)} is not array or slice and cannot be filtered`);
  return value.filter((item) => passes(filter, item));
}

function passes({ left, comparison }: Filter, item: Json): boolean {
  if (comparison === undefined) return exists(left, item);
  const [leftValue, rightValue] = [left, comparison.right].map((side) => singleOf(side, item));
  if (leftValue === undefined || rightValue === undefined) return false;
  return compare(comparison.operator, leftValue, rightValue);
}

function exists(steps: readonly PathStep[], item: Json): boolean {
  try {
    return evaluateSteps(steps, item).length > 0;
  } catch (error) {
    if (error instanceof PathProblem && error.message.endsWith(" is not found")) return false;
    throw error;
  }
}

function singleOf(steps: readonly PathStep[], item: Json): Json | undefined {
  const values = evaluateSteps(steps, item);
  return values.length > 1 ? failPath("can only compare one element at a time") : values[0];
}

function orderOf(left: Json, right: Json): number {
  const isNumbers = typeof left === "number" && typeof right === "number";
  const isTexts = typeof left === "string" && typeof right === "string";
  if (!isNumbers && !isTexts) return failPath("incompatible types for comparison");
  if (left < right) return -1;
  return left === right ? 0 : 1;
}

function areEqual(left: Json, right: Json): boolean {
  if (typeof left === "boolean" && typeof right === "boolean") return left === right;
  return orderOf(left, right) === 0;
}

function compare(operator: string, left: Json, right: Json): boolean {
  switch (operator) {
    case "==":
      return areEqual(left, right);
    case "!=":
      return !areEqual(left, right);
    case "<":
      return orderOf(left, right) < 0;
    case "<=":
      return orderOf(left, right) <= 0;
    case ">":
      return orderOf(left, right) > 0;
    case ">=":
      return orderOf(left, right) >= 0;
    default:
      return failPath(`unrecognized filter operator ${operator}`);
  }
}
