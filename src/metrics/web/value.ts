import { jsonInput, stringInput } from "../../lib/expr/expr.ts";
import { firstJsonPath } from "../../lib/jsonpath/jsonpath.ts";
import type { Json } from "../../lib/json.ts";
import type { MetricAnswer } from "../provider.ts";

function parsed(text: string): { readonly value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * What the body says: the first value the path finds in JSON, or the whole body as a text where it
 * is no JSON. A path that finds nothing is an error.
 */
export function valueIn(text: string, jsonPath: string): MetricAnswer {
  const json = parsed(text);
  if (json === undefined) return { kind: "value", text, result: stringInput(text) };
  const found = firstJsonPath(jsonPath, json.value);
  if (!found.ok) {
    return { kind: "error", message: `Could not find JSONPath in body: ${found.message}` };
  }
  const { value } = found;
  if (value === undefined) {
    return { kind: "error", message: "result of web metric produced no value" };
  }
  return { kind: "value", text: JSON.stringify(value), result: jsonInput(value) };
}
