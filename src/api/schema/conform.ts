// Reading a value by its schema, forgivingly: what has a wrong type is left out and reported, what
// is required and missing gets Go's zero value and is reported, what is unknown is kept.
import type { FieldPath } from "../meta/field-path.ts";
import { isJsonArray, isJsonObject, ownProperty } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { parseQuantity } from "../../lib/quantity.ts";
import { parseTime } from "../../lib/time.ts";
import type { ArrayNode, MapNode, ObjectNode, ScalarNode, Schema, SchemaNode } from "./schema.ts";

export interface TypeProblem {
  readonly kind: "wrongType" | "missing" | "unknownValue";
  readonly path: FieldPath;
  /** What belongs there: a type's name (`integer`, `date-time`, …), or the known values. */
  readonly expected: string;
  readonly known?: readonly string[];
  readonly actual: Json | undefined;
}

/** Where the reader is, and what was wrong up to there. */
interface Reader {
  readonly path: (string | number)[];
  readonly problems: TypeProblem[];
}

/** undefined = nothing usable is there. What is right already is the same object, not a copy. */
type Reading = Json | undefined;

const INT32_MAX = 2_147_483_647;

/** Kubernetes' name of a value's type, as its errors say it. */
export function typeNameOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "null";
  if (isJsonArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function isInteger(value: Json, format: ScalarNode["format"]): boolean {
  if (typeof value !== "number" || !Number.isInteger(value)) return false;
  return format !== "int32" || (value <= INT32_MAX && value >= -INT32_MAX - 1);
}

const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function isFormatted(value: string, format: ScalarNode["format"]): boolean {
  if (format === "date-time") return parseTime(value) !== undefined;
  return format !== "byte" || base64Text.test(value.replace(/[\r\n]/g, ""));
}

function hasType(value: Json, node: ScalarNode): boolean {
  switch (node.type) {
    case "string":
      return typeof value === "string" && isFormatted(value, node.format);
    case "integer":
      return isInteger(value, node.format);
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "intOrString":
      return typeof value === "string" || isInteger(value, "int32");
    case "quantity":
      return typeof value === "number" || (typeof value === "string" && parseQuantity(value).ok);
  }
}

function expectedOf(node: SchemaNode): string {
  if (node.type === "map") return "object";
  if (node.type === "intOrString") return "integer or string";
  const format = "format" in node ? node.format : undefined;
  return format === "date-time" || format === "byte" ? format : node.type;
}

function wrongType(value: Json, node: SchemaNode, { path, problems }: Reader): Reading {
  problems.push({
    kind: "wrongType",
    path: [...path],
    expected: expectedOf(node),
    actual: value,
  });
  return undefined;
}

function readScalar(value: Json, node: ScalarNode, reader: Reader): Reading {
  if (!hasType(value, node)) return wrongType(value, node, reader);
  const { known } = node;
  if (
    known === undefined ||
    (typeof value === "string" && (known.includes(value) || value === ""))
  ) {
    return value;
  }
  const expected = known.map((word) => `"${word}"`).join(", ");
  const path = [...reader.path];
  reader.problems.push({ kind: "unknownValue", path, expected, known, actual: value });
  return undefined;
}

/** What Go's decoder leaves in a field nobody wrote. */
function zeroOf(node: SchemaNode): Json {
  switch (node.type) {
    case "string":
      return "";
    case "integer":
    case "number":
    case "intOrString":
    case "quantity":
      return 0;
    case "boolean":
      return false;
    case "array":
      return [];
    case "map":
    case "any":
      return {};
    case "object":
      return Object.fromEntries(
        node.required.map((name) => [name, zeroOf(propertyOf(node, name))]),
      );
  }
}

const anyNode: SchemaNode = { type: "any" };

function propertyOf(node: ObjectNode, name: string): SchemaNode {
  return (Object.hasOwn(node.properties, name) ? node.properties[name] : undefined) ?? anyNode;
}

function readAt(value: Json, node: SchemaNode, reader: Reader, step: string | number): Reading {
  reader.path.push(step);
  const read = readValue(value, node, reader);
  reader.path.pop();
  return read;
}

function readFields(
  value: JsonObject,
  nodeOf: (key: string) => SchemaNode,
  reader: Reader,
): JsonObject {
  const keys = Object.keys(value);
  const reads = keys.map((key) => {
    const field = value[key];
    return field === undefined ? undefined : readAt(field, nodeOf(key), reader, key);
  });
  if (keys.every((key, at) => reads[at] !== undefined && reads[at] === value[key])) return value;
  // Not by assignment: `__proto__` in somebody's JSON stays a key like any other.
  return Object.fromEntries(
    keys.flatMap((key, at) => (reads[at] === undefined ? [] : [[key, reads[at]]])),
  );
}

function readObject(value: Json, node: ObjectNode, reader: Reader): Reading {
  if (!isJsonObject(value)) return wrongType(value, node, reader);
  const fields = readFields(value, (key) => propertyOf(node, key), reader);
  const missing = node.required.filter((name) => !Object.hasOwn(fields, name));
  if (missing.length === 0) return fields;
  const zeros = missing.map((name) => [name, zeroOf(propertyOf(node, name))] as const);
  for (const name of missing) {
    const written = ownProperty(value, name);
    if (written === undefined || written === null) {
      const expected = expectedOf(propertyOf(node, name));
      const path = [...reader.path, name];
      reader.problems.push({ kind: "missing", path, expected, actual: undefined });
    }
  }
  return { ...fields, ...Object.fromEntries(zeros) };
}

function readMap(value: Json, node: MapNode, reader: Reader): Reading {
  if (!isJsonObject(value)) return wrongType(value, node, reader);
  return readFields(value, () => node.values, reader);
}

/** Items of a wrong type become the zero value: the others keep their index. */
function readArray(value: Json, node: ArrayNode, reader: Reader): Reading {
  if (!isJsonArray(value)) return wrongType(value, node, reader);
  const items = value.map((item, index) => readItem(item, node, reader, index));
  return items.every((item, index) => item === value[index]) ? value : items;
}

function readItem(item: Json, { items }: ArrayNode, reader: Reader, index: number): Json {
  if (item !== null) return readAt(item, items, reader, index) ?? zeroOf(items);
  reader.path.push(index);
  wrongType(item, items, reader);
  reader.path.pop();
  return zeroOf(items);
}

function readValue(value: Json, node: SchemaNode, reader: Reader): Reading {
  if (value === null) return node.type === "any" ? null : undefined;
  switch (node.type) {
    case "any":
      return value;
    case "object":
      return readObject(value, node, reader);
    case "map":
      return readMap(value, node, reader);
    case "array":
      return readArray(value, node, reader);
    default:
      return readScalar(value, node, reader);
  }
}

/**
 * The value as its type promises, and everything that was wrong with it. Never throws. Unknown
 * fields are kept; a null counts as absent, as the API server has it. What is right is not copied:
 * parts of the value are parts of the result, so neither may be changed.
 */
export function conform<T>(
  value: Json | undefined,
  schema: Schema<T>,
  path: FieldPath = [],
): { readonly value: T; readonly problems: readonly TypeProblem[] } {
  const reader: Reader = { path: [...path], problems: [] };
  if (value === undefined || value === null)
    reader.problems.push({
      kind: "missing",
      path,
      expected: expectedOf(schema),
      actual: undefined,
    });
  const read = readValue(value ?? null, schema, reader);
  // The wire border: from here on the types speak for what has just been checked.
  return { value: (read ?? zeroOf(schema)) as T, problems: reader.problems };
}
