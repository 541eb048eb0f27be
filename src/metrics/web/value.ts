import { jsonInput, stringInput } from "../../lib/expr/expr.ts";
import { goJson } from "../../lib/go-json.ts";
import { firstJsonPath } from "../../lib/jsonpath/jsonpath.ts";
import { parseJson } from "../../lib/json.ts";
import type { MetricAnswer } from "../provider.ts";

/**
 * What the body says: the first value the path finds in JSON, or the whole body as a text where it
 * is no JSON. A path that finds nothing is an error.
 */
export function valueIn(text: string, jsonPath: string): MetricAnswer {
  const json = parseJson(text);
  if (!json.ok) return { kind: "value", text, result: stringInput(text) };
  const found = firstJsonPath(jsonPath, json.value);
  if (!found.ok) {
    return { kind: "error", message: `Could not find JSONPath in body: ${found.message}` };
  }
  const { value } = found;
  if (value === undefined) {
    return { kind: "error", message: "result of web metric produced no value" };
  }
  return { kind: "value", text: goJson(value), result: jsonInput(value) };
}
