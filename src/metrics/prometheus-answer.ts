// What a Prometheus says: its envelope, and series over a stretch of time with plain values or native histograms.
import { parseGoFloat } from "../lib/go-number.ts";
import {
  isJsonArray,
  isJsonObject,
  ownProperty,
  parseJson,
  type Json,
  type JsonObject,
} from "../lib/json.ts";
import type { EpochMs } from "../lib/time.ts";
import type { HttpAnswer } from "../runtime/http-exchange.ts";
import { textOf } from "./http-config.ts";

/** `warnings` as Prometheus worded them; none is an empty list. */
export type PrometheusAnswer = { readonly warnings: readonly string[] } & (
  | { readonly ok: true; readonly data: JsonObject }
  | { readonly ok: false; readonly message: string }
);

function failed(message: string): PrometheusAnswer {
  return { ok: false, message, warnings: [] };
}

function warningsIn(body: JsonObject): readonly string[] {
  const warnings = ownProperty(body, "warnings");
  return isJsonArray(warnings) ? warnings.filter((one) => typeof one === "string") : [];
}

const tellsInBody: readonly number[] = [400, 422];

/** The data of an answer, or the error in Prometheus' own words (argo-metric-providers.md §3). */
export function prometheusAnswer({ status, text }: HttpAnswer): PrometheusAnswer {
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
  const warnings = warningsIn(body);
  if (textOf(body, "status") === "error") {
    return { ...failed(`${textOf(body, "errorType")}: ${textOf(body, "error")}`), warnings };
  }
  const data = ownProperty(body, "data");
  if (textOf(body, "status") !== "success" || !isJsonObject(data)) {
    return failed("bad_response: neither success nor error");
  }
  return { ok: true, data, warnings };
}

/** `[<unix seconds>, "<value>"]`; undefined for anything else, such as a native histogram. */
export function sampleValue(pair: Json | undefined): number | undefined {
  const text = isJsonArray(pair) ? pair[1] : undefined;
  const number = typeof text === "string" ? parseGoFloat(text) : undefined;
  return number?.ok === true ? number.value : undefined;
}

export interface Sample<T> {
  readonly atMs: EpochMs;
  readonly value: T;
}

/** One series of a range query, oldest sample first. */
export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly Sample<number>[];
  /** Native histograms as they came: `{ count, sum, buckets }`. */
  readonly histograms: readonly Sample<JsonObject>[];
}

/** Something that is no answer to a range query. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
}

function samplesOf<T>(
  list: Json | undefined,
  read: (pair: Json) => T | undefined,
): readonly Sample<T>[] {
  if (list === undefined) return [];
  if (!isJsonArray(list)) throw new UnreadableAnswer("bad_response: samples that are no list");
  return list.map((pair) => {
    const seconds = isJsonArray(pair) ? pair[0] : undefined;
    const value = read(pair);
    if (typeof seconds !== "number" || value === undefined) {
      throw new UnreadableAnswer("bad_response: a sample that cannot be read");
    }
    return { atMs: Math.round(seconds * 1000), value };
  });
}

function histogramIn(pair: Json): JsonObject | undefined {
  const histogram = isJsonArray(pair) ? pair[1] : undefined;
  return isJsonObject(histogram) ? histogram : undefined;
}

function labelsOf(series: JsonObject): Readonly<Record<string, string>> {
  const metric = ownProperty(series, "metric");
  const entries = isJsonObject(metric) ? Object.entries(metric) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** The series of a range query. Throws an UnreadableAnswer. */
export function rangeSeriesIn(data: JsonObject): readonly RangeSeries[] {
  const result = ownProperty(data, "result");
  if (textOf(data, "resultType") !== "matrix" || !isJsonArray(result)) {
    throw new UnreadableAnswer("bad_response: the answer to a range query is no matrix");
  }
  return result.map((series) => {
    if (!isJsonObject(series)) throw new UnreadableAnswer("bad_response: a series that is none");
    return {
      labels: labelsOf(series),
      values: samplesOf(ownProperty(series, "values"), sampleValue),
      histograms: samplesOf(ownProperty(series, "histograms"), histogramIn),
    };
  });
}
