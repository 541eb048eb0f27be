// Fields of a value that its schema does not have: what a strict reader refuses, and what the
// nearest known name is.
import { didYouMean } from "../../lib/did-you-mean.ts";
import { entriesOf, isJsonArray, isJsonObject } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import type { FieldPath } from "../meta/field-path.ts";
import type { ObjectNode, SchemaNode } from "./schema.ts";

export interface UnknownField {
  readonly path: FieldPath;
  readonly name: string;
  readonly suggestion: string | undefined;
  /** The fields that exist there, as the schema lists them. */
  readonly known: readonly string[];
}

function inObject(value: JsonObject, node: ObjectNode, path: FieldPath): readonly UnknownField[] {
  const known = Object.keys(node.properties);
  return entriesOf(value).flatMap(([name, field]): readonly UnknownField[] => {
    const property = Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
    if (property) return unknownFields(field, property, [...path, name]);
    if (node.preservesUnknown) return [];
    return [{ path: [...path, name], name, suggestion: didYouMean(name, known), known }];
  });
}

/** All unknown fields, in the order they are written. Values of a wrong type are somebody else's finding. */
export function unknownFields(
  value: Json,
  node: SchemaNode,
  path: FieldPath = [],
): readonly UnknownField[] {
  if (node.type === "object") return isJsonObject(value) ? inObject(value, node, path) : [];
  if (node.type === "map" && isJsonObject(value)) {
    return entriesOf(value).flatMap(([name, field]) =>
      unknownFields(field, node.values, [...path, name]),
    );
  }
  if (node.type === "array" && isJsonArray(value)) {
    return value.flatMap((item, index) => unknownFields(item, node.items, [...path, index]));
  }
  return [];
}
