import { floatInput, floatsInput } from "../../lib/expr/expr.ts";
import { formatFloat } from "../../lib/go-format.ts";
import { parseGoFloat } from "../../lib/go-number.ts";
import {
  isJsonArray,
  isJsonObject,
  ownProperty,
  parseJson,
  type Json,
  type JsonObject,
} from "../../lib/json.ts";
import type { HttpAnswer } from "../../runtime/http-exchange.ts";
import { textOf } from "../http-config.ts";
import type { MetricAnswer } from "../provider.ts";

function failed(message: string): MetricAnswer {
  return { kind: "error", message };
}

/** `[<unix seconds>, "<value>"]`; undefined for anything else, such as a native histogram. */
function sampleOf(pair: Json | undefined): number | undefined {
  const text = isJsonArray(pair) ? pair[1] : undefined;
  const number = typeof text === "string" ? parseGoFloat(text) : undefined;
  return number?.ok === true ? number.value : undefined;
}

function samplesOf(series: Json): readonly (number | undefined)[] {
  if (!isJsonObject(series)) return [undefined];
  const values = ownProperty(series, "values");
  const hasHistograms = ownProperty(series, "histograms") !== undefined;
  if (isJsonArray(values) && !hasHistograms) return values.map(sampleOf);
  return [sampleOf(ownProperty(series, "value"))];
}

const unsupported = "Prometheus metric type not supported";

function valueOf(data: JsonObject): MetricAnswer {
  const result = ownProperty(data, "result");
  const type = textOf(data, "resultType");
  if (type === "scalar") {
    const value = sampleOf(result);
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

function withWarnings(answer: MetricAnswer, warnings: Json | undefined): MetricAnswer {
  if (!isJsonArray(warnings) || warnings.length === 0) return answer;
  const text = warnings
    .filter((one) => typeof one === "string")
    .map((warning) => `"${warning}"`)
    .join(", ");
  return { ...answer, metadata: { warnings: text } };
}

const tellsInBody: readonly number[] = [400, 422];

/** What Prometheus answered, as an answer to the metric (argo-metric-providers.md §3). */
export function answerOf({ status, text }: HttpAnswer): MetricAnswer {
  if (status >= 400 && status < 500 && !tellsInBody.includes(status)) {
    return failed(`client_error: client error: ${status}`);
  }
  if (status >= 500) return failed(`server_error: server error: ${status}`);
  if ((status < 200 || status > 299) && !tellsInBody.includes(status)) {
    return failed(`bad_response: bad response code ${status}`);
  }
  const json = parseJson(text);
  if (!json.ok) return failed(`bad_response: ${json.problem}`);
  const body = isJsonObject(json.value) ? json.value : {};
  const warnings = ownProperty(body, "warnings");
  if (textOf(body, "status") === "error") {
    return withWarnings(failed(`${textOf(body, "errorType")}: ${textOf(body, "error")}`), warnings);
  }
  const data = ownProperty(body, "data");
  if (textOf(body, "status") !== "success" || !isJsonObject(data)) {
    return failed("bad_response: neither success nor error");
  }
  return withWarnings(valueOf(data), warnings);
}
