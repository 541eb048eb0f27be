import { listInput, printInput } from "../../lib/expr/expr.ts";
import { isJsonObject, parseJson } from "../../lib/json.ts";
import type { HttpAnswer } from "../../runtime/http-exchange.ts";
import { failed } from "../answered.ts";
import { textOf } from "../http-config.ts";
import { statusProblem } from "../http-status.ts";
import type { MetricAnswer } from "../provider.ts";
import { fluxValues } from "./annotated-csv.ts";

/** InfluxDB's own `{ code, message }` where there is one. */
function refusalOf(answer: HttpAnswer): string | undefined {
  const problem = statusProblem(answer);
  if (problem === undefined) return undefined;
  const json = parseJson(answer.text);
  const body = json.ok && isJsonObject(json.value) ? json.value : {};
  const message = textOf(body, "message");
  return message === "" ? problem : `${textOf(body, "code")}: ${message}`;
}

/** Every record's value, in a list (argo-metric-providers.md §7). */
export function answerOf(answer: HttpAnswer): MetricAnswer {
  const refusal = refusalOf(answer);
  if (refusal !== undefined) return failed(refusal);
  const flux = fluxValues(answer.text);
  if (!flux.ok) return failed(`could not read the answer of InfluxDB: ${flux.problem}`);
  if (flux.values.length === 0) return failed("no results returned from flux query");
  const result = listInput(flux.values);
  return { kind: "value", text: printInput(result), result };
}
