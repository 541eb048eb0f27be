import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../lib/json.ts";
import { formatProblem } from "./problem.ts";
import { parseAnalysisRun, parseAnalysisTemplate, parseExperiment, providerOf } from "./objects.ts";

const capabilities = { routers: {}, providers: ["web", "haldane.dev/traffic"], stepPlugins: [] };

function template(spec: JsonObject): JsonObject {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name: "t" },
    spec,
  };
}

describe("parseAnalysisTemplate", () => {
  it("keeps everything, unknown fields included", () => {
    const spec = {
      metrics: [
        {
          name: "m",
          count: "{{args.n}}",
          provider: { web: { url: "u", futureField: 1 } },
          other: [1],
        },
      ],
      args: [{ name: "n", value: "1" }],
      future: { a: 1 },
    };
    expect(parseAnalysisTemplate(template(spec))).toEqual({
      object: template(spec),
      problems: [],
      notCarriedOut: [],
    });
  });
  it("gives Go's zero values where something required is missing", () => {
    const { object, problems } = parseAnalysisTemplate(template({ metrics: [{}, 3] }));
    expect(object.spec.metrics).toEqual([
      { name: "", provider: {} },
      { name: "", provider: {} },
    ]);
    expect(problems.map((problem) => formatProblem(problem))).toEqual([
      "spec.metrics[0].name: is required",
      "spec.metrics[0].provider: is required",
      "spec.metrics[1]: must be an object, but is 3",
    ]);
  });
  it("reports providers that nothing asks", () => {
    const metrics = ["web", "datadog", "plugin"].map((kind) => ({
      name: kind,
      provider: kind === "plugin" ? { plugin: { "a/b": {} } } : { [kind]: { url: "u" } },
    }));
    const traffic = { name: "t", provider: { plugin: { "haldane.dev/traffic": {} } } };
    const { notCarriedOut } = parseAnalysisTemplate(
      template({ metrics: [...metrics, traffic] }),
      capabilities,
    );
    expect(notCarriedOut.map(({ message }) => message)).toEqual([
      "not carried out yet: spec.metrics[1].provider.datadog",
      "not carried out yet: spec.metrics[2].provider.plugin[a/b]",
    ]);
  });
});

describe("providerOf", () => {
  it.each<readonly [JsonObject, string, readonly string[]]>([
    [{ web: {} }, "web", ["web"]],
    [{ plugin: { "a/b": {} } }, "a/b", ["plugin", "a/b"]],
    [{ plugin: {} }, "plugin", ["plugin"]],
    [{}, "", [""]],
  ])("%j", (provider, kind, path) => {
    expect(providerOf({ provider })).toEqual({ kind, path });
  });
});

describe("parseAnalysisRun and parseExperiment", () => {
  it("never throw", () => {
    expect(parseAnalysisRun({}).object).toMatchObject({
      metadata: { name: "" },
      spec: { metrics: [] },
    });
    expect(parseExperiment({ spec: { templates: [3] } }).object.spec.templates).toEqual([
      { name: "", selector: {}, template: { spec: { containers: [] } } },
    ]);
  });
  it("keep an Experiment as it is", () => {
    const experiment = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Experiment",
      metadata: { name: "e" },
      spec: {
        duration: "1h",
        templates: [
          {
            name: "a",
            selector: { matchLabels: { a: "b" } },
            template: {
              metadata: { labels: { a: "b" } },
              spec: { containers: [{ name: "a", x: 1 }] },
            },
          },
        ],
      },
      status: { phase: "Running", templateStatuses: [] },
    };
    expect(parseExperiment(experiment)).toEqual({
      object: experiment,
      problems: [],
      notCarriedOut: [],
    });
  });
});
