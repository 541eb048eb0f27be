// Kayenta's canary configuration, as Kayenta stores and returns it: JSON with metrics, a classifier and templates.
import { isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { JsonPlace } from "../../../lib/json-place.ts";
import {
  defaultAnalysis,
  effectSizeWithDefaults,
  type EffectSize,
  type JudgedMetric,
  type MetricAnalysis,
  type Thresholds,
} from "./settings.ts";

export interface ConfiguredMetric extends JudgedMetric {
  /** What to ask, in the words of the metric store it names as `type`. */
  readonly query: JsonObject;
  /** Which of the judgement's scopes it is asked for. */
  readonly scopeName: string;
}

export interface CanaryConfiguration {
  readonly metrics: readonly ConfiguredMetric[];
  readonly templates: Readonly<Record<string, string>>;
  readonly groupWeights: Readonly<Record<string, number>>;
  readonly thresholds: Thresholds | undefined;
}

export type ReadConfiguration =
  | { readonly ok: true; readonly configuration: CanaryConfiguration }
  /** What is wrong and where, such as `metrics[2].query: is missing`; one at least. */
  | { readonly ok: false; readonly problems: readonly string[] };

const judgeName = "NetflixACAJudge-v1.0";

function effectSizeOf(place: JsonPlace): EffectSize {
  const measure = place.oneOf("measure", ["meanRatio", "cles"], "meanRatio");
  const most = measure === "cles" ? 1 : Number.MAX_VALUE;
  const sizes = ["allowedIncrease", "allowedDecrease", "criticalIncrease", "criticalDecrease"];
  place.refuseMisspelt(["measure", ...sizes]);
  const written = sizes.flatMap((key) => {
    const value = place.number(key, undefined, 0, most);
    return value === undefined ? [] : [[key, value]];
  });
  return effectSizeWithDefaults({
    measure,
    ...(Object.fromEntries(written) as Partial<EffectSize>),
  });
}

function analysisOf(canary: JsonPlace): MetricAnalysis {
  canary.refuseMisspelt([...Object.keys(defaultAnalysis), "criticality"]);
  if (canary.get("criticality") !== undefined) {
    canary.refuse("criticality", "is of an older Kayenta; write critical: true or muted: true");
  }
  const outliers = canary.at("outliers");
  outliers.refuseMisspelt(["strategy", "outlierFactor"]);
  const { direction, nanStrategy, outliers: keep } = defaultAnalysis;
  return {
    direction: canary.oneOf("direction", ["increase", "decrease", "either"], direction),
    nanStrategy: canary.oneOf("nanStrategy", ["remove", "replace"], nanStrategy),
    outliers: {
      strategy: outliers.oneOf("strategy", ["keep", "remove"], keep.strategy),
      outlierFactor: outliers.number("outlierFactor", keep.outlierFactor, 0),
    },
    critical: canary.flag("critical", false),
    muted: canary.flag("muted", false),
    mustHaveData: canary.flag("mustHaveData", false),
    effectSize: effectSizeOf(canary.at("effectSize")),
  };
}

function metricOf(place: JsonPlace): ConfiguredMetric {
  const name = place.requiredText("name");
  const groups = place.texts("groups");
  if (groups.length === 0) place.refuse("groups", "must name one at least: it would count nowhere");
  const query = place.get("query");
  if (!isJsonObject(query)) place.refuse("query", "is missing");
  const analyses = place.at("analysisConfigurations");
  analyses.refuseMisspelt(["canary"]);
  return {
    name,
    groups: [...new Set(groups)],
    query: isJsonObject(query) ? query : {},
    scopeName: place.text("scopeName") || "default",
    analysis: analysisOf(analyses.at("canary")),
  };
}

function refuseRepeated(metrics: readonly ConfiguredMetric[], root: JsonPlace): void {
  metrics.forEach(({ name }, index) => {
    const first = metrics.findIndex((other) => other.name === name);
    if (first < index && name !== "") {
      root.refuse(`metrics[${index}].name`, `"${name}" is metrics[${first}]'s name, too`);
    }
  });
}

function textsByKey(place: JsonPlace): Readonly<Record<string, string>> {
  return Object.fromEntries(place.keys.map((key) => [key, place.text(key)]));
}

function groupWeightsOf(classifier: JsonPlace): Readonly<Record<string, number>> {
  const weights = classifier.at("groupWeights");
  const written = weights.keys.map((key): [string, number] => [
    key,
    weights.number(key, 0, 0, 100),
  ]);
  const sum = written.reduce((total, [, weight]) => total + weight, 0);
  if (sum > 100.000001) classifier.refuse("groupWeights", `come to ${sum}; they may come to 100`);
  return Object.fromEntries(written);
}

/**
 * Scores that pass and that are marginal; undefined where neither is set. What is wrong is told to the place's
 * problems.
 */
export function thresholdsAt(place: JsonPlace): Thresholds | undefined {
  if (place.keys.length === 0) return undefined;
  place.refuseMisspelt(["pass", "marginal"]);
  const pass = place.number("pass", undefined, 0, 100);
  const marginal = place.number("marginal", undefined, 0, 100);
  if (pass === undefined && place.get("pass") === undefined) place.refuse("pass", "is missing");
  if (pass === 0) place.refuse("pass", "must be above 0: every score would pass");
  if (marginal !== undefined && pass !== undefined && marginal > pass) {
    place.refuse("marginal", `must not be above pass, which is ${pass}`);
  }
  return pass === undefined ? undefined : { pass, marginal: marginal ?? pass };
}

/** Reads a canary configuration, or says all that is wrong with it. Fields that nobody judges by are let be. */
export function readConfiguration(json: Json): ReadConfiguration {
  if (!isJsonObject(json)) return { ok: false, problems: ["it must be a JSON object"] };
  const problems: string[] = [];
  const root = new JsonPlace(json, "", problems);
  root.refuseMisspelt(["metrics", "classifier", "templates", "judge"]);
  root.at("judge").oneOf("name", [judgeName], judgeName);
  const metrics = root.each("metrics").map(metricOf);
  if (metrics.length === 0 && problems.length === 0)
    root.refuse("metrics", "must have one at least");
  refuseRepeated(metrics, root);
  const classifier = root.at("classifier");
  classifier.refuseMisspelt(["groupWeights", "scoreThresholds"]);
  const configuration: CanaryConfiguration = {
    metrics,
    templates: textsByKey(root.at("templates")),
    groupWeights: groupWeightsOf(classifier),
    thresholds: thresholdsAt(classifier.at("scoreThresholds")),
  };
  return problems.length > 0 ? { ok: false, problems } : { ok: true, configuration };
}
