import { floatInput, floatsInput } from "../../lib/expr/expr.ts";
import { formatFloat } from "../../lib/go-format.ts";
import {
  isJsonArray,
  isJsonObject,
  ownProperty,
  type Json,
  type JsonObject,
} from "../../lib/json.ts";
import type { HttpAnswer } from "../../runtime/http-exchange.ts";
import { failed } from "../answered.ts";
import { textOf } from "../http-config.ts";
import { prometheusAnswer, sampleValue } from "../prometheus-answer.ts";
import type { MetricAnswer } from "../provider.ts";

function samplesOf(series: Json): readonly (number | undefined)[] {
  if (!isJsonObject(series)) return [undefined];
  const values = ownProperty(series, "values");
  const hasHistograms = ownProperty(series, "histograms") !== undefined;
  if (isJsonArray(values) && !hasHistograms) return values.map(sampleValue);
  return [sampleValue(ownProperty(series, "value"))];
}

const unsupported = "Prometheus metric type not supported";

function valueOf(data: JsonObject): MetricAnswer {
  const result = ownProperty(data, "result");
  const type = textOf(data, "resultType");
  if (type === "scalar") {
    const value = sampleValue(result);
    return value === undefined
      ? failed(unsupported)
      : { kind: "value", text: formatFloat(value), result: floatInput(value) };
  }
  if ((type !== "vector" && type !== "matrix") || !isJsonArray(result)) return failed(unsupported);
  const samples = result.flatMap(samplesOf);
  const values = samples.filter((value) => value !== undefined);
  if (values.length < samples.length) return failed(unsupported);
  const text = `[${values.map(formatFloat).join(",")}]`;
  return { kind: "value", text, result: floatsInput(values) };
}

/** What Prometheus answered, as an answer to the metric (argo-metric-providers.md §3). */
export function answerOf(http: HttpAnswer): MetricAnswer {
  const said = prometheusAnswer(http);
  const answer = said.ok ? valueOf(said.data) : failed(said.message);
  if (said.warnings.length === 0) return answer;
  return { ...answer, metadata: { warnings: said.warnings.map((one) => `"${one}"`).join(", ") } };
}
