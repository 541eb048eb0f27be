import { quoteGo } from "../go-format.ts";

/** Where a list is cut: absent bounds mean its ends. `to` of a single index is derived from `from`. */
export interface Cut {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly isToDerived: boolean;
  readonly step: number | undefined;
}

/** One step of a path; a path hands a list of values from step to step. */
export type PathStep =
  | { readonly kind: "constant"; readonly value: string | number | boolean }
  | { readonly kind: "identifier"; readonly name: string }
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "cut"; readonly cut: Cut }
  | { readonly kind: "wildcard" }
  | { readonly kind: "recursive" }
  | { readonly kind: "union"; readonly branches: readonly (readonly PathStep[])[] }
  | {
      readonly kind: "filter";
      readonly left: readonly PathStep[];
      /** Absent: the left side only has to exist. */
      readonly comparison:
        { readonly operator: string; readonly right: readonly PathStep[] } | undefined;
    };

/** A template: texts outside of braces and paths inside of them. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "path"; readonly steps: readonly PathStep[] };

export class PathProblem extends Error {}

export function failPath(message: string): never {
  throw new PathProblem(message);
}

interface Reader {
  readonly text: string;
  at: number;
}

const NAME_START = /[\p{L}\p{N}_]/u;
const FIELD_END = /[\s.,[\]$@{}]/;

/** Throws PathProblem with the message the Kubernetes library gives. */
export function parseTemplate(text: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{", at);
    if (open !== at)
      parts.push({ kind: "text", text: text.slice(at, open < 0 ? undefined : open) });
    if (open < 0) break;
    const reader: Reader = { text, at: open + 1 };
    parts.push({ kind: "path", steps: parseAction(reader) });
    at = reader.at;
  }
  return parts;
}

/** The steps up to the closing brace, which is consumed. */
function parseAction(reader: Reader): readonly PathStep[] {
  const steps: PathStep[] = [];
  for (;;) {
    const character = reader.text.charAt(reader.at);
    if (character === "" || character === "\n" || character === "\r") failPath("unclosed action");
    if (character === "}") break;
    steps.push(...parseStep(reader, character));
  }
  reader.at += 1;
  return steps;
}

function parseStep(reader: Reader, character: string): readonly PathStep[] {
  switch (character) {
    case " ":
    case "@":
    case "$":
      reader.at += 1;
      return [];
    case "[":
      return [parseBrackets(reader)];
    case '"':
    case "'":
      return [{ kind: "constant", value: parseQuoted(reader) }];
    case ".":
      return parseDots(reader);
  }
  if (/[-+\d]/.test(character)) return [parseNumber(reader)];
  if (NAME_START.test(String.fromCodePoint(reader.text.codePointAt(reader.at) ?? 0)))
    return [parseIdentifier(reader)];
  return failPath(`unrecognized character in action: ${describeCharacter(reader)}`);
}

function describeCharacter({ text, at }: Reader): string {
  const point = text.codePointAt(at) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, "0")} '${String.fromCodePoint(point)}'`;
}

function parseIdentifier(reader: Reader): PathStep {
  const name = takeUntil(reader, FIELD_END);
  return name === "true" || name === "false"
    ? { kind: "constant", value: name === "true" }
    : { kind: "identifier", name };
}

function takeUntil(reader: Reader, end: RegExp): string {
  const start = reader.at;
  while (reader.at < reader.text.length && !end.test(reader.text.charAt(reader.at))) reader.at += 1;
  return reader.text.slice(start, reader.at);
}

function parseNumber(reader: Reader): PathStep {
  const start = reader.at;
  reader.at += 1;
  takeUntil(reader, /[^\d.]/);
  const text = reader.text.slice(start, reader.at);
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(text)) failPath(`cannot parse number ${text}`);
  return { kind: "constant", value: Number(text) };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function parseQuoted(reader: Reader): string {
  const quote = reader.text.charAt(reader.at);
  const parts: string[] = [];
  for (reader.at += 1; reader.text.charAt(reader.at) !== quote; reader.at += 1) {
    const character = reader.text.charAt(reader.at);
    if (character === "" || character === "\n") failPath("unterminated quoted string");
    if (character !== "\\") {
      parts.push(character);
      continue;
    }
    reader.at += 1;
    const escaped = reader.text.charAt(reader.at);
    if (escaped === "") failPath("unterminated quoted string");
    parts.push(ESCAPES[escaped] ?? escaped);
  }
  reader.at += 1;
  return parts.join("");
}

/** `.name`, `.*`, or `..`, which a name may follow directly. */
function parseDots(reader: Reader): readonly PathStep[] {
  reader.at += 1;
  if (reader.text.charAt(reader.at) !== ".") return [parseField(reader)];
  reader.at += 1;
  const next = reader.text.codePointAt(reader.at);
  const isName = next !== undefined && NAME_START.test(String.fromCodePoint(next));
  return isName ? [{ kind: "recursive" }, parseField(reader)] : [{ kind: "recursive" }];
}

function parseField(reader: Reader): PathStep {
  const parts: string[] = [];
  for (;;) {
    const character = reader.text.charAt(reader.at);
    if (character === "" || FIELD_END.test(character)) break;
    const isEscape = character === "\\" && reader.at + 1 < reader.text.length;
    parts.push(isEscape ? reader.text.charAt(reader.at + 1) : character);
    reader.at += isEscape ? 2 : 1;
  }
  const name = parts.join("");
  return name === "*" ? { kind: "wildcard" } : { kind: "field", name };
}

/** The text between the brackets; quoted brackets do not count. */
function takeBrackets(reader: Reader): string {
  const start = reader.at + 1;
  let quoted = false;
  for (let at = start; at < reader.text.length; at += 1) {
    const character = reader.text.charAt(at);
    if (character === "\n") break;
    if (character === "'") quoted = !quoted;
    if (character !== "]" || quoted) continue;
    reader.at = at + 1;
    return reader.text.slice(start, at);
  }
  return failPath("unterminated array");
}

function parseBrackets(reader: Reader): PathStep {
  if (reader.text.startsWith("[?(", reader.at)) return parseFilter(reader);
  const inside = takeBrackets(reader);
  const items = splitOutsideQuotes(inside);
  if (items.length > 1)
    return { kind: "union", branches: items.map((item) => [parseSelector(item.trim())]) };
  return parseSelector(inside);
}

function splitOutsideQuotes(text: string): readonly string[] {
  const items = text.match(/(?:'[^']*'|[^,'])+/g) ?? [text];
  return items.join(",") === text ? items : [text];
}

function numberOr(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : failPath(`array index ${text} is not a number`);
}

function parseSelector(text: string): PathStep {
  const name = /^'([^']*)'$/.exec(text)?.[1];
  if (name !== undefined) return { kind: "field", name };
  if (text === "*")
    return {
      kind: "cut",
      cut: { from: undefined, to: undefined, isToDerived: false, step: undefined },
    };
  const match = /^(-?\d*)(?::(-?\d*))?(?::(-?\d*))?$/.exec(text);
  if (match === null || text === "-") return failPath(`invalid array index ${text}`);
  const [, first, second, third] = match;
  // Empty brackets mean the first element, of all things.
  const from = text === "" ? 0 : numberOr(first);
  const isSingle = second === undefined && from !== undefined;
  const to = isSingle ? from + 1 : numberOr(second);
  return { kind: "cut", cut: { from, to, isToDerived: isSingle, step: numberOr(third) } };
}

/** The text of a filter up to its closing parenthesis, quotes and inner parentheses respected. */
function takeFilter(reader: Reader): string {
  const start = reader.at + 3;
  let depth = 1;
  let quote = "";
  for (let at = start; at < reader.text.length; at += 1) {
    const character = reader.text.charAt(at);
    if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    if (depth > 0) continue;
    reader.at = at + 1;
    return reader.text.slice(start, at);
  }
  return failPath("unterminated filter");
}

function parseFilter(reader: Reader): PathStep {
  const inside = takeFilter(reader);
  if (reader.text.charAt(reader.at) !== "]") failPath("unclosed array expect ]");
  reader.at += 1;
  const match = /^([^!<>=]+)([!<>=]+)(.+)$/s.exec(inside);
  if (match === null) return { kind: "filter", left: parseOperand(inside), comparison: undefined };
  const [, left = "", operator = "", right = ""] = match;
  return {
    kind: "filter",
    left: parseOperand(left),
    comparison: { operator, right: parseOperand(right) },
  };
}

/** One side of a filter is a path of its own. */
function parseOperand(text: string): readonly PathStep[] {
  const reader: Reader = { text: `${text.trim()}}`, at: 0 };
  const steps = parseAction(reader);
  return reader.at === reader.text.length
    ? steps
    : failPath(`unexpected text after ${quoteGo(text)} in a filter`);
}
