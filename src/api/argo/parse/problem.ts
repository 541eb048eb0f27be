// What parsing has to say besides its result: problems (the manifest is wrong here; something
// harmless stands in its place) and notices (it is right, but nothing carries it out yet).
import type { Json } from "../../../lib/json.ts";
import { formatPath } from "../../meta/field-path.ts";
import type { FieldPath } from "../../meta/field-path.ts";
import type { TypeProblem } from "../../schema/conform.ts";

export interface Problem {
  /** In the manifest as written: `spec.strategy.canary.steps[1].setWeight`. */
  readonly path: FieldPath;
  /** Says what is wrong, without the path. */
  readonly message: string;
}

export interface Notice {
  readonly path: FieldPath;
  /** A whole sentence: `not carried out yet: spec.strategy.canary.trafficRouting.istio`. */
  readonly message: string;
}

export function notCarriedOut(path: FieldPath): Notice {
  return { path, message: `not carried out yet: ${formatPath(path)}` };
}

const articles: Readonly<Record<string, string>> = {
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  string: "text",
  object: "an object",
  array: "a list",
  "integer or string": "a whole number or text",
  "date-time": "a time such as 2026-11-21T06:48:00Z",
  quantity: "an amount such as 100m or 1Gi",
  byte: "base64 text",
};

/** A value as a message shows it, cut if long. */
export function shown(value: Json | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** A type as people say it: "a whole number". */
export function articleOf(expected: string): string {
  return articles[expected] ?? expected;
}

function messageOf(problem: TypeProblem): string {
  switch (problem.kind) {
    case "missing":
      return "is required";
    case "wrongType":
      return `must be ${articleOf(problem.expected)}, but is ${shown(problem.actual)}`;
    case "unknownValue":
      return `must be one of ${problem.expected}, but is ${shown(problem.actual)}`;
  }
}

export function problemOf(problem: TypeProblem): Problem {
  return { path: problem.path, message: messageOf(problem) };
}

/** The problem in one line, as an error or a log shows it. */
export function formatProblem({ path, message }: Problem): string {
  return `${formatPath(path)}: ${message}`;
}
