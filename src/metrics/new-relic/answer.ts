import { jsonInput } from "../../lib/expr/expr.ts";
import { goJson } from "../../lib/go-json.ts";
import { entriesOf, isJsonArray, isJsonObject, ownProperty, type Json } from "../../lib/json.ts";
import type { HttpAnswer } from "../../runtime/http-exchange.ts";
import { failed } from "../answered.ts";
import { graphqlAnswer } from "../graphql.ts";
import { statusProblem } from "../http-status.ts";
import type { MetricAnswer } from "../provider.ts";

const pathToRows = ["actor", "account", "nrql", "results"];

function rowsIn(data: Json): readonly Json[] {
  const rows = pathToRows.reduce<Json>(
    (inside, key) => (isJsonObject(inside) ? (ownProperty(inside, key) ?? null) : null),
    data,
  );
  return isJsonArray(rows) ? rows : [];
}

function isEmptyRow(row: Json): boolean {
  return !isJsonObject(row) || entriesOf(row).length === 0;
}

/** One row is an object, several are a list of them; none, or one without anything in it, is an error. */
export function answerOf(answer: HttpAnswer): MetricAnswer {
  const refusal = statusProblem(answer);
  if (refusal !== undefined) return failed(refusal);
  const graphql = graphqlAnswer(answer.text);
  if (!graphql.ok) return failed(graphql.problem);
  const rows = rowsIn(graphql.data);
  const [first] = rows;
  if (first === undefined || (rows.length === 1 && isEmptyRow(first))) {
    return failed("no results returned from NRQL query");
  }
  const result = rows.length === 1 ? first : rows;
  return { kind: "value", text: goJson(result), result: jsonInput(result) };
}
