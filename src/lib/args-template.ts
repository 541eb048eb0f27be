// `{{args.x}}` in metrics and `{{templates.x.podTemplateHash}}` in experiment arguments (argo-rollouts §1.2).
// A tag is everything between `{{` and the next `}}`; blanks around the name do not count; nothing is passed through.

import { quoteGo } from "./go-format.ts";
import type { Json } from "./json.ts";

export interface TemplateArgument {
  readonly name: string;
  readonly value?: string | null | undefined;
}
export type TextResult =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };
export type JsonResult =
  { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string };
export type Variables = ReadonlyMap<string, string>;

const OPEN = "{{";
const CLOSE = "}}";

/**
 * Replaces every tag of `text`. Errors: `failed to resolve {{args.x}}` with the tag as written,
 * `Cannot find end tag="}}" in the template="…" starting from "…"`.
 */
export function substituteTags(
  text: string,
  variables: Variables,
  escape: (value: string) => string = (value) => value,
): TextResult {
  const parts: string[] = [];
  let at = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
    const start = open + OPEN.length;
    const close = text.indexOf(CLOSE, start);
    if (close < 0) return { ok: false, message: missingEnd(text, start) };
    const tag = text.slice(start, close);
    const value = variables.get(tag.trim());
    if (value === undefined) return { ok: false, message: `failed to resolve {{${tag}}}` };
    parts.push(text.slice(at, open), escape(value));
    at = close + CLOSE.length;
  }
  return { ok: true, text: parts.join("") + text.slice(at) };
}

function missingEnd(text: string, from: number): string {
  return `Cannot find end tag="${CLOSE}" in the template=${quoteGo(text)} starting from ${quoteGo(text.slice(from))}`;
}

/** The value as Go's strconv.Quote escapes it, without the quotes around it. */
export function escapeGo(value: string): string {
  return quoteGo(value).slice(1, -1);
}

/**
 * The same for JSON text. Go's quoting has escapes JSON does not know (`\a`, `\v`, `\x1f`, `\U0001f600`); Argo then
 * fails to read the metric back. Here such characters are written as JSON's `\uXXXX` and get through.
 */
function escapeForJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** `args.<name>` → value. A listed argument without a value is an error, used or not: `argument "x" was not supplied`. */
export function argumentVariables(
  args: readonly TemplateArgument[],
):
  | { readonly ok: true; readonly variables: Variables }
  | { readonly ok: false; readonly message: string } {
  const variables = new Map<string, string>();
  for (const { name, value } of args) {
    if (value === undefined || value === null) {
      return { ok: false, message: `argument "${name}" was not supplied` };
    }
    variables.set(`args.${name}`, value);
  }
  return { ok: true, variables };
}

/** Replaces `{{args.x}}` in one text, values as they are. */
export function substituteArgsInText(text: string, args: readonly TemplateArgument[]): TextResult {
  const resolved = argumentVariables(args);
  return resolved.ok ? substituteTags(text, resolved.variables) : resolved;
}

/** Replaces `{{args.x}}` in every string of a JSON value, keys included, on its JSON text as Argo does. */
export function substituteArgs(value: Json, args: readonly TemplateArgument[]): JsonResult {
  const resolved = argumentVariables(args);
  if (!resolved.ok) return resolved;
  const substituted = substituteTags(JSON.stringify(value), resolved.variables, escapeForJson);
  if (!substituted.ok) return substituted;
  return parseSubstituted(substituted.text);
}

/** Only an argument name that itself contains JSON punctuation can break the text; that is the user's error, not ours. */
function parseSubstituted(text: string): JsonResult {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, message: `arguments left no valid JSON: ${error.message}` };
  }
}
