import { describe, expect, it } from "vitest";
import type { Json } from "../json.ts";
import { findJsonPath, firstJsonPath, parseJsonPath } from "./jsonpath.ts";

const document: Json = {
  a: { b: [1, 2.5, "z"], c: 5 },
  "c-d": 1,
  "c.d": 7,
  s: "str",
  i: 10,
  big: 1234567890123,
  n: null,
  nums: [1, 2, 3],
  list: [
    { x: "y", n: 1, t: true, f: 1.5, tags: ["p"] },
    { x: "z", n: 2, tags: ["q"] },
  ],
  obj: { k1: "v1", k2: { x: "deep" } },
  é: "e",
};

type Outcome = { readonly results: readonly (readonly Json[])[] } | { readonly error: string };

function outcomeOf(text: string, input: Json): Outcome {
  const parsed = parseJsonPath(text);
  if (!parsed.ok) return { error: parsed.message };
  const found = findJsonPath(parsed.path, input);
  return found.ok ? { results: found.results } : { error: found.message };
}

// Answers of the Kubernetes library 0.34 itself.
const table: readonly (readonly [string, Outcome])[] = [
  ["{.a}", { results: [[{ b: [1, 2.5, "z"], c: 5 }]] }],
  ["{.a.b}", { results: [[[1, 2.5, "z"]]] }],
  ["{$.a.b}", { results: [[[1, 2.5, "z"]]] }],
  ["{@.a.b}", { results: [[[1, 2.5, "z"]]] }],
  ["{.a.b[0]}", { results: [[1]] }],
  ["{.a.b[-1]}", { results: [["z"]] }],
  ["{.a.b[-5]}", { error: "array index out of bounds: index -2, length 3" }],
  ["{.a.b[0:2]}", { results: [[1, 2.5]] }],
  ["{.a.b[1:]}", { results: [[2.5, "z"]] }],
  ["{.a.b[:2]}", { results: [[1, 2.5]] }],
  ["{.a.b[::2]}", { results: [[1, "z"]] }],
  ["{.a.b[2:1]}", { error: "starting index 2 is greater than ending index 1" }],
  ["{.a.b[0:10]}", { error: "array index out of bounds: index 9, length 3" }],
  ["{.a.b[-2:]}", { results: [[2.5, "z"]] }],
  ["{.a.b[0:-1]}", { results: [[1, 2.5]] }],
  ["{.a.b[0:3:0]}", { error: "step must be > 0" }],
  ["{.a.b[0:3:-1]}", { error: "step must be > 0" }],
  ["{.a.b[*]}", { results: [[1, 2.5, "z"]] }],
  ["{.a.*}", { results: [[[1, 2.5, "z"], 5]] }],
  ["{..*}", { error: "unrecognized character in action: U+002A '*'" }],
  ["{.a.b[0,2]}", { results: [[1, "z"]] }],
  ["{.a.b[0,1:3]}", { results: [[1, 2.5, "z"]] }],
  ["{.a['b']}", { results: [[[1, 2.5, "z"]]] }],
  ['{.a["b"]}', { error: 'invalid array index "b"' }],
  ["{.a['b','c']}", { results: [[[1, 2.5, "z"], 5]] }],
  ["{['a']['b'][0]}", { results: [[1]] }],
  ["{['c-d']}", { results: [[1]] }],
  ["{.c-d}", { results: [[1]] }],
  ["{.c\\.d}", { results: [[7]] }],
  ['{.list[?(@.x == "y")]}', { results: [[{ f: 1.5, n: 1, t: true, tags: ["p"], x: "y" }]] }],
  ['{.list[?(@.x=="y")].n}', { results: [[1]] }],
  ["{.list[?(@.x)].n}", { results: [[1, 2]] }],
  ["{.list[?(@.zzz)].n}", { results: [[]] }],
  ["{.list[?(@.zzz == 1)].n}", { error: "zzz is not found" }],
  ["{.list[?(@.x == 1)].n}", { error: "incompatible types for comparison" }],
  ['{.list[?(@.n == "1")].n}', { error: "incompatible types for comparison" }],
  ["{.list[?(@.t == true)].n}", { error: "t is not found" }],
  ["{.list[?(@.f == 1.5)].n}", { error: "f is not found" }],
  ["{.list[?(@.n === 1)].n}", { error: "unrecognized filter operator ===" }],
  ["{.list[?(@.x == 'y')].n}", { results: [[1]] }],
  ["{.s[0]}", { error: "string is not array or slice" }],
  ["{.a[0]}", { error: "map[string]interface {} is not array or slice" }],
  ["{.s.x}", { error: "x is not found" }],
  ["{.list.x}", { error: "x is not found" }],
  ["{.list[*].x}", { results: [["y", "z"]] }],
  ["{.list[*].zzz}", { error: "zzz is not found" }],
  ["{.nope}", { error: "nope is not found" }],
  ["{.nope.x}", { error: "nope is not found" }],
  ["{.a.nope}", { error: "nope is not found" }],
  ["{.a.b[5]}", { error: "array index out of bounds: index 5, length 3" }],
  ["{.n}", { results: [[null]] }],
  ["{.n.x}", { error: "x is not found" }],
  ["{.n[0]}", { results: [[]] }],
  ["{.a.b[x]}", { error: "invalid array index x" }],
  ["{.a.b[1.5]}", { error: "invalid array index 1.5" }],
  ["{.a.b[}", { error: "unterminated array" }],
  ["{.a", { error: "unclosed action" }],
  ["{.a}}", { results: [[{ b: [1, 2.5, "z"], c: 5 }], ["}"]] }],
  ["a", { results: [["a"]] }],
  ["abc{.s}def", { results: [["abc"], ["str"], ["def"]] }],
  ["{.s}{.i}", { results: [["str"], [10]] }],
  ['{"text"}', { results: [["text"]] }],
  ["{'te\\'xt'}", { results: [["te'xt"]] }],
  ['{"a\\nb"}', { results: [["a\nb"]] }],
  ["{1}", { results: [[1]] }],
  ["{-1.5}", { results: [[-1.5]] }],
  ["{true}", { results: [[true]] }],
  ["{false}", { results: [[false]] }],
  ['{range .list[*]}{.x}{"\\n"}{end}', { results: [["y"], ["\n"], ["z"], ["\n"]] }],
  ["{end}", { error: "not in range, nothing to end" }],
  ["{foo}", { error: "unrecognized identifier foo" }],
  ["{.a b}", { error: "unrecognized identifier b" }],
  ["{.a .s}", { error: "s is not found" }],
  ["{ .a.b }", { results: [[[1, 2.5, "z"]]] }],
  ["{.a!}", { error: "a! is not found" }],
  ['{.list[?(@.x == "y")}', { error: "unclosed array expect ]" }],
  ['{.list[?(@.x == "y"]}', { error: "unterminated filter" }],
  ['{.list[?(@.x ~ "y")]}', { error: "unrecognized character in action: U+007E '~'" }],
  ["{.list[?(@.x == @.y)]}", { error: "y is not found" }],
  ['{.list[?("y" == @.x)].n}', { results: [[1]] }],
  ['{.list[?(@.tags[0] == "p")].n}', { results: [[1]] }],
  ['{.list[?(@.tags[*] == "p")].n}', { results: [[1]] }],
  ["{.list[-1:].n}", { results: [[2]] }],
  ["{.list[*]['x','n']}", { results: [["y", "z", 1, 2]] }],
  ["{.obj[*]}", { error: "map[string]interface {} is not array or slice" }],
  ["{.obj['k1','k2']}", { results: [["v1", { x: "deep" }]] }],
  ["{.a..b}", { results: [[[1, 2.5, "z"]]] }],
  ["{...b}", { results: [[[1, 2.5, "z"]]] }],
  ["{.i}", { results: [[10]] }],
  ["{.big}", { results: [[1234567890123]] }],
  ["{.a.b[00]}", { results: [[1]] }],
  ["{.a.b[ 0 ]}", { error: "invalid array index  0 " }],
  ["{.a.b['0']}", { error: "0 is not found" }],
  ["{.a. b}", { error: " is not found" }],
  ["{.é}", { results: [["e"]] }],
  ["{.list[(@.length-1)]}", { error: "invalid array index (@.length-1)" }],
  ['{.list[?(@.n==1 && @.x=="y")]}', { error: "unrecognized character in action: U+0026 '&'" }],
  ["{.a.b.length}", { error: "length is not found" }],
  ["{$.}", { error: " is not found" }],
  ["{.a.b[0][1]}", { error: "float64 is not array or slice" }],
  ["{..b[0]}", { results: [[1]] }],
  ["{..list[*].n}", { results: [[1, 2]] }],
  ['{.obj.k1}{"-"}{.obj.k2}', { results: [["v1"], ["-"], [{ x: "deep" }]] }],
  ["{/regex/}", { error: "unrecognized character in action: U+002F '/'" }],
  ['{.list[?(@.x=="y")', { error: "unclosed array expect ]" }],
  ["{.list[?(@.n)]", { error: "unclosed action" }],
  ['{"unterminated}', { error: "unterminated quoted string" }],
  ['{.list[?(@.x=="a]b")]}', { results: [[]] }],
  ["{.a.b[]}", { results: [[1]] }],
  ["{.a.b[0, 2]}", { results: [[1, "z"]] }],
  ["{.a['b', 'c']}", { results: [[[1, 2.5, "z"], 5]] }],
  ["{.list[?(@.f==1.5)]}", { error: "f is not found" }],
  ["{.list[*].tags[*]}", { results: [["p", "q"]] }],
  ["{range .list[*]}{range .tags[*]}{@}{end}{end}", { results: [["p"], ["q"]] }],
  ["{.list[0].x}-{.list[1].x}", { results: [["y"], ["-"], ["z"]] }],
  ["{.a['b']}", { results: [[[1, 2.5, "z"]]] }],
  ["{.a\\.b}", { error: "a.b is not found" }],
  ["{.obj..x}", { results: [["deep"]] }],
  ['{.list[?(@.x!="y")].n}', { results: [[2]] }],
  ['{.list[?(@.x>"y")].n}', { results: [[2]] }],
  ["{.list[?(@.t)].n}", { results: [[1]] }],
  ['{.list[?(@.x=="y")].tags[0]}', { results: [["p"]] }],
  ["{.list[?(@.tags)].tags[0]}", { results: [["p", "q"]] }],
  ["{.nope[0]}", { error: "nope is not found" }],
  ["{.a.b[100000000000000000000]}", { error: "array index 100000000000000000000 is not a number" }],
  ["{1.2.3}", { error: "cannot parse number 1.2.3" }],
  ["{-}", { error: "cannot parse number -" }],
  ["{.a.b[--1]}", { error: "invalid array index --1" }],
  ["{.a.b[1:2:3:4]}", { error: "invalid array index 1:2:3:4" }],
  ["{.list[?(@['x']=='y')].n}", { results: [[1]] }],
  [
    "{ }",
    {
      results: [
        [
          {
            a: { b: [1, 2.5, "z"], c: 5 },
            big: 1234567890123,
            "c-d": 1,
            "c.d": 7,
            i: 10,
            list: [
              { f: 1.5, n: 1, t: true, tags: ["p"], x: "y" },
              { n: 2, tags: ["q"], x: "z" },
            ],
            n: null,
            nums: [1, 2, 3],
            obj: { k1: "v1", k2: { x: "deep" } },
            s: "str",
            é: "e",
          },
        ],
      ],
    },
  ],
  ['{.list[?( @.x == "y" )].n}', { results: [[1]] }],
  ['{.list[?(@.x == "y" )].n}{end}', { error: "not in range, nothing to end" }],
  ["{.a{.b}}", { error: "unrecognized character in action: U+007B '{'" }],
  ["{.a['b']['c']}", { error: "c is not found" }],
  ["{..a.b}", { results: [[[1, 2.5, "z"]]] }],
  ["{$$.a}", { results: [[{ b: [1, 2.5, "z"], c: 5 }]] }],
  ['{.list[?(.x=="y")].n}', { results: [[1]] }],
];

describe("JSONPath, against the Kubernetes library", () => {
  it.each(table)("%s", (text, outcome) => {
    expect(outcomeOf(text, document)).toEqual(outcome);
  });
});

describe("JSONPath beyond it", () => {
  it.each<[string, readonly Json[]]>([
    ["{.list[?(@.n > 1)].n}", [2]],
    ["{.list[?(@.n <= 1)].x}", ["y"]],
    ["{.nums[?(@ != 2)]}", [1, 3]],
    ["{['c.d']}", [7]],
    ["{..x}", ["y", "z", "deep"]],
    ["{..tags[0]}", ["p", "q"]],
  ])("%s", (text, values) => {
    expect(outcomeOf(text, document)).toEqual({ results: [values] });
  });

  it("knows own keys only, and a range needs an end", () => {
    expect(outcomeOf("{.constructor}", {})).toEqual({ error: "constructor is not found" });
    expect(outcomeOf("{range .list[*]}{.x}", document)).toEqual({ error: "range without end" });
    expect(outcomeOf("{.a[?(@.x)]}", document)).toEqual({
      error: "map[string]interface {} is not array or slice and cannot be filtered",
    });
  });

  it("walks deep documents", () => {
    const deep = JSON.parse(`${"[".repeat(20_000)}1${"]".repeat(20_000)}`) as Json;
    const parsed = parseJsonPath("{..}");
    expect(parsed.ok && findJsonPath(parsed.path, deep).ok).toBe(true);
  });
});

describe("the first value", () => {
  it.each<[string, Json, object]>([
    ["{$}", { a: 1 }, { ok: true, value: { a: 1 } }],
    ["{.a}{.b}", { a: 1, b: 2 }, { ok: true, value: 1 }],
    ["{.a[*]}", { a: [] }, { ok: true }],
    ["{.a[?(@.x)].x}{.b}", { a: [{}], b: 2 }, { ok: true, value: 2 }],
    ["{.a}", { a: null }, { ok: true, value: null }],
    ["plain", {}, { ok: true, value: "plain" }],
    ["{.b}", { a: 1 }, { ok: false, message: "b is not found" }],
    ["{.a", { a: 1 }, { ok: false, message: "unclosed action" }],
  ])("%s", (text, input, result) => {
    expect(firstJsonPath(text, input)).toEqual(result);
  });
});
