import { describe, expect, it } from "vitest";
import type {
  AnalysisTemplate,
  AnalysisTemplateSpec,
  TemplateRef,
} from "../../api/argo/analysis.ts";
import { composeRunSpec } from "./compose.ts";

function template(name: string, spec: AnalysisTemplateSpec, cluster = false): AnalysisTemplate {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: cluster ? "ClusterAnalysisTemplate" : "AnalysisTemplate",
    metadata: { name },
    spec,
  };
}

const metric = (name: string) => ({ name, provider: { job: {} } });
const ref = (templateName: string, clusterScope = false): TemplateRef => ({
  templateName,
  clusterScope,
});

describe("composeRunSpec", () => {
  it("joins metrics depth first, AnalysisTemplates before ClusterAnalysisTemplates, each template once", () => {
    const templates = [
      template("a", {
        metrics: [metric("a")],
        templates: [{ templateName: "shared", clusterScope: true }, { templateName: "b" }],
      }),
      template("b", { metrics: [metric("b")], templates: [{ templateName: "c" }] }),
      template("c", { metrics: [metric("c")] }),
      template("shared", { metrics: [metric("shared")] }, true),
    ];
    const composed = composeRunSpec({
      templates,
      requested: [ref("shared", true), ref("a"), ref("c")],
      args: [],
    });
    expect(composed).toEqual({
      ok: true,
      spec: { metrics: [metric("a"), metric("b"), metric("c"), metric("shared")] },
    });
  });

  it("keeps an AnalysisTemplate and a ClusterAnalysisTemplate of one name apart", () => {
    const templates = [
      template("t", { metrics: [metric("mine")] }),
      template("t", { metrics: [metric("all")] }, true),
    ];
    const composed = composeRunSpec({ templates, requested: [ref("t", true)], args: [] });
    expect(composed).toEqual({ ok: true, spec: { metrics: [metric("all")] } });
  });

  it("puts the caller's rules before the templates'", () => {
    const templates = [
      template("t", {
        metrics: [metric("m")],
        dryRun: [{ metricName: "m" }],
        measurementRetention: [{ metricName: "m", limit: 3 }],
      }),
    ];
    const composed = composeRunSpec({
      templates,
      requested: [ref("t")],
      args: [],
      dryRun: [{ metricName: ".*" }],
      measurementRetention: [{ metricName: ".*", limit: 7 }],
    });
    expect(composed).toMatchObject({
      ok: true,
      spec: {
        dryRun: [{ metricName: ".*" }, { metricName: "m" }],
        measurementRetention: [
          { metricName: ".*", limit: 7 },
          { metricName: "m", limit: 3 },
        ],
      },
    });
  });

  const secret = { secretKeyRef: { name: "s", key: "k" } };
  it.each([
    {
      name: "a default stays",
      declared: [[{ name: "x", value: "1" }]],
      given: [],
      args: [{ name: "x", value: "1" }],
    },
    {
      name: "the caller's value wins",
      declared: [[{ name: "x", value: "1" }]],
      given: [{ name: "x", value: "2" }],
      args: [{ name: "x", value: "2" }],
    },
    {
      name: "an empty value is a value",
      declared: [[{ name: "x", value: "" }]],
      given: [],
      args: [{ name: "x", value: "" }],
    },
    {
      name: "a value beats none",
      declared: [[{ name: "x" }], [{ name: "x", value: "2" }]],
      given: [],
      args: [{ name: "x", value: "2" }],
    },
    {
      name: "equal values agree",
      declared: [[{ name: "x", value: "2" }], [{ name: "x", value: "2" }]],
      given: [],
      args: [{ name: "x", value: "2" }],
    },
    {
      name: "undeclared names are dropped",
      declared: [[]],
      given: [{ name: "y", value: "2" }],
      args: undefined,
    },
    {
      name: "a literal given over a secret is used",
      declared: [[{ name: "x", valueFrom: secret }]],
      given: [{ name: "x", value: "2" }],
      args: [{ name: "x", value: "2" }],
    },
    {
      name: "a secret given over a default is used",
      declared: [[{ name: "x", value: "1" }]],
      given: [{ name: "x", valueFrom: secret }],
      args: [{ name: "x", valueFrom: secret }],
    },
  ])("arguments: $name", ({ declared, given, args }) => {
    const templates = declared.map((list, index) =>
      template(`t${index}`, { metrics: [metric(`m${index}`)], args: list }),
    );
    const requested = templates.map(({ metadata }) => ref(metadata.name));
    const composed = composeRunSpec({ templates, requested, args: given });
    expect(composed.ok && composed.spec.args).toEqual(args);
  });

  it.each([
    {
      name: "missing template",
      templates: [],
      requested: [ref("x")],
      message: "AnalysisTemplate 'x' not found",
    },
    {
      name: "missing cluster template",
      templates: [template("x", {})],
      requested: [ref("x", true)],
      message: "ClusterAnalysisTemplate 'x' not found",
    },
    {
      name: "missing nested template",
      templates: [template("a", { templates: [{ templateName: "b" }] })],
      requested: [ref("a")],
      message: "AnalysisTemplate 'b' not found",
    },
    {
      name: "cycle",
      templates: [
        template("a", { templates: [{ templateName: "b" }] }),
        template("b", { templates: [{ templateName: "a" }] }),
      ],
      requested: [ref("a")],
      message:
        "AnalysisTemplate 'a' includes itself: AnalysisTemplate 'a' → AnalysisTemplate 'b' → AnalysisTemplate 'a'",
    },
    {
      name: "two metrics",
      templates: [
        template("a", { metrics: [metric("m")] }),
        template("b", { metrics: [metric("m")] }),
      ],
      requested: [ref("a"), ref("b")],
      message: "two metrics have the same name 'm'",
    },
    {
      name: "two dry-run rules",
      templates: [
        template("a", { dryRun: [{ metricName: "m" }] }),
        template("b", { dryRun: [{ metricName: "m" }] }),
      ],
      requested: [ref("a"), ref("b")],
      message: "two Dry-Run metric rules have the same name 'm'",
    },
    {
      name: "two retention rules",
      templates: [
        template("a", {
          measurementRetention: [
            { metricName: "m", limit: 1 },
            { metricName: "m", limit: 2 },
          ],
        }),
      ],
      requested: [ref("a")],
      message: "two Measurement Retention metric rules have the same name 'm'",
    },
    {
      name: "two values",
      templates: [
        template("a", { args: [{ name: "x", value: "1" }] }),
        template("b", { args: [{ name: "x", value: "2" }] }),
      ],
      requested: [ref("a"), ref("b")],
      message: "Argument `x` specified multiple times with different values: '1', '2'",
    },
    {
      name: "no value",
      templates: [template("a", { args: [{ name: "x" }] })],
      requested: [ref("a")],
      message: "args.x was not resolved",
    },
  ])("refuses: $name", ({ templates, requested, message }) => {
    expect(composeRunSpec({ templates, requested, args: [] })).toEqual({ ok: false, message });
  });
});
