// Filling in the defaults that a schema carries, as an API server does with a CRD's.
import { entriesOf, isJsonArray, isJsonObject } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import type { ObjectNode, SchemaNode } from "./schema.ts";

function inObject(value: JsonObject, node: ObjectNode): JsonObject {
  const filled = entriesOf(value).map(([name, field]): readonly [string, Json] => {
    const property = Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
    return [name, property ? withDefaults(field, property) : field];
  });
  const added = Object.entries(node.properties).flatMap(
    ([name, property]): readonly (readonly [string, Json])[] =>
      property.default === undefined || Object.hasOwn(value, name)
        ? []
        : [[name, property.default]],
  );
  return Object.fromEntries([...filled, ...added]);
}

/** The value with every default its schema has for a field nobody wrote. */
export function withDefaults(value: Json, node: SchemaNode): Json {
  if (node.type === "object" && isJsonObject(value)) return inObject(value, node);
  if (node.type === "array" && isJsonArray(value))
    return value.map((item) => withDefaults(item, node.items));
  if (node.type === "map" && isJsonObject(value)) {
    return Object.fromEntries(
      entriesOf(value).map(([name, field]) => [name, withDefaults(field, node.values)]),
    );
  }
  return value;
}
