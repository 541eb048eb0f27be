/** What a text means before any value is known. `at` is the offset error messages point to. */
export type ExprNode =
  | { readonly kind: "nil"; readonly at: number }
  | { readonly kind: "bool"; readonly at: number; readonly value: boolean }
  | { readonly kind: "int"; readonly at: number; readonly value: bigint }
  | { readonly kind: "float"; readonly at: number; readonly value: number }
  | { readonly kind: "string"; readonly at: number; readonly value: string }
  | { readonly kind: "bytes"; readonly at: number; readonly value: readonly number[] }
  | { readonly kind: "name"; readonly at: number; readonly name: string }
  | { readonly kind: "env"; readonly at: number }
  /** `#` (the element), `#acc`, `#index` of the innermost predicate. */
  | { readonly kind: "pointer"; readonly at: number; readonly name: "" | "acc" | "index" }
  | { readonly kind: "list"; readonly at: number; readonly items: readonly ExprNode[] }
  | { readonly kind: "map"; readonly at: number; readonly pairs: readonly MapPair[] }
  | {
      readonly kind: "unary";
      readonly at: number;
      readonly operator: UnaryOperator;
      readonly operand: ExprNode;
    }
  | BinaryNode
  | {
      readonly kind: "conditional";
      readonly at: number;
      readonly condition: ExprNode;
      readonly whenTrue: ExprNode;
      readonly whenFalse: ExprNode;
    }
  | MemberNode
  /** The whole of `a?.b.c`: where a `?.` inside it meets nil, the value of the chain is nil. */
  | { readonly kind: "chain"; readonly at: number; readonly inner: ExprNode }
  | {
      readonly kind: "slice";
      readonly at: number;
      readonly object: ExprNode;
      readonly from: ExprNode | undefined;
      readonly to: ExprNode | undefined;
    }
  | CallNode
  | BuiltinNode
  | {
      readonly kind: "let";
      readonly at: number;
      readonly name: string;
      readonly value: ExprNode;
      readonly body: ExprNode;
    }
  | { readonly kind: "sequence"; readonly at: number; readonly items: readonly ExprNode[] };

export interface MapPair {
  readonly key: ExprNode;
  readonly value: ExprNode;
}
export type UnaryOperator = "not" | "!" | "+" | "-";

export interface BinaryNode {
  readonly kind: "binary";
  readonly at: number;
  readonly operator: BinaryOperator;
  readonly left: ExprNode;
  readonly right: ExprNode;
}
export interface MemberNode {
  readonly kind: "member";
  readonly at: number;
  readonly object: ExprNode;
  readonly property: ExprNode;
  readonly optional: boolean;
}
export interface CallNode {
  readonly kind: "call";
  readonly at: number;
  readonly callee: ExprNode;
  readonly args: readonly ExprNode[];
}
export interface BuiltinNode {
  readonly kind: "builtin";
  readonly at: number;
  readonly name: string;
  readonly args: readonly ExprNode[];
  /** The `{# > 1}` of `filter(list, {# > 1})`; evaluated once per element. */
  readonly predicate: ExprNode | undefined;
}

export type BinaryOperator = keyof typeof BINARY_OPERATORS;

/** Binding strength, weakest first. `^` is `**` and both bind to the right; the rest bind to the left. */
export const BINARY_OPERATORS = {
  or: 10,
  "||": 10,
  and: 15,
  "&&": 15,
  "==": 20,
  "!=": 20,
  "<": 20,
  ">": 20,
  "<=": 20,
  ">=": 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  "..": 25,
  "+": 30,
  "-": 30,
  "*": 60,
  "/": 60,
  "%": 60,
  "**": 100,
  "^": 100,
  "??": 500,
} as const;

export const UNARY_OPERATORS = { not: 50, "!": 50, "+": 90, "-": 90 } as const;

export function isBinaryOperator(text: string): text is BinaryOperator {
  return Object.hasOwn(BINARY_OPERATORS, text);
}

export function isUnaryOperator(text: string): text is UnaryOperator {
  return Object.hasOwn(UNARY_OPERATORS, text);
}
