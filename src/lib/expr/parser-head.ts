import { failAt } from "./failure.ts";
import { describeToken } from "./lexer.ts";
import type { Token } from "./lexer.ts";

/** The reading head. Mutable, and alive only while one text is parsed. */
export interface Parser {
  readonly tokens: readonly Token[];
  readonly isBuiltin: (name: string) => boolean;
  next: number;
  /** How many predicates surround the head; `#` means something only inside one. */
  predicates: number;
  /** Nesting, limited so that a text of brackets cannot exhaust the stack. */
  depth: number;
  /** Operators and accesses so far; each may deepen the tree by one. */
  links: number;
}

const MAX_LINKS = 2000;
const END: Token = { kind: "EOF", text: "", at: 0 };

export function peek(parser: Parser, ahead = 0): Token {
  return parser.tokens[parser.next + ahead] ?? parser.tokens.at(-1) ?? END;
}

export function take(parser: Parser): Token {
  const token = peek(parser);
  parser.next += 1;
  return token;
}

export function isAt(parser: Parser, text: string, ahead = 0): boolean {
  const token = peek(parser, ahead);
  return (token.kind === "Operator" || token.kind === "Bracket") && token.text === text;
}

export function skip(parser: Parser, text: string): boolean {
  if (!isAt(parser, text)) return false;
  parser.next += 1;
  return true;
}

export function unexpected(parser: Parser): never {
  const token = peek(parser);
  return failAt(token.at, `unexpected token ${describeToken(token)}`);
}

export function countLink(parser: Parser): void {
  parser.links += 1;
  if (parser.links > MAX_LINKS) failAt(peek(parser).at, "expression is too long");
}

export function expect(parser: Parser, text: string): void {
  if (!skip(parser, text)) unexpected(parser);
}
