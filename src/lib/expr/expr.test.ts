import { describe, expect, it } from "vitest";
import { checkTypes } from "./checker.ts";
import { environmentOf, isBuiltin } from "./environment.ts";
import { evaluate } from "./evaluator.ts";
import {
  checkExpression,
  checkTimeExpression,
  evaluateCondition,
  evaluateTime,
  floatInput,
  floatsInput,
  jsonInput,
  nilInput,
  parseExpression,
  listInput,
  printInput,
  stringInput,
} from "./expr.ts";
import type { ExprInput } from "./expr.ts";
import { ExprFailure } from "./failure.ts";
import { parse } from "./parser.ts";
import { goTypeOf, printValue } from "./value.ts";

const NOW = Date.UTC(2026, 10, 21, 6, 48);

const inputs = {
  nil: nilInput,
  five: floatInput(5),
  nan: floatInput(NaN),
  list: floatsInput([1, 2, 3]),
  empty: floatsInput([]),
  nanList: floatsInput([NaN]),
  hello: stringInput("hello"),
  json: jsonInput({ a: { b: [1, 2.5, null] }, s: "x", n: null, t: true, "c-d": 1, i: 10 }),
} as const;

type Outcome = { readonly type: string; readonly text: string } | { readonly error: string };

/** The value of a text of any type, printed as Go would. */
function outcomeOf(text: string, input: ExprInput): Outcome {
  try {
    const environment = environmentOf(input);
    const ast = parse(text, isBuiltin);
    const type = checkTypes(ast, environment);
    const value = evaluate(ast, environment, NOW, 100_000);
    const isInt64 = typeof value === "bigint" && type.kind === "int";
    return { type: isInt64 ? type.go : goTypeOf(value), text: printValue(value) };
  } catch (error) {
    if (!(error instanceof ExprFailure)) throw error;
    return { error: error.message };
  }
}

// Answers of expr-lang 1.17.8 itself.
const table: readonly (readonly [keyof typeof inputs, string, Outcome])[] = [
  ["nil", "result == nil", { type: "bool", text: "true" }],
  ["nil", "isNil(result)", { type: "bool", text: "true" }],
  ["nil", "default(result, 0) < 1", { type: "bool", text: "true" }],
  ["nil", "(result ?? 1) == 1", { type: "bool", text: "true" }],
  ["nil", "result > 1", { error: "invalid operation: > (mismatched types unknown and int)" }],
  ["nil", "result[0] > 1", { error: "type unknown[int] is undefined" }],
  ["nil", "result.foo", { error: "type nil has no field foo" }],
  ["nil", "result?.foo", { error: "type nil has no field foo" }],
  ["nil", "not result", { error: "invalid operation: not (mismatched type unknown)" }],
  [
    "nil",
    "isNil(result) or result > 1",
    { error: "invalid operation: > (mismatched types unknown and int)" },
  ],
  [
    "nil",
    "result == nil ? true : result > 1",
    { error: "invalid operation: > (mismatched types unknown and int)" },
  ],
  [
    "nil",
    "!isNil(result) and result > 1",
    { error: "invalid operation: > (mismatched types unknown and int)" },
  ],
  ["nil", "default(result, 5) > 1", { type: "bool", text: "true" }],
  ["nil", "(result ?? 0) > 1", { type: "bool", text: "false" }],
  ["nil", "result()", { error: "result is nil; cannot call nil as function" }],
  ["five", "result in [5, 6]", { type: "bool", text: "true" }],
  ["five", "result in 1..5", { type: "bool", text: "true" }],
  ["five", "result == 5", { type: "bool", text: "true" }],
  [
    "five",
    'result == "5"',
    { error: "invalid operation: == (mismatched types float64 and string)" },
  ],
  [
    "five",
    "result == true",
    { error: "invalid operation: == (mismatched types float64 and bool)" },
  ],
  ["five", "result[0] > 1", { error: "type float64[int] is undefined" }],
  ["five", "7/2", { type: "float64", text: "3.5" }],
  ["five", "1/0", { type: "float64", text: "+Inf" }],
  ["five", "result % 2", { error: "invalid operation: % (mismatched types float64 and int)" }],
  ["five", "7.5 % 2", { error: "invalid operation: % (mismatched types float64 and int)" }],
  ["five", "5 % 0", { error: "integer divide by zero" }],
  ["five", "let z = 0; 5 % z", { error: "runtime error: integer divide by zero" }],
  ["five", "int(result) % 2 == 1", { type: "bool", text: "true" }],
  ["five", "asInt(result)", { type: "int64", text: "5" }],
  ["five", 'asInt("5")', { type: "int64", text: "5" }],
  ["five", 'asInt("x")', { error: 'strconv.ParseInt: parsing "x": invalid syntax' }],
  [
    "five",
    'asInt("99999999999999999999")',
    { error: 'strconv.ParseInt: parsing "99999999999999999999": value out of range' },
  ],
  ["five", "asInt([1])", { error: "asInt() not supported on []interface {} [1]" }],
  ["five", 'asFloat("x")', { error: 'strconv.ParseFloat: parsing "x": invalid syntax' }],
  ["five", 'asFloat("1.5")', { type: "float64", text: "1.5" }],
  ["five", "isNaN(1)", { type: "bool", text: "false" }],
  ["five", 'isNaN("x")', { error: "cannot use string as argument (type float64) to call isNaN " }],
  ["five", "isInf(1/0) and isInf(-1/0)", { type: "bool", text: "true" }],
  ["five", "9223372036854775807 + 1", { type: "int", text: "-9223372036854775808" }],
  [
    "five",
    "9223372036854775808",
    {
      error:
        'invalid integer literal: strconv.ParseInt: parsing "9223372036854775808": value out of range',
    },
  ],
  ["five", "round(2.5) == 3 and round(-2.5) == -3", { type: "bool", text: "true" }],
  ["five", "2 ** 3 ** 2", { type: "float64", text: "512" }],
  ["five", "-2 ** 2", { type: "float64", text: "-4" }],
  ["five", "-5 % 3", { type: "int", text: "-2" }],
  ["five", "1 < 2 < 3", { type: "bool", text: "true" }],
  ["five", "3 < 2 < 3", { type: "bool", text: "false" }],
  ["five", "not result > 1", { error: "invalid operation: not (mismatched type float64)" }],
  ["five", "foo", { error: "unknown name foo" }],
  ["five", "result >", { error: "unexpected token EOF" }],
  ["five", "nosuch(1)", { error: "unknown name nosuch" }],
  ["five", "true && 1", { error: "invalid operation: && (mismatched types bool and int)" }],
  ["five", "1 ? 2 : 3", { error: "non-bool expression (type int) used as condition" }],
  ["five", "upper(5)", { error: "cannot use int as argument (type string) to call upper " }],
  ["five", "upper()", { error: "not enough arguments to call upper" }],
  [
    "five",
    "result ?? 0 > 1",
    {
      error:
        "Operator (>) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.",
    },
  ],
  ["five", "3 > 2 == true", { type: "bool", text: "true" }],
  ["five", '"abc"[-1:]', { type: "string", text: "c" }],
  ["five", '"abc"[0]', { error: "type string[int] is undefined" }],
  [
    "five",
    "'a' in \"abc\"",
    { error: "invalid operation: in (mismatched types string and string)" },
  ],
  ["five", "string(0.1 + 0.2)", { type: "string", text: "0.30000000000000004" }],
  ["five", "1 in [1.0]", { type: "bool", text: "true" }],
  ["five", "[1, 2,] == [1, 2]", { type: "bool", text: "true" }],
  ["five", "{a: 1,}.a == 1", { type: "bool", text: "true" }],
  ["five", "1 == 1.0", { type: "bool", text: "true" }],
  ["five", '"a" not startsWith "b"', { type: "bool", text: "true" }],
  ["five", "5 | asInt()", { type: "int64", text: "5" }],
  ["five", "1_000 + 0x2A + 0o52 + 0b10", { type: "int", text: "1086" }],
  ["five", ".5 + 1e3", { type: "float64", text: "1000.5" }],
  ["five", "\"\\u0041\\t\" + 'x' + `r\\n`", { type: "string", text: "A\txr\\n" }],
  ["five", "/* c */ 1 // d", { type: "int", text: "1" }],
  ["five", "let x = 2; let y = x * 3; y", { type: "int", text: "6" }],
  ["five", "if result > 9 {1} else if result > 4 {2} else {3}", { type: "int", text: "2" }],
  ["five", "1; 2", { type: "int", text: "2" }],
  ["five", "filter(1..6, # % 2 == 0)", { type: "[]interface {}", text: "[2 4 6]" }],
  ["five", "map([{a: 1}, {a: 2}], .a)", { type: "[]interface {}", text: "[1 2]" }],
  ["five", "reduce(1..4, #acc + #)", { type: "int", text: "10" }],
  [
    "five",
    "groupBy([1, 2, 3], # % 2)",
    { type: "map[interface {}][]interface {}", text: "map[0:[2] 1:[1 3]]" },
  ],
  ["five", "sortBy([{a: 2}, {a: 1}], .a)", { type: "[]interface {}", text: "[map[a:1] map[a:2]]" }],
  ["five", '"abc" matches "^a.c$"', { type: "bool", text: "true" }],
  ["five", '"a" matches "("', { error: "error parsing regexp: missing closing ): `(`" }],
  ["five", 'date("2023-08-14").Year()', { type: "int", text: "2023" }],
  ["five", 'date("2023-08-14").Foo()', { error: "type time.Time has no method Foo" }],
  ["five", 'duration("1h").Seconds()', { type: "float64", text: "3600" }],
  ["five", 'duration("90m")', { type: "time.Duration", text: "1h30m0s" }],
  [
    "five",
    'date("2023-08-14T10:20:30+02:00").Format("Mon Jan _2 15:04:05 2006")',
    { type: "string", text: "Mon Aug 14 10:20:30 2023" },
  ],
  [
    "five",
    'date("2023-08-14") + duration("36h")',
    { type: "time.Time", text: "2023-08-15 12:00:00 +0000 UTC" },
  ],
  [
    "five",
    'toJSON({a: [1, 2.5, nil, "<x>"]})',
    {
      type: "string",
      text: '{\n  "a": [\n    1,\n    2.5,\n    null,\n    "\\u003cx\\u003e"\n  ]\n}',
    },
  ],
  ["five", 'fromJSON("{\\"a\\": [1]}").a[0] == 1', { type: "bool", text: "true" }],
  ["five", 'fromBase64(toBase64("äb"))', { type: "string", text: "äb" }],
  ["five", 'split("a,b,c", ",", 2)', { type: "[]string", text: "[a b,c]" }],
  ["five", 'replace("aXbX", "X", "y", 1)', { type: "string", text: "aybX" }],
  ["five", 'trim("xax", "x")', { type: "string", text: "a" }],
  ["five", 'indexOf("äbc", "c")', { type: "int", text: "3" }],
  ["five", "median([3, 1, 2])", { type: "float64", text: "2" }],
  ["five", "bitushr(-8, 1)", { type: "int", text: "9223372036854775804" }],
  ["five", "$env.foo", { error: "unknown name foo" }],
  ["five", "let len = 1; len", { error: "cannot redeclare builtin len" }],
  ["five", "@", { error: "unrecognized character: U+0040 '@'" }],
  ["five", "(1", { error: "unexpected token EOF" }],
  ["five", '"abc', { error: "literal not terminated" }],
  ["nan", "result > 1", { type: "bool", text: "false" }],
  ["nan", "result <= 1", { type: "bool", text: "false" }],
  ["nan", "result == result", { type: "bool", text: "false" }],
  ["nan", "isNaN(result)", { type: "bool", text: "true" }],
  ["list", "result > 1", { error: "invalid operation: > (mismatched types []float64 and int)" }],
  ["list", "result[-1]", { type: "float64", text: "3" }],
  ["list", "result[0] == 1", { type: "bool", text: "true" }],
  ["list", "all(result, # > 0)", { type: "bool", text: "true" }],
  ["list", "2 in result", { type: "bool", text: "true" }],
  ["list", "len(result) == 3", { type: "bool", text: "true" }],
  ["list", "mean(result)", { type: "float64", text: "2" }],
  ["list", "result[0:2]", { type: "[]float64", text: "[1 2]" }],
  ["list", "result[5]", { error: "index out of range: 5 (array length is 3)" }],
  [
    "list",
    'result["a"]',
    { error: "array elements can only be selected using an integer (got string)" },
  ],
  ["empty", "result[0] > 1", { error: "index out of range: 0 (array length is 0)" }],
  ["empty", "len(result) == 0 or result[0] > 1", { type: "bool", text: "true" }],
  ["empty", "all(result, # > 1)", { type: "bool", text: "true" }],
  ["empty", "max(result)", { type: "<nil>", text: "<nil>" }],
  ["empty", "mean(result)", { type: "float64", text: "0" }],
  ["empty", "first(result)", { type: "<nil>", text: "<nil>" }],
  ["empty", "isNil(result)", { type: "bool", text: "false" }],
  ["nanList", "isNaN(result[0]) or result[0] < 1", { type: "bool", text: "true" }],
  ["hello", 'result contains "ell"', { type: "bool", text: "true" }],
  ["hello", "result > 1", { error: "invalid operation: > (mismatched types string and int)" }],
  ["json", "result.a.b[0] > 0", { type: "bool", text: "true" }],
  ["json", 'result["c-d"] == 1', { type: "bool", text: "true" }],
  ["json", "result.i in [10]", { type: "bool", text: "true" }],
  ["json", '"a" in result', { type: "bool", text: "true" }],
  ["json", "1 in result", { error: "cannot use int as type string in map key" }],
  ["json", "(result.n ?? 5) == 5", { type: "bool", text: "true" }],
  ["json", "result.zzz == nil", { type: "bool", text: "true" }],
  ["json", 'result.t == "true"', { type: "bool", text: "false" }],
  ["json", "result.zzz > 1", { error: "invalid operation: <nil> > int" }],
  ["json", "result.a.b[2] > 1", { error: "invalid operation: <nil> > int" }],
  ["json", "result.zzz.yyy", { error: "cannot fetch yyy from <nil>" }],
  ["json", "result.zzz?.yyy", { type: "<nil>", text: "<nil>" }],
  ["json", "result.zzz?.yyy.x", { type: "<nil>", text: "<nil>" }],
  ["json", "default(result.zzz, 5) == result", { type: "bool", text: "true" }],
  ["json", "any(result.a.b, # == nil)", { type: "bool", text: "true" }],
  ["json", "result.a.b | map(# ?? 0) | sum()", { type: "float64", text: "3.5" }],
  ["json", "all(result.a.b, # > 0)", { error: "invalid operation: <nil> > int" }],
  ["json", "result.i.foo", { error: "cannot fetch foo from float64" }],
  ["json", "!result.s", { error: "interface conversion: interface {} is string, not bool" }],
  ["json", '"x" in result.s', { error: 'operator "in" not defined on string' }],
  ["json", "result.a.b[10]", { error: "index out of range: 10 (array length is 3)" }],
  ["json", "result.s > 1", { error: "invalid operation: string > int" }],
  ["json", "result.i % 3", { error: "invalid operation: float64 % int" }],
  ["json", "int(result.i) % 3", { type: "int", text: "1" }],
  ["json", "result.constructor == nil", { type: "bool", text: "true" }],
  ["json", 'result.s matches "x|y"', { type: "bool", text: "true" }],
  ["json", "result.i()", { error: "invalid operation: cannot call non-function of type float64" }],
];

describe("the language, against expr-lang 1.17.8", () => {
  it.each(table)("%s: %s", (name, text, outcome) => {
    expect(outcomeOf(text, inputs[name])).toEqual(outcome);
  });
});

describe("conditions", () => {
  it.each([
    ["result", "expected bool, but got float64"],
    ["1", "expected bool, but got int"],
    ["asInt(result)", "expected bool, but got int64"],
    ['"a"', "expected bool, but got string"],
    ["[1]", "expected bool, but got []interface {}"],
    ["nil", "expected bool, but got <nil>"],
    ["{a: 1}", "expected bool, but got map[string]interface {}"],
  ])("%s yields no boolean", (text, message) => {
    expect(evaluateCondition(text, floatInput(5), { now: NOW })).toEqual({ ok: false, message });
  });

  it("answers with the boolean", () => {
    expect(evaluateCondition("result >= 0.95", floatInput(0.96), { now: NOW })).toEqual({
      ok: true,
      value: true,
    });
    expect(evaluateCondition("result >= 0.95", floatInput(0.94), { now: NOW })).toEqual({
      ok: true,
      value: false,
    });
  });

  it.each([
    ["result[0] % 2 == 1", true],
    ["result[1] == 2.5 and result[0] == 3", true],
    ["result[2].Year() == 2026", true],
    ["result[3] == nil", true],
    ["result[4].Values[0] > 1", true],
    ["len(result) == 5", true],
  ])("data with Go's own numbers and times: %s", (text, value) => {
    const epochNs = BigInt(NOW) * 1_000_000n;
    const values = new Map([["Values", [1.5]]]);
    const input = listInput([3n, 2.5, { epochNs }, null, values]);
    expect(evaluateCondition(text, input, { now: NOW })).toEqual({ ok: true, value });
    expect(printInput(input)).toBe("[3 2.5 2026-11-21 06:48:00 +0000 UTC <nil> map[Values:[1.5]]]");
  });

  it("takes the time from outside", () => {
    const text = 'now() == date("2026-11-21T06:48:00Z")';
    expect(evaluateCondition(text, nilInput, { now: NOW })).toEqual({ ok: true, value: true });
    expect(evaluateCondition(text, nilInput, { now: NOW + 1 })).toEqual({ ok: true, value: false });
  });

  it("sees own properties only", () => {
    const input = jsonInput(JSON.parse('{"__proto__": 1}') as null);
    expect(evaluateCondition('result["__proto__"] == 1', input, { now: NOW })).toEqual({
      ok: true,
      value: true,
    });
    for (const name of ["toString", "constructor", "__proto__", "hasOwnProperty"]) {
      expect(evaluateCondition(`result.${name} == nil`, jsonInput({}), { now: NOW })).toEqual({
        ok: true,
        value: true,
      });
    }
  });
});

describe("positions", () => {
  it.each([
    ["result >", 8, 1, 9],
    ["result > 1 and\n  foo < 2", 17, 2, 3],
    ["true and\n\n 1", 5, 1, 6],
    ['"abc', 4, 1, 5],
  ])("%j", (text, offset, line, column) => {
    const result = evaluateCondition(text, floatInput(1), { now: NOW });
    expect(result).toMatchObject({ ok: false, position: { offset, line, column } });
  });

  it("points at what failed while running", () => {
    const result = evaluateCondition("result.a > 0 and\nresult.b > 1", jsonInput({ a: 1 }), {
      now: NOW,
    });
    expect(result).toEqual({
      ok: false,
      message: "invalid operation: <nil> > int",
      position: { offset: 26, line: 2, column: 10 },
    });
  });

  it("are part of syntax errors", () => {
    expect(parseExpression("(1 + 2")).toEqual({
      ok: false,
      error: { message: "unexpected token EOF", position: { offset: 6, line: 1, column: 7 } },
    });
    expect(parseExpression("1 + 2")).toMatchObject({
      ok: true,
      ast: { kind: "binary", operator: "+" },
    });
  });
});

describe("bounds", () => {
  const options = { now: NOW, maxSteps: 1000 };
  it.each([
    [
      "len(1..100000) > 0",
      "step budget of 1000 exceeded; simplify the condition or measure less data",
    ],
    [
      "all(1..100, all(1..100, # > 0))",
      "step budget of 1000 exceeded; simplify the condition or measure less data",
    ],
    ['repeat("a", 100000000) == ""', "memory budget exceeded"],
    ['"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" matches "^(a+)+$"', undefined],
  ])("%s", (text, message) => {
    const result = evaluateCondition(text, nilInput, options);
    if (message === undefined) expect(result).toEqual({ ok: true, value: false });
    else expect(result).toMatchObject({ ok: false, message });
  });

  it("refuses absurd nesting instead of overflowing the stack", () => {
    const nested = evaluateCondition("(".repeat(50_000), nilInput, options);
    expect(nested).toMatchObject({ ok: false, message: "expression is nested too deeply" });
    const long = evaluateCondition(`1${"+1".repeat(50_000)} > 0`, nilInput, options);
    expect(long).toMatchObject({ ok: false, message: "expression is too long" });
    expect(evaluateCondition(`1${"+1".repeat(1500)} == 1501`, nilInput, { now: NOW })).toEqual({
      ok: true,
      value: true,
    });
    const deep = JSON.parse("[".repeat(5000) + "]".repeat(5000)) as [];
    expect(evaluateCondition("result == nil", jsonInput(deep), options)).toMatchObject({
      ok: false,
      message: "JSON is nested too deeply",
    });
  });
});

describe("lint", () => {
  it.each([
    "result > 1",
    "result.a.b[0] == 'x' and len(result) > 2",
    "default(result, 0) < 5",
    "all(result, # > 0)",
  ])("%s is fine whatever the result", (text) => {
    expect(checkExpression(text)).toEqual({ ok: true });
  });

  it.each([
    ["resutl > 1", "unknown name resutl", 0],
    ["result >= args.limit", "unknown name args", 10],
    ["result > ", "unexpected token EOF", 9],
    [
      "result > 1 and upper(5) == ''",
      "cannot use int as argument (type string) to call upper ",
      21,
    ],
    ["1 + 1", "expected bool, but got int", 0],
  ])("%s", (text, message, offset) => {
    expect(checkExpression(text)).toMatchObject({
      ok: false,
      error: { message, position: { offset } },
    });
  });
});

describe("times of a range query", () => {
  it.each([
    ['now() - duration("5m")', NOW - 300_000],
    ["now()", NOW],
    ['date("2026-01-01")', Date.UTC(2026, 0, 1)],
    ['isNaN(1) ? now() : now() - duration("1h") * 2', NOW - 7_200_000],
  ])("%s", (text, epochMs) => {
    expect(evaluateTime(text, NOW)).toEqual({ ok: true, epochMs });
    expect(checkTimeExpression(text)).toEqual({ ok: true });
  });

  it.each([
    ["1", "expected time.Time, but got int"],
    ['duration("5m")', "expected time.Time, but got time.Duration"],
    ["result", "unknown name result"],
    ["asInt(1)", "unknown name asInt"],
    ['now() - "5m"', "invalid operation: - (mismatched types time.Time and string)"],
    ['now() - duration("5x")', 'time: unknown unit "x" in duration "5x"'],
  ])("%s fails", (text, message) => {
    expect(evaluateTime(text, NOW)).toMatchObject({ ok: false, message });
  });
});
