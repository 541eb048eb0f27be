import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../lib/json.ts";
import { readConfiguration } from "./read-configuration.ts";

const metric = {
  name: "errors",
  query: { type: "prometheus", serviceType: "prometheus", customInlineTemplate: "PromQL:up" },
  groups: ["Errors"],
  analysisConfigurations: { canary: { direction: "increase" } },
  scopeName: "default",
};

/** As Kayenta's API returns it. */
const written = {
  id: "9b6a40b2",
  createdTimestamp: 1552425060000,
  createdTimestampIso: "2019-03-12T21:11:00Z",
  name: "shop",
  description: "",
  configVersion: "1",
  applications: ["shop"],
  judge: { name: "NetflixACAJudge-v1.0", judgeConfigurations: {} },
  metrics: [
    metric,
    {
      name: "latency",
      query: { type: "prometheus", metricName: "latency", customFilterTemplate: "pods" },
      groups: ["Latency", "Latency"],
      analysisConfigurations: {
        canary: {
          direction: "either",
          nanStrategy: "replace",
          critical: true,
          mustHaveData: true,
          muted: false,
          outliers: { strategy: "remove", outlierFactor: 2.5 },
          effectSize: { allowedIncrease: 1.1, criticalIncrease: 2 },
        },
      },
    },
  ],
  templates: { pods: 'pod=~"${scope}-.*"' },
  classifier: {
    groupWeights: { Errors: 60, Latency: 40 },
    scoreThresholds: { pass: 95, marginal: 75 },
  },
} satisfies JsonObject;

describe("a canary configuration", () => {
  it("is read as Kayenta returns it, with defaults put in", () => {
    expect(readConfiguration(written)).toEqual({
      ok: true,
      configuration: {
        metrics: [
          {
            name: "errors",
            groups: ["Errors"],
            query: metric.query,
            scopeName: "default",
            analysis: {
              direction: "increase",
              nanStrategy: "remove",
              critical: false,
              muted: false,
              mustHaveData: false,
              outliers: { strategy: "keep", outlierFactor: 3 },
              effectSize: {
                measure: "meanRatio",
                allowedIncrease: 1,
                allowedDecrease: 1,
                criticalIncrease: 1,
                criticalDecrease: 1,
              },
            },
          },
          {
            name: "latency",
            groups: ["Latency"],
            query: written.metrics[1]!.query,
            scopeName: "default",
            analysis: {
              direction: "either",
              nanStrategy: "replace",
              critical: true,
              muted: false,
              mustHaveData: true,
              outliers: { strategy: "remove", outlierFactor: 2.5 },
              effectSize: {
                measure: "meanRatio",
                allowedIncrease: 1.1,
                allowedDecrease: 1,
                criticalIncrease: 2,
                criticalDecrease: 1,
              },
            },
          },
        ],
        templates: written.templates,
        groupWeights: { Errors: 60, Latency: 40 },
        thresholds: { pass: 95, marginal: 75 },
      },
    });
  });

  it("may leave out all but its metrics", () => {
    const read = readConfiguration({ metrics: [{ ...metric, analysisConfigurations: null }] });
    expect(read).toMatchObject({ ok: true, configuration: { groupWeights: {}, templates: {} } });
    const cles = { canary: { effectSize: { measure: "cles" } } };
    const sized = readConfiguration({ metrics: [{ ...metric, analysisConfigurations: cles }] });
    const effectSize = { measure: "cles", allowedIncrease: 0.5, criticalDecrease: 0.5 };
    expect(sized).toMatchObject({ configuration: { metrics: [{ analysis: { effectSize } }] } });
  });

  const canary = (fields: JsonObject): Json => ({
    metrics: [metric, { ...metric, name: "b", analysisConfigurations: { canary: fields } }],
  });

  it.each<[string, Json, readonly string[]]>([
    ["no object", [], ["it must be a JSON object"]],
    ["no metrics", {}, ["metrics: must have one at least"]],
    ["a list that is none", { metrics: {} }, ["metrics: must be a list, not {}"]],
    ["no metric", { metrics: [7] }, ["metrics[0]: must be an object, not 7"]],
    [
      "an empty metric",
      { metrics: [{}] },
      [
        "metrics[0].name: is missing",
        "metrics[0].groups: must name one at least: it would count nowhere",
        "metrics[0].query: is missing",
      ],
    ],
    [
      "a name twice",
      { metrics: [metric, metric] },
      [`metrics[1].name: "errors" is metrics[0]'s name, too`],
    ],
    [
      "another judge",
      { judge: { name: "dredd-v1.0" }, metrics: [metric] },
      [`judge.name: must be one of NetflixACAJudge-v1.0, not "dredd-v1.0"`],
    ],
    [
      "a misspelt word",
      canary({ direction: "increse" }),
      [
        `metrics[1].analysisConfigurations.canary.direction: must be one of increase, decrease, either (did you mean increase?), not "increse"`,
      ],
    ],
    [
      "a misspelt field",
      canary({ critcal: true, effectSize: { allowedIncrese: 2 } }),
      [
        "metrics[1].analysisConfigurations.canary.critcal: is not known; did you mean critical?",
        "metrics[1].analysisConfigurations.canary.effectSize.allowedIncrese: is not known; did you mean allowedIncrease?",
      ],
    ],
    [
      "wrong types",
      canary({
        critical: "yes",
        outliers: { outlierFactor: "3" },
        effectSize: { criticalIncrease: -1 },
      }),
      [
        `metrics[1].analysisConfigurations.canary.outliers.outlierFactor: must be a number 0 or more, not "3"`,
        `metrics[1].analysisConfigurations.canary.critical: must be true or false, not "yes"`,
        "metrics[1].analysisConfigurations.canary.effectSize.criticalIncrease: must be a number 0 or more, not -1",
      ],
    ],
    [
      "an older word",
      canary({ criticality: "critical" }),
      [
        "metrics[1].analysisConfigurations.canary.criticality: is of an older Kayenta; write critical: true or muted: true",
      ],
    ],
    [
      "weights above 100",
      { metrics: [metric], classifier: { groupWeights: { a: 60, b: 50 } } },
      ["classifier.groupWeights: come to 110; they may come to 100"],
    ],
    [
      "thresholds that let everything pass",
      { metrics: [metric], classifier: { scoreThresholds: { pass: 0, marginal: 75 } } },
      [
        "classifier.scoreThresholds.pass: must be above 0: every score would pass",
        "classifier.scoreThresholds.marginal: must not be above pass, which is 0",
      ],
    ],
    [
      "half of the thresholds",
      { metrics: [metric], classifier: { scoreThresholds: { marginal: 75 } } },
      ["classifier.scoreThresholds.pass: is missing"],
    ],
    [
      "a template that is no text",
      { metrics: [metric], templates: { a: 1 } },
      ["templates.a: must be a text, not 1"],
    ],
  ])("refuses %s", (_name, json, problems) => {
    expect(readConfiguration(json)).toEqual({ ok: false, problems });
  });
});
