import { floatInput, nilInput } from "../../lib/expr/expr.ts";
import { formatFloat } from "../../lib/go-format.ts";
import { goJson } from "../../lib/go-json.ts";
import { isJsonArray, isJsonObject, ownProperty, parseJson, type Json } from "../../lib/json.ts";
import { failed } from "../answered.ts";
import { textOf } from "../http-config.ts";
import type { MetricAnswer } from "../provider.ts";

interface Answered {
  /** The points of each series; null where Datadog names no series at all. */
  readonly series: readonly (readonly Json[])[] | null;
}

/** What Datadog said, or what is wrong with it. */
function readAnswer(text: string): Answered | string {
  const json = parseJson(text);
  if (!json.ok) return `Could not parse JSON body: ${json.problem}`;
  if (!isJsonObject(json.value)) return "Could not parse JSON body: it is no object";
  const problem = textOf(json.value, "error");
  if (problem !== "") return `There were errors in your query: ${problem}`;
  const series = ownProperty(json.value, "series") ?? null;
  if (series === null) return { series };
  if (!isJsonArray(series)) return "Could not parse JSON body: series is no list";
  const points = series.map((one) =>
    isJsonObject(one) ? (ownProperty(one, "pointlist") ?? []) : undefined,
  );
  if (points.every(isJsonArray)) return { series: points };
  return "Could not parse JSON body: a series has no list of points";
}

/** The last point of the first series. A point without a value, like no point at all, is no data. */
export function answerOfV1(text: string): MetricAnswer {
  const read = readAnswer(text);
  if (typeof read === "string") return failed(read);
  const { series } = read;
  const shown = series === null ? null : series.map((pointlist) => ({ pointlist }));
  const noData: MetricAnswer = { kind: "value", text: goJson(shown), result: nilInput };
  const point = series?.[0]?.at(-1);
  if (point === undefined) return noData;
  if (!isJsonArray(point) || point.length !== 2) return failed("Datapoint does not have 2 values");
  const [, value = null] = point;
  if (value === null) return noData;
  if (typeof value === "number") {
    return { kind: "value", text: formatFloat(value), result: floatInput(value) };
  }
  return failed(`Could not parse JSON body: ${goJson(value)} is no number`);
}
