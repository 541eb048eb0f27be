import { describe, expect, it } from "vitest";
import { validateMetrics } from "../../core/analysis/validate-metrics.ts";
import { approximateSplit } from "../../core/replicas/counts-basic.ts";
import { readDocuments } from "../yaml/documents.ts";
import { lint } from "./lint.ts";

const capabilities = {
  routers: {},
  providers: ["web", "haldane.dev/sequential"],
  stepPlugins: ["haldane.dev/pause-until-safe"],
};
const core = {
  metricsProblem: validateMetrics,
  judgeProblem: () => undefined,
  split: approximateSplit,
};

function warnings(text: string): readonly string[] {
  const { documents } = readDocuments(text, "shop.yaml");
  return lint(documents, capabilities, core)
    .filter(({ code }) => code === "SEES_NOTHING")
    .map(({ field, what }) => `${field}: ${what}`);
}

function rollout(canary: string, annotations = "{}"): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop, annotations: ${annotations}}
spec:
  replicas: 10
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:v1"}]}
  strategy: {canary: ${canary}}
`;
}

function template(metric: string): string {
  return `---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: watch}
spec: {metrics: [${metric}]}
`;
}

const guard = "{haldane.dev/guard: errors}";
const untilSafe = "{plugin: {name: haldane.dev/pause-until-safe, config: {max: 30m}}}";
const background = "analysis: {templates: [{templateName: watch}]}";
const judged = "{name: j, interval: 10s, provider: {plugin: {haldane.dev/sequential: {}}}}";
const asked =
  '{name: w, interval: 10s, successCondition: "true", provider: {web: {url: "http://x"}}}';

describe("what would see nothing", () => {
  it.each([
    [
      "a guard without time",
      rollout("{steps: [{setWeight: 20}, {setWeight: 50}]}", guard),
      /guard.*no step lasts/,
    ],
    [
      "a pause that is none",
      rollout("{steps: [{setWeight: 20}, {pause: {duration: 0}}]}", guard),
      /no step lasts/,
    ],
    [
      "a pause with nobody who judges",
      rollout(`{steps: [{setWeight: 20}, ${untilSafe}]}`),
      /steps\[1\]\.plugin.*nobody judges/,
    ],
    [
      "a pause beside an analysis that does not judge",
      rollout(`{${background}, steps: [{setWeight: 20}, ${untilSafe}]}`) + template(asked),
      /nobody judges/,
    ],
    [
      "a limit that is never exceeded",
      template(
        `{name: w, count: 5, interval: 1m, failureLimit: 5, successCondition: "true", provider: {web: {url: "http://x"}}}`,
      ),
      /failureLimit: of 5 measurements never more than 5 can fail/,
    ],
  ])("%s is said", (_what, text, finding) => {
    expect(warnings(text).join("\n")).toMatch(finding);
    expect(warnings(text)).toHaveLength(1);
  });

  it.each([
    ["a guard with a pause", rollout("{steps: [{setWeight: 20}, {pause: {}}]}", guard)],
    ["a pause with a guard", rollout(`{steps: [{setWeight: 20}, ${untilSafe}]}`, guard)],
    [
      "a pause with a judge in the background",
      rollout(`{${background}, steps: [{setWeight: 20}, ${untilSafe}]}`) + template(judged),
    ],
    [
      "a pause with a template that is elsewhere",
      rollout(`{${background}, steps: [{setWeight: 20}, ${untilSafe}]}`),
    ],
    [
      "a limit below the count",
      template(
        `{name: w, count: 5, interval: 1m, failureLimit: 4, successCondition: "true", provider: {web: {url: "http://x"}}}`,
      ),
    ],
  ])("%s is fine", (_what, text) => {
    expect(warnings(text)).toEqual([]);
  });
});
