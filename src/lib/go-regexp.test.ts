import { describe, expect, it } from "vitest";
import { compileGoRegexp } from "./go-regexp.ts";

function matches(pattern: string, text: string): boolean {
  const compiled = compileGoRegexp(pattern);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.matches(text);
}

describe("Go regular expressions", () => {
  it.each([
    ["a", "ab", true],
    ["^a$", "ab", false],
    ["", "", true],
    [".*", "x\ny", true],
    ["^.$", "\n", false],
    ["(?s)^.$", "\n", true],
    ["^b", "a\nb", false],
    ["(?m)^b", "a\nb", true],
    ["(?m)a$", "a\nb", true],
    ["(?i)HeLLo", "hello", true],
    ["(?i:h)E", "HE", true],
    ["(?i:h)E", "He", false],
    ["(?i)[a-c]", "B", true],
    ["a(?i)b|c", "aC", true],
    ["colou?r", "color", true],
    ["^(ab|cd)+$", "abcdab", true],
    ["^(ab|cd){2,3}$", "ab", false],
    ["^(ab|cd){2,}$", "abcdabcd", true],
    ["^a{3}$", "aaa", true],
    ["a{,2}", "a{,2}", true],
    ["^[^a-c]$", "d", true],
    ["^[]a]$", "]", true],
    ["^[a-]$", "-", true],
    ["^[\\d\\-x]+$", "1-x2", true],
    ["^[[:alpha:][:digit:]]+$", "a1", true],
    ["^[^[:space:]]$", " ", false],
    ["\\bfoo\\b", "a foo b", true],
    ["\\bfoo\\b", "afoo", false],
    ["\\Bfoo", "afoo", true],
    ["\\Aa\\z", "a", true],
    ["^\\x41\\x{42}\\103\\.$", "ABC.", true],
    ["^\\Qa.b\\E$", "axb", false],
    ["^\\Qa.b\\Ec$", "a.bc", true],
    ["^\\pL+$", "äß", true],
    ["^\\p{Greek}$", "λ", true],
    ["^\\PL$", "a", false],
    ["^\\w+\\s\\d$", "ab 1", true],
    ["^\\s$", "\u00a0", false],
    ["^.$", "😀", true],
    ["(?P<name>a)(?<other>b)(?:c)", "abc", true],
    ["x*", "y", true],
    ["^(a*)*$", "aaab", false],
    ["(|a)+$", "", true],
  ])("%s on %j: %s", (pattern, text, result) => {
    expect(matches(pattern, text)).toBe(result);
  });

  it.each([
    ["*", "missing argument to repetition operator: `*`"],
    ["a**", "invalid nested repetition operator: `**`"],
    ["(", "missing closing ): `(`"],
    ["a)b", "unexpected ): `a)b`"],
    ["[a", "missing closing ]: `[a`"],
    ["[z-a]", "invalid character class range: `z-a`"],
    ["a{2,1}", "invalid repeat count: `{2,1}`"],
    ["a{1001}", "invalid repeat count: `{1001}`"],
    ["\\", "trailing backslash at end of expression: ``"],
    ["\\8", "invalid escape sequence: `\\8`"],
    ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
    ["(?!a)", "invalid or unsupported Perl syntax: `(?!`"],
    ["\\p{Nope}", "invalid character class range: `\\p{Nope}`"],
    ["[[:nope:]]", "invalid character class range: `[:nope:]`"],
  ])("refuses %s", (pattern, message) => {
    expect(compileGoRegexp(pattern)).toEqual({
      ok: false,
      message: `error parsing regexp: ${message}`,
    });
  });

  it("takes linear time where a backtracking engine explodes, and bounds the size of a pattern", () => {
    expect(matches("^(a+)+$", `${"a".repeat(2000)}!`)).toBe(false);
    expect(compileGoRegexp("((a{1000}){1000}){1000}")).toMatchObject({ ok: false });
  });
});
