import { floatsInput } from "../../lib/expr/expr.ts";
import { parseGoFloat } from "../../lib/go-number.ts";
import { isJsonArray, isJsonObject, ownProperty, parseJson, type Json } from "../../lib/json.ts";
import type { HttpAnswer } from "../../runtime/http-exchange.ts";
import { answerText } from "../answer-text.ts";
import { failed } from "../answered.ts";
import { quoted } from "../http-status.ts";
import type { MetricAnswer } from "../provider.ts";

/** `[value, timestamp]`: the value, null for a gap; undefined for anything else. */
function valueOf(point: Json): number | null | undefined {
  const value = isJsonArray(point) ? point[0] : undefined;
  if (value === null || typeof value === "number") return value;
  const number = typeof value === "string" ? parseGoFloat(value) : undefined;
  return number?.ok === true ? number.value : undefined;
}

function pointsIn(text: string): readonly Json[] | string {
  const json = parseJson(text);
  if (!json.ok) return `could not parse the answer: ${json.problem}`;
  if (!isJsonArray(json.value)) return "could not parse the answer: it is no list of targets";
  const [target] = json.value;
  if (target === undefined) return [];
  const points = isJsonObject(target) ? ownProperty(target, "datapoints") : undefined;
  return isJsonArray(points) ? points : "could not parse the answer: a target has no datapoints";
}

/** As Go's `%f`. */
function sixDecimals(value: number): string {
  return Number.isFinite(value) ? value.toFixed(6) : String(value);
}

/** The values of the first target, gaps left out (argo-metric-providers.md §7). */
export function answerOf({ status, text }: HttpAnswer): MetricAnswer {
  if (status >= 400) return failed(`error response: ${quoted(text)}`);
  if (status !== 200) return failed(`error response: ${status} ${quoted(text)}`.trimEnd());
  const points = pointsIn(text);
  if (typeof points === "string") return failed(points);
  if (points.length === 0) return failed("no values found");
  const values = points.map(valueOf);
  if (values.includes(undefined)) {
    return failed("could not parse the answer: a datapoint is no pair of value and timestamp");
  }
  const numbers = values.filter((value) => typeof value === "number");
  return { kind: "value", text: answerText(numbers, sixDecimals), result: floatsInput(numbers) };
}
