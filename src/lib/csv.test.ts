import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "./csv.ts";

describe("parseCsv", () => {
  it.each<[string, string[][]]>([
    ["", []],
    [
      "a,b\r\nc,d\r\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "a,b\nc,d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["a,\n", [["a", ""]]],
    ["a,", [["a", ""]]],
    ["\n\na", [[""], [""], ["a"]]],
    ['"a,b","c""d","e\r\nf"', [["a,b", 'c"d', "e\r\nf"]]],
    ['"",""', [["", ""]]],
  ])("%j", (text, rows) => {
    expect(parseCsv(text)).toEqual({ ok: true, rows });
  });

  it.each([
    ['a,"b', 1],
    ['a\n"b"c,d', 2],
    ['a\nb\nc"d"', 3],
  ])("refuses %j", (text, line) => {
    expect(parseCsv(text)).toEqual({
      ok: false,
      problem: 'a quote (") is not closed or in the wrong place',
      line,
    });
  });

  it("reads back whatever was written", () => {
    const rows = fc.array(fc.array(fc.string(), { minLength: 1 }), { minLength: 1 });
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(rows, (written) => {
        const text = written.map((row) => row.map(quoted).join(",")).join("\r\n");
        expect(parseCsv(text)).toEqual({ ok: true, rows: written });
      }),
    );
  });
});
