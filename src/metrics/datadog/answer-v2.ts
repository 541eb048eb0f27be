import { floatInput, floatsInput, nilInput } from "../../lib/expr/expr.ts";
import { formatFloat } from "../../lib/go-format.ts";
import { goJson, goJsonNumber, goJsonString } from "../../lib/go-json.ts";
import {
  isJsonArray,
  isJsonObject,
  ownProperty,
  parseJson,
  type Json,
  type JsonObject,
} from "../../lib/json.ts";
import { answerText } from "../answer-text.ts";
import { failed } from "../answered.ts";
import { textOf } from "../http-config.ts";
import type { MetricAnswer } from "../provider.ts";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly values: readonly Json[];
}

/** One row that has a value. `group` is its label over all group columns. */
interface Row {
  readonly group: string;
  readonly value: number;
}

/** What is wrong with the answer. */
class Unreadable extends Error {}

const mostGroups = 100;

function columnOf(column: Json): Column {
  const values = isJsonObject(column) ? (ownProperty(column, "values") ?? []) : undefined;
  if (!isJsonObject(column) || !isJsonArray(values)) {
    throw new Unreadable("Could not parse JSON body: a column has no list of values");
  }
  return { name: textOf(column, "name"), type: textOf(column, "type"), values };
}

function columnsOf(data: JsonObject): readonly Column[] {
  const attributes = ownProperty(data, "attributes");
  const columns = isJsonObject(attributes) ? ownProperty(attributes, "columns") : undefined;
  if (columns === undefined || columns === null) return [];
  if (isJsonArray(columns)) return columns.map(columnOf);
  throw new Unreadable("Could not parse JSON body: columns is no list");
}

function numberIn({ name, values }: Column, index: number): number | undefined {
  const value = values[index] ?? null;
  if (value === null) return undefined;
  if (typeof value === "number") return value;
  throw new Unreadable(
    `could not parse numeric value ${goJsonString(goJson(value))} in column ${goJsonString(name)}: invalid syntax`,
  );
}

function labelPart({ values }: Column, index: number): string {
  const label = values[index];
  if (typeof label === "string") return label;
  if (isJsonArray(label) && label.every((tag) => typeof tag === "string")) return label.join(",");
  throw new Unreadable(`could not parse group label at index ${index}`);
}

function rowsOf(numbers: Column, groups: readonly Column[]): readonly Row[] {
  return numbers.values.flatMap((_, index) => {
    const value = numberIn(numbers, index);
    if (value === undefined) return [];
    const group = groups.map((column) => labelPart(column, index)).join(",");
    return [{ group, value }];
  });
}

/** Which group had which value: of many, the lowest and the highest. */
function groupsMetadata(rows: readonly Row[]): Readonly<Record<string, string>> {
  const isTooMany = rows.length > mostGroups;
  const sorted = isTooMany ? rows.toSorted((a, b) => a.value - b.value) : rows;
  const kept = isTooMany
    ? [...sorted.slice(0, mostGroups / 2), ...sorted.slice(-mostGroups / 2)]
    : sorted;
  const groups = kept.map(
    ({ group, value }) => `{"name":${goJsonString(group)},"value":${goJsonNumber(value)}}`,
  );
  return {
    groups: `[${groups.join(",")}]`,
    ...(isTooMany ? { groups_truncated: "true" } : {}),
  };
}

function answerOfColumns(columns: readonly Column[]): MetricAnswer {
  const numbers = columns.find(({ type }) => type === "number" || type === "");
  const groups = columns.filter(({ type }) => type === "group");
  const rows = numbers === undefined ? [] : rowsOf(numbers, groups);
  const [first] = rows;
  if (first === undefined) return { kind: "value", text: "[]", result: nilInput };
  if (groups.length === 0) {
    return { kind: "value", text: formatFloat(first.value), result: floatInput(first.value) };
  }
  const values = rows.map(({ value }) => value);
  return {
    kind: "value",
    text: answerText(values, formatFloat),
    result: floatsInput(values),
    metadata: groupsMetadata(rows),
  };
}

function errorsIn(errors: Json | undefined): string {
  if (typeof errors === "string") return errors;
  return isJsonArray(errors) ? errors.filter((one) => typeof one === "string").join(", ") : "";
}

/** The first column of numbers; with group columns a list, one value for each group that has one. */
export function answerOfV2(text: string): MetricAnswer {
  const json = parseJson(text);
  if (!json.ok) return failed(`Could not parse JSON body: ${json.problem}`);
  const body = isJsonObject(json.value) ? json.value : {};
  const data = ownProperty(body, "data");
  const errors =
    errorsIn(ownProperty(body, "errors")) ||
    (isJsonObject(data) ? errorsIn(ownProperty(data, "errors")) : "");
  if (errors !== "") return failed(`There were errors in your query: ${errors}`);
  if (!isJsonObject(data)) return failed("Could not parse JSON body: there is no data in it");
  try {
    return answerOfColumns(columnsOf(data));
  } catch (error) {
    if (error instanceof Unreadable) return failed(error.message);
    throw error;
  }
}
