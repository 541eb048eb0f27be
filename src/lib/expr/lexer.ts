import { quoteGo } from "../go-format.ts";
import { utf8Bytes } from "../utf8.ts";
import { failAt } from "./failure.ts";

export type Token =
  | {
      readonly kind: "Number" | "Identifier" | "Operator" | "Bracket" | "String";
      readonly text: string;
      readonly at: number;
    }
  | {
      readonly kind: "Bytes";
      readonly text: string;
      readonly bytes: readonly number[];
      readonly at: number;
    }
  | { readonly kind: "EOF"; readonly text: ""; readonly at: number };

const BLANKS_AND_COMMENTS = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const NUMBER =
  /0[xX][\da-fA-F_]*|0[bB][01_]*|0[oO][0-7_]*|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y;
const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const OPERATOR = /\*\*|\.\.|&&|\|\||==|!=|<=|>=|\?\?|\?\.(?!\d)|[-+*/%^!<>=?:;,.|&#]/y;
const BRACKETS = "()[]{}";
const WORD_OPERATORS: ReadonlySet<string> = new Set([
  "not",
  "in",
  "or",
  "and",
  "matches",
  "contains",
  "startsWith",
  "endsWith",
  "let",
  "if",
  "else",
]);
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "`": "`",
};
const CODE_ESCAPE =
  /u\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|([0-7]{3})/y;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

interface Escape {
  readonly text: string;
  readonly length: number;
  /** Set for \x and octal escapes, which name a byte in a bytes literal. */
  readonly byte?: number;
}

function readEscape(text: string, at: number): Escape {
  const letter = text.charAt(at);
  const simple = Object.hasOwn(SIMPLE_ESCAPES, letter) ? SIMPLE_ESCAPES[letter] : undefined;
  if (simple !== undefined) return { text: simple, length: 1 };
  const match = matchAt(CODE_ESCAPE, text, at);
  if (match === null) return failAt(at, "invalid char escape");
  const [whole, braced, short, long, hex, octal] = match;
  const code =
    octal === undefined
      ? Number.parseInt(braced ?? short ?? long ?? hex ?? "", 16)
      : Number.parseInt(octal, 8);
  if (code > 0x10ffff) return failAt(at, "invalid char escape");
  const escape = { text: String.fromCodePoint(code), length: whole.length };
  return hex === undefined && octal === undefined ? escape : { ...escape, byte: code & 0xff };
}

interface Literal {
  readonly text: string;
  readonly bytes: readonly number[];
  readonly end: number;
}

function readQuoted(text: string, start: number): Literal {
  const quote = text.charAt(start);
  const parts: string[] = [];
  const bytes: number[] = [];
  let at = start + 1;
  while (text.charAt(at) !== quote) {
    const point = text.codePointAt(at);
    if (point === undefined || point === 10) return failAt(at, "literal not terminated");
    const character = String.fromCodePoint(point);
    const escape: Escape =
      character === "\\" ? readEscape(text, at + 1) : { text: character, length: character.length };
    parts.push(escape.text);
    if (escape.byte === undefined) bytes.push(...utf8Bytes(escape.text));
    else bytes.push(escape.byte);
    at += escape.length + (character === "\\" ? 1 : 0);
  }
  return { text: parts.join(""), bytes, end: at + 1 };
}

function readRaw(text: string, start: number): Literal {
  const parts: string[] = [];
  let from = start + 1;
  for (;;) {
    const close = text.indexOf("`", from);
    if (close < 0) return failAt(text.length, "literal not terminated");
    parts.push(text.slice(from, close));
    // Two backticks in a row stand for one inside a raw string.
    if (text.charAt(close + 1) !== "`") return { text: parts.join("`"), bytes: [], end: close + 1 };
    from = close + 2;
  }
}

function isQuote(character: string): boolean {
  return character === '"' || character === "'";
}

/** The token at `at`, and where the next one may start. */
function readToken(text: string, at: number): readonly [Token, number] {
  const character = text.charAt(at);
  if (character === "b" && isQuote(text.charAt(at + 1))) {
    const { bytes, end, text: value } = readQuoted(text, at + 1);
    return [{ kind: "Bytes", text: value, bytes, at }, end];
  }
  if (isQuote(character) || character === "`") {
    const { text: value, end } = character === "`" ? readRaw(text, at) : readQuoted(text, at);
    return [{ kind: "String", text: value, at }, end];
  }
  if (BRACKETS.includes(character)) return [{ kind: "Bracket", text: character, at }, at + 1];
  return readWord(text, at);
}

/** A number, a name or an operator. */
function readWord(text: string, at: number): readonly [Token, number] {
  const number = matchAt(NUMBER, text, at)?.[0];
  if (number !== undefined)
    return [{ kind: "Number", text: number, at }, endOfNumber(text, at, number)];
  const name = matchAt(NAME, text, at)?.[0];
  if (name !== undefined) {
    const kind = WORD_OPERATORS.has(name) ? "Operator" : "Identifier";
    return [{ kind, text: name, at }, at + name.length];
  }
  const operator = matchAt(OPERATOR, text, at)?.[0];
  if (operator === undefined) return failAt(at, unrecognised(text, at));
  return [{ kind: "Operator", text: operator, at }, at + operator.length];
}

function endOfNumber(text: string, at: number, number: string): number {
  const end = at + number.length;
  const trailing = matchAt(NAME, text, end)?.[0];
  if (trailing === undefined) return end;
  return failAt(end, `bad number syntax: ${quoteGo(number + trailing.charAt(0))}`);
}

function unrecognised(text: string, at: number): string {
  const point = text.codePointAt(at) ?? 0;
  const code = point.toString(16).toUpperCase().padStart(4, "0");
  return `unrecognized character: U+${code} '${String.fromCodePoint(point)}'`;
}

/** Cuts a text into tokens, ending with EOF. Throws ExprFailure at the first thing that is no token. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(BLANKS_AND_COMMENTS, text, at)?.[0].length ?? 0;
    if (text.startsWith("/*", at)) return failAt(text.length, "unclosed comment");
    if (at >= text.length) return [...tokens, { kind: "EOF", text: "", at: text.length }];
    const [token, end] = readToken(text, at);
    tokens.push(token);
    at = end;
  }
}

/** A token as error messages show it: `Operator(",")`, `EOF`. */
export function describeToken(token: Token): string {
  return token.kind === "EOF" ? "EOF" : `${token.kind}(${quoteGo(token.text)})`;
}
