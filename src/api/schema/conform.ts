// Reading a value by its schema, forgivingly: what has a wrong type is left out and reported, what
// is required and missing gets Go's zero value and is reported, what is unknown is kept.
import type { FieldPath } from "../meta/field-path.ts";
import { entriesOf, isJsonArray, isJsonObject, ownProperty } from "../../lib/json.ts";
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

interface Reading {
  /** undefined = nothing usable is there. */
  readonly value: Json | undefined;
  readonly problems: readonly TypeProblem[];
}

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

function wrongType(value: Json, node: SchemaNode, path: FieldPath): Reading {
  return {
    value: undefined,
    problems: [{ kind: "wrongType", path, expected: expectedOf(node), actual: value }],
  };
}

function readScalar(value: Json, node: ScalarNode, path: FieldPath): Reading {
  if (!hasType(value, node)) return wrongType(value, node, path);
  const { known } = node;
  if (
    known === undefined ||
    (typeof value === "string" && (known.includes(value) || value === ""))
  ) {
    return { value, problems: [] };
  }
  const expected = known.map((word) => `"${word}"`).join(", ");
  return {
    value: undefined,
    problems: [{ kind: "unknownValue", path, expected, known, actual: value }],
  };
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

function readFields(value: JsonObject, nodeOf: (key: string) => SchemaNode, path: FieldPath) {
  const problems: TypeProblem[] = [];
  const fields: Record<string, Json> = {};
  for (const [key, field] of entriesOf(value)) {
    const read = readValue(field, nodeOf(key), [...path, key]);
    problems.push(...read.problems);
    if (read.value === undefined) continue;
    if (key === "__proto__") Object.defineProperty(fields, key, plain(read.value));
    else fields[key] = read.value;
  }
  return { fields, problems };
}

/** As an assignment would, but `__proto__` in somebody's JSON stays a key like any other. */
function plain(value: Json): PropertyDescriptor {
  return { value, enumerable: true, configurable: true, writable: true };
}

function readObject(value: Json, node: ObjectNode, path: FieldPath): Reading {
  if (!isJsonObject(value)) return wrongType(value, node, path);
  const { fields, problems } = readFields(value, (key) => propertyOf(node, key), path);
  for (const name of node.required) {
    if (Object.hasOwn(fields, name)) continue;
    const written = ownProperty(value, name);
    if (written === undefined || written === null) {
      const expected = expectedOf(propertyOf(node, name));
      problems.push({ kind: "missing", path: [...path, name], expected, actual: undefined });
    }
    fields[name] = zeroOf(propertyOf(node, name));
  }
  return { value: fields, problems };
}

function readMap(value: Json, node: MapNode, path: FieldPath): Reading {
  if (!isJsonObject(value)) return wrongType(value, node, path);
  const { fields, problems } = readFields(value, () => node.values, path);
  return { value: fields, problems };
}

/** Items of a wrong type become the zero value: the others keep their index. */
function readArray(value: Json, node: ArrayNode, path: FieldPath): Reading {
  if (!isJsonArray(value)) return wrongType(value, node, path);
  const problems: TypeProblem[] = [];
  const items = value.map((item, index) => {
    const at = [...path, index];
    const read = item === null ? wrongType(item, node.items, at) : readValue(item, node.items, at);
    problems.push(...read.problems);
    return read.value ?? zeroOf(node.items);
  });
  return { value: items, problems };
}

function readValue(value: Json, node: SchemaNode, path: FieldPath): Reading {
  if (value === null) return { value: node.type === "any" ? null : undefined, problems: [] };
  switch (node.type) {
    case "any":
      return { value, problems: [] };
    case "object":
      return readObject(value, node, path);
    case "map":
      return readMap(value, node, path);
    case "array":
      return readArray(value, node, path);
    default:
      return readScalar(value, node, path);
  }
}

/**
 * The value as its type promises, and everything that was wrong with it. Never throws. Unknown
 * fields are kept; a null counts as absent, as the API server has it.
 */
export function conform<T>(
  value: Json | undefined,
  schema: Schema<T>,
  path: FieldPath = [],
): { readonly value: T; readonly problems: readonly TypeProblem[] } {
  const read = readValue(value ?? null, schema, path);
  const missing: readonly TypeProblem[] =
    value === undefined || value === null
      ? [{ kind: "missing", path, expected: expectedOf(schema), actual: undefined }]
      : [];
  // The wire border: from here on the types speak for what has just been checked.
  return { value: (read.value ?? zeroOf(schema)) as T, problems: [...missing, ...read.problems] };
}
