import { describe, expect, it } from "vitest";
import { escapeGo, substituteArgs, substituteArgsInText, substituteTags } from "./args-template.ts";
import type { TemplateArgument } from "./args-template.ts";

const args: readonly TemplateArgument[] = [
  { name: "service", value: "shop" },
  { name: "count", value: "5" },
  { name: "odd", value: 'a"b\\c\n\u0001😀' },
  { name: "empty", value: "" },
];

describe("{{args.x}} in a text", () => {
  it.each([
    ["plain", "plain"],
    ["{{args.service}}", "shop"],
    ["{{ args.service }}-{{args.count}}", "shop-5"],
    ["{{\targs.service\n}}", "shop"],
    ['sum(rate(x{app="{{args.service}}"}[1m]))', 'sum(rate(x{app="shop"}[1m]))'],
    ["a{{args.empty}}b", "ab"],
    ["}} { } {", "}} { } {"],
  ])("%j → %j", (text, result) => {
    expect(substituteArgsInText(text, args)).toEqual({ ok: true, text: result });
  });

  it.each([
    ["{{args.nope}}", "failed to resolve {{args.nope}}"],
    ["{{ args.nope  }}", "failed to resolve {{ args.nope  }}"],
    ["{{.Values.x}}", "failed to resolve {{.Values.x}}"],
    ["{{}}", "failed to resolve {{}}"],
    ["{{{args.service}}}", "failed to resolve {{{args.service}}"],
    ["{{args.constructor}}", "failed to resolve {{args.constructor}}"],
    [
      "a {{args.service",
      'Cannot find end tag="}}" in the template="a {{args.service" starting from "args.service"',
    ],
  ])("%j fails", (text, message) => {
    expect(substituteArgsInText(text, args)).toEqual({ ok: false, message });
  });

  it("does not substitute inside a substituted value", () => {
    const nested = [
      { name: "a", value: "{{args.b}}" },
      { name: "b", value: "no" },
    ];
    expect(substituteArgsInText("{{args.a}}", nested)).toEqual({ ok: true, text: "{{args.b}}" });
  });

  it("wants a value for every listed argument, used or not", () => {
    expect(substituteArgsInText("plain", [...args, { name: "x" }])).toEqual({
      ok: false,
      message: 'argument "x" was not supplied',
    });
    expect(substituteArgs({}, [{ name: "x", value: null }])).toMatchObject({ ok: false });
  });
});

describe("{{args.x}} in a metric", () => {
  it("reaches every string, keys and names included, and nothing else", () => {
    const metric = {
      name: "{{args.service}}-errors",
      count: "{{args.count}}",
      limit: 3,
      provider: {
        web: {
          headers: [{ key: "{{args.service}}", value: "{{args.odd}}" }],
          "x-{{args.count}}": true,
        },
      },
    };
    expect(substituteArgs(metric, args)).toEqual({
      ok: true,
      value: {
        name: "shop-errors",
        count: "5",
        limit: 3,
        provider: { web: { headers: [{ key: "shop", value: 'a"b\\c\n\u0001😀' }], "x-5": true } },
      },
    });
  });

  it("reports an open tag against the metric's text", () => {
    expect(substituteArgs({ a: "{{args.x" }, [])).toEqual({
      ok: false,
      message:
        'Cannot find end tag="}}" in the template="{\\"a\\":\\"{{args.x\\"}" starting from "args.x\\"}"',
    });
  });

  it("gives an error, not an exception, when a name contains JSON", () => {
    const result = substituteArgs({ a: "{{args.b", c: "}}" }, [{ name: 'b","c":"', value: "v" }]);
    expect(result).toEqual({ ok: true, value: { a: "v" } });
    expect(
      substituteArgs(["{{args.b", "}}{{args.b", "}} "], [{ name: 'b","', value: "x" }]).ok,
    ).toBe(true);
    expect(substituteArgs([["{{args.b"], "}}"], [{ name: 'b"],"', value: "x" }])).toMatchObject({
      ok: false,
    });
  });
});

describe("other variables and escaping", () => {
  it("resolves experiment variables", () => {
    const variables = new Map([["templates.canary.podTemplateHash", "abc"]]);
    expect(substituteTags("h={{ templates.canary.podTemplateHash }}", variables)).toEqual({
      ok: true,
      text: "h=abc",
    });
    expect(substituteTags("{{templates.stable.podTemplateHash}}", variables)).toEqual({
      ok: false,
      message: "failed to resolve {{templates.stable.podTemplateHash}}",
    });
  });

  it("escapes as strconv.Quote", () => {
    expect(escapeGo('a"b\\\u0007')).toBe('a\\"b\\\\\\a');
  });
});
