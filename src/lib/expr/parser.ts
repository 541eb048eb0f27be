import { quoteGo } from "../go-format.ts";
import { BINARY_OPERATORS, UNARY_OPERATORS, isBinaryOperator, isUnaryOperator } from "./ast.ts";
import type { BinaryOperator, ExprNode, MapPair } from "./ast.ts";
import { failAt } from "./failure.ts";
import { describeToken, tokenize } from "./lexer.ts";
import type { Token } from "./lexer.ts";
import { countLink, expect, isAt, peek, skip, take, unexpected } from "./parser-head.ts";
import type { Parser } from "./parser-head.ts";
import { isPredicateBuiltin, predicateIsOptional } from "./signatures.ts";

const MAX_DEPTH = 200;
const NEGATABLE: ReadonlySet<string> = new Set([
  "in",
  "matches",
  "contains",
  "startsWith",
  "endsWith",
]);
const COMPARISONS: ReadonlySet<string> = new Set(["<", ">", "<=", ">="]);

/** Parses a whole condition. `isBuiltin` tells which called names are expr's own functions. Throws ExprFailure. */
export function parse(text: string, isBuiltin: (name: string) => boolean): ExprNode {
  const parser: Parser = {
    tokens: tokenize(text),
    isBuiltin,
    next: 0,
    predicates: 0,
    depth: 0,
    links: 0,
  };
  const node = parseSequence(parser);
  return peek(parser).kind === "EOF" ? node : unexpected(parser);
}

function parseSequence(parser: Parser): ExprNode {
  const first = isAt(parser, "let") ? parseLet(parser) : parseExpression(parser, 0);
  const items = [first];
  while (skip(parser, ";")) {
    if (isSequenceEnd(parser)) break;
    items.push(isAt(parser, "let") ? parseLet(parser) : parseExpression(parser, 0));
  }
  return items.length === 1 ? first : { kind: "sequence", at: first.at, items };
}

function isSequenceEnd(parser: Parser): boolean {
  return peek(parser).kind === "EOF" || isAt(parser, ")") || isAt(parser, "}");
}

function parseLet(parser: Parser): ExprNode {
  expect(parser, "let");
  const name = take(parser);
  if (name.kind !== "Identifier") return failAt(name.at, `unexpected token ${describeToken(name)}`);
  expect(parser, "=");
  const value = parseExpression(parser, 0);
  expect(parser, ";");
  return { kind: "let", at: name.at, name: name.text, value, body: parseSequence(parser) };
}

function parseExpression(parser: Parser, precedence: number): ExprNode {
  parser.depth += 1;
  if (parser.depth > MAX_DEPTH) failAt(peek(parser).at, "expression is nested too deeply");
  const binary = parseBinary(parser, parsePrimary(parser), precedence);
  const node = precedence === 0 ? parseConditional(parser, binary) : binary;
  parser.depth -= 1;
  return node;
}

interface FoundOperator {
  readonly operator: BinaryOperator;
  readonly negated: boolean;
  readonly token: Token;
}

function findOperator(parser: Parser): FoundOperator | undefined {
  const negated = isAt(parser, "not") && NEGATABLE.has(peek(parser, 1).text);
  const token = peek(parser, negated ? 1 : 0);
  if (token.kind !== "Operator" || !isBinaryOperator(token.text)) return undefined;
  return { operator: token.text, negated, token };
}

function parseBinary(parser: Parser, first: ExprNode, precedence: number): ExprNode {
  let left = first;
  let previous: BinaryOperator | undefined;
  for (;;) {
    if (precedence === 0 && skip(parser, "|")) {
      countLink(parser);
      left = parsePipe(parser, left);
      continue;
    }
    const found = findOperator(parser);
    if (found === undefined || BINARY_OPERATORS[found.operator] < precedence) return left;
    countLink(parser);
    if (previous === "??" && found.operator !== "??") failMixedCoalesce(found);
    parser.next += found.negated ? 2 : 1;
    left = parseRight(parser, left, found);
    previous = found.operator;
  }
}

function failMixedCoalesce({ operator, token }: FoundOperator): never {
  const advice = "cannot be mixed. Wrap either by parentheses.";
  return failAt(token.at, `Operator (${operator}) and coalesce expressions (??) ${advice}`);
}

function parseRight(parser: Parser, left: ExprNode, found: FoundOperator): ExprNode {
  const { operator, negated, token } = found;
  const strength = BINARY_OPERATORS[operator];
  const bindsRight = operator === "**" || operator === "^";
  const right = parseExpression(parser, bindsRight ? strength : strength + 1);
  const node: ExprNode = { kind: "binary", at: token.at, operator, left, right };
  if (COMPARISONS.has(operator)) return parseComparisonChain(parser, node, right);
  return negated ? { kind: "unary", at: token.at, operator: "not", operand: node } : node;
}

/** `1 < x < 3` reads as `1 < x and x < 3`. */
function parseComparisonChain(parser: Parser, first: ExprNode, middle: ExprNode): ExprNode {
  let chain = first;
  let left = middle;
  for (;;) {
    const found = findOperator(parser);
    if (found === undefined || !COMPARISONS.has(found.operator)) return chain;
    const { operator, token } = found;
    parser.next += 1;
    countLink(parser);
    const right = parseExpression(parser, BINARY_OPERATORS[operator] + 1);
    const link: ExprNode = { kind: "binary", at: token.at, operator, left, right };
    chain = { kind: "binary", at: token.at, operator: "&&", left: chain, right: link };
    left = right;
  }
}

function parsePipe(parser: Parser, argument: ExprNode): ExprNode {
  const name = take(parser);
  if (name.kind !== "Identifier") return failAt(name.at, `unexpected token ${describeToken(name)}`);
  if (!isAt(parser, "(")) return unexpected(parser);
  return parsePostfix(parser, parseCall(parser, name, [argument]));
}

function parseConditional(parser: Parser, condition: ExprNode): ExprNode {
  if (!isAt(parser, "?")) return condition;
  const { at } = take(parser);
  if (skip(parser, ":")) {
    return {
      kind: "conditional",
      at,
      condition,
      whenTrue: condition,
      whenFalse: parseExpression(parser, 0),
    };
  }
  const whenTrue = parseExpression(parser, 0);
  expect(parser, ":");
  return { kind: "conditional", at, condition, whenTrue, whenFalse: parseExpression(parser, 0) };
}

function parseIf(parser: Parser): ExprNode {
  const { at } = take(parser);
  const condition = parseExpression(parser, 0);
  const whenTrue = parseBlock(parser);
  expect(parser, "else");
  const whenFalse = isAt(parser, "if") ? parseIf(parser) : parseBlock(parser);
  return { kind: "conditional", at, condition, whenTrue, whenFalse };
}

function parseBlock(parser: Parser): ExprNode {
  expect(parser, "{");
  const body = parseSequence(parser);
  expect(parser, "}");
  return body;
}

function parsePrimary(parser: Parser): ExprNode {
  const token = peek(parser);
  if (token.kind === "Operator" && isUnaryOperator(token.text)) {
    parser.next += 1;
    const operand = parseExpression(parser, UNARY_OPERATORS[token.text]);
    return { kind: "unary", at: token.at, operator: token.text, operand };
  }
  if (isAt(parser, "if")) return parseIf(parser);
  if (skip(parser, "(")) {
    const inner = parseSequence(parser);
    expect(parser, ")");
    return parsePostfix(parser, inner);
  }
  if (parser.predicates > 0 && (isAt(parser, "#") || isAt(parser, "."))) {
    return parsePostfix(parser, parsePointer(parser));
  }
  return parseLiteralOrName(parser);
}

function parsePointer(parser: Parser): ExprNode {
  const { at } = peek(parser);
  // `.field` is short for `#.field`: the point is left for the postfix part.
  if (isAt(parser, ".")) return { kind: "pointer", at, name: "" };
  parser.next += 1;
  const name = peek(parser);
  if (name.kind !== "Identifier" || name.at !== at + 1) return { kind: "pointer", at, name: "" };
  if (name.text !== "acc" && name.text !== "index")
    return failAt(at, `unknown pointer #${name.text}`);
  parser.next += 1;
  return { kind: "pointer", at, name: name.text };
}

function parseLiteralOrName(parser: Parser): ExprNode {
  const token = take(parser);
  switch (token.kind) {
    case "Number":
      return parseNumber(token);
    case "String":
      return parsePostfix(parser, { kind: "string", at: token.at, value: token.text });
    case "Bytes":
      return { kind: "bytes", at: token.at, value: token.bytes };
    case "Identifier":
      return parseName(parser, token);
    case "Bracket":
      if (token.text === "[") return parsePostfix(parser, parseList(parser, token.at));
      if (token.text === "{") return parsePostfix(parser, parseMap(parser, token.at));
      break;
    case "Operator":
    case "EOF":
      break;
  }
  parser.next -= 1;
  return unexpected(parser);
}

function parseName(parser: Parser, token: Token): ExprNode {
  const { text, at } = token;
  if (text === "true" || text === "false") return { kind: "bool", at, value: text === "true" };
  if (text === "nil") return { kind: "nil", at };
  if (text === "$env") return parsePostfix(parser, { kind: "env", at });
  if (isAt(parser, "(")) return parsePostfix(parser, parseCall(parser, token, []));
  return parsePostfix(parser, { kind: "name", at, name: text });
}

const INTEGER_BASES: readonly (readonly [RegExp, string])[] = [
  [/^0x/i, "hex"],
  [/^0b/i, "binary"],
  [/^0o/i, "octal"],
];

function parseNumber({ text, at }: Token): ExprNode {
  const digits = text.replaceAll("_", "");
  const base = INTEGER_BASES.find(([prefix]) => prefix.test(digits))?.[1];
  if (base === undefined && /[.eE]/.test(digits)) {
    const value = Number(digits);
    if (Number.isFinite(value)) return { kind: "float", at, value };
    return failAt(
      at,
      `invalid float literal: ${syntaxOf("ParseFloat", digits, "value out of range")}`,
    );
  }
  const label = base === undefined ? "integer" : base;
  if (base !== undefined && digits.length === 2) {
    return failAt(
      at,
      `invalid ${label} literal: ${syntaxOf("ParseInt", digits, "invalid syntax")}`,
    );
  }
  // A leading zero means nothing in expr; BigInt would take 0o and 0b but not 017.
  const value = BigInt(base === undefined ? digits.replace(/^0+(?=\d)/, "") : digits.toLowerCase());
  if (value < 2n ** 63n) return { kind: "int", at, value };
  return failAt(
    at,
    `invalid ${label} literal: ${syntaxOf("ParseInt", digits, "value out of range")}`,
  );
}

function syntaxOf(reader: string, text: string, problem: string): string {
  return `strconv.${reader}: parsing ${quoteGo(text)}: ${problem}`;
}

function parseItems<T>(parser: Parser, close: string, parseItem: () => T): readonly T[] {
  const items: T[] = [];
  while (!isAt(parser, close)) {
    items.push(parseItem());
    if (!isAt(parser, close)) expect(parser, ",");
  }
  expect(parser, close);
  return items;
}

function parseList(parser: Parser, at: number): ExprNode {
  return { kind: "list", at, items: parseItems(parser, "]", () => parseExpression(parser, 0)) };
}

function parseMap(parser: Parser, at: number): ExprNode {
  return { kind: "map", at, pairs: parseItems(parser, "}", () => parseMapPair(parser)) };
}

function parseMapPair(parser: Parser): MapPair {
  const key = parseMapKey(parser);
  expect(parser, ":");
  return { key, value: parseExpression(parser, 0) };
}

function parseMapKey(parser: Parser): ExprNode {
  const token = peek(parser);
  if (token.kind === "Number" || token.kind === "String" || token.kind === "Identifier") {
    parser.next += 1;
    return { kind: "string", at: token.at, value: token.text };
  }
  if (isAt(parser, "(")) return parseExpression(parser, 0);
  return token.kind === "EOF"
    ? unexpected(parser)
    : failAt(
        token.at,
        `a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses (unexpected token ${describeToken(token)})`,
      );
}

function parseCall(parser: Parser, name: Token, given: readonly ExprNode[]): ExprNode {
  const { text, at } = name;
  if (isPredicateBuiltin(text)) return parsePredicateCall(parser, name, given);
  expect(parser, "(");
  const args = [...given, ...parseItems(parser, ")", () => parseExpression(parser, 0))];
  if (parser.isBuiltin(text))
    return { kind: "builtin", at, name: text, args, predicate: undefined };
  return { kind: "call", at, callee: { kind: "name", at, name: text }, args };
}

/** `filter(list, predicate)`, `reduce(list, predicate, start)`: the second argument is evaluated per element. */
function parsePredicateCall(parser: Parser, name: Token, given: readonly ExprNode[]): ExprNode {
  expect(parser, "(");
  const args = [...given];
  if (args.length === 0) {
    if (isAt(parser, ")")) return unexpected(parser);
    args.push(parseExpression(parser, 0));
    if (!isAt(parser, ")")) expect(parser, ",");
  }
  let predicate: ExprNode | undefined;
  if (!isAt(parser, ")")) {
    predicate = parsePredicate(parser);
    if (!isAt(parser, ")")) expect(parser, ",");
  } else if (!predicateIsOptional(name.text)) return unexpected(parser);
  args.push(...parseItems(parser, ")", () => parseExpression(parser, 0)));
  return { kind: "builtin", at: name.at, name: name.text, args, predicate };
}

function parsePredicate(parser: Parser): ExprNode {
  parser.predicates += 1;
  const body = isAt(parser, "{") ? parseBlock(parser) : parseSequence(parser);
  parser.predicates -= 1;
  return body;
}

function parsePostfix(parser: Parser, start: ExprNode): ExprNode {
  let node = start;
  let hasOptional = false;
  for (;;) {
    const optional = skip(parser, "?.");
    if (!optional && !isAt(parser, ".") && !isAt(parser, "[")) break;
    countLink(parser);
    hasOptional ||= optional;
    if (isAt(parser, "[")) node = parseBracket(parser, node, optional);
    else {
      if (!optional) expect(parser, ".");
      node = parseDot(parser, node, optional);
    }
  }
  return hasOptional ? { kind: "chain", at: node.at, inner: node } : node;
}

function parseDot(parser: Parser, object: ExprNode, optional: boolean): ExprNode {
  const token = take(parser);
  const isWord =
    token.kind === "Identifier" || (token.kind === "Operator" && /^\p{L}/u.test(token.text));
  if (!isWord)
    return failAt(
      token.at,
      token.kind === "EOF" ? "unexpected end of expression" : "expected name",
    );
  const property: ExprNode = { kind: "string", at: token.at, value: token.text };
  const member: ExprNode = { kind: "member", at: token.at, object, property, optional };
  if (!skip(parser, "(")) return member;
  const args = parseItems(parser, ")", () => parseExpression(parser, 0));
  return { kind: "call", at: token.at, callee: member, args };
}

function parseBracket(parser: Parser, object: ExprNode, optional: boolean): ExprNode {
  const { at } = take(parser);
  const from = isAt(parser, ":") ? undefined : parseExpression(parser, 0);
  if (skip(parser, ":")) {
    const to = isAt(parser, "]") ? undefined : parseExpression(parser, 0);
    expect(parser, "]");
    return { kind: "slice", at, object, from, to };
  }
  expect(parser, "]");
  if (from === undefined) return unexpected(parser);
  return { kind: "member", at, object, property: from, optional };
}
