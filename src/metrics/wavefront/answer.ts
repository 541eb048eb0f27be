import { floatInput, floatsInput } from "../../lib/expr/expr.ts";
import { isJsonArray, isJsonObject, ownProperty, parseJson, type Json } from "../../lib/json.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { HttpAnswer } from "../../runtime/http-exchange.ts";
import { answerText } from "../answer-text.ts";
import { failed } from "../answered.ts";
import { textOf } from "../http-config.ts";
import { statusProblem } from "../http-status.ts";
import type { MetricAnswer } from "../provider.ts";

interface Point {
  readonly atSeconds: number;
  readonly value: number;
  /** Seconds between the point and now, either way. */
  readonly drift: number;
}

function pointOf(pair: Json, nowSeconds: number): readonly Point[] {
  if (!isJsonArray(pair)) return [];
  const [atSeconds, value] = pair;
  if (typeof atSeconds !== "number" || typeof value !== "number") return [];
  return [{ atSeconds, value, drift: Math.abs(nowSeconds - atSeconds) }];
}

/** The series' point nearest to now, the earlier of two; none when it has no points. */
function nearest(series: Json, nowSeconds: number): readonly Point[] {
  const data = isJsonObject(series) ? ownProperty(series, "data") : undefined;
  const points = isJsonArray(data) ? data.flatMap((pair) => pointOf(pair, nowSeconds)) : [];
  const [first] = points;
  if (first === undefined) return [];
  return [points.reduce((best, point) => (point.drift < best.drift ? point : best), first)];
}

function twoDecimals(value: number): string {
  return value.toFixed(2);
}

function valueOf(
  points: readonly Point[],
  metadata: Readonly<Record<string, string>>,
): MetricAnswer {
  const [first] = points;
  if (first !== undefined && points.length === 1) {
    return {
      kind: "value",
      text: twoDecimals(first.value),
      result: floatInput(first.value),
      metadata: { timestamps: String(first.atSeconds), drift: String(first.drift), ...metadata },
    };
  }
  const values = points.map(({ value }) => value);
  return {
    kind: "value",
    text: answerText(values, twoDecimals),
    result: floatsInput(values),
    metadata: {
      timestamps: answerText(
        points.map(({ atSeconds }) => atSeconds),
        String,
      ),
      drift: answerText(
        points.map(({ drift }) => drift),
        String,
      ),
      ...metadata,
    },
  };
}

/** Each series' point nearest to `now` (argo-metric-providers.md §7). A series without points is no data. */
export function answerOf(answer: HttpAnswer, now: EpochMs): MetricAnswer {
  const refusal = statusProblem(answer);
  if (refusal !== undefined) return failed(refusal);
  const json = parseJson(answer.text);
  if (!json.ok) return failed(`Could not parse JSON body: ${json.problem}`);
  const body = isJsonObject(json.value) ? json.value : {};
  const series = ownProperty(body, "timeseries");
  const nowSeconds = Math.floor(now / 1000);
  const points = isJsonArray(series) ? series.flatMap((one) => nearest(one, nowSeconds)) : [];
  const warnings = textOf(body, "warnings");
  const metadata = warnings === "" ? {} : { warnings };
  if (points.length > 0) return valueOf(points, metadata);
  return { kind: "error", message: "No TimeSeries found in response from Wavefront", metadata };
}
