// From our schemas to the structural schemas of CustomResourceDefinitions (apiextensions.k8s.io/v1):
// one more walker over the same data. A node's `crd` says where the two part.
import type { JsonObject } from "../../lib/json.ts";
import type { ArrayNode, MapNode, ObjectNode, ScalarNode, SchemaNode } from "./schema.ts";

const open: JsonObject = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** Words we know are ours to check; a word of a later Argo must not make an object unwritable. */
function scalar({ type, format, known, isCrdEnum }: ScalarNode): JsonObject {
  if (type === "intOrString" || type === "quantity") {
    return {
      anyOf: [{ type: "integer" }, { type: "string" }],
      "x-kubernetes-int-or-string": true,
    };
  }
  return {
    type,
    ...(format === undefined ? {} : { format }),
    ...(known !== undefined && isCrdEnum === true ? { enum: known } : {}),
  };
}

function object({ properties, required, preservesUnknown, crd = {} }: ObjectNode): JsonObject {
  const { keeps, requires = required, rules } = crd;
  const kept = Object.entries(properties).filter(([name]) => keeps?.includes(name) ?? true);
  return {
    type: "object",
    ...(kept.length > 0
      ? { properties: Object.fromEntries(kept.map(([name, node]) => [name, structural(node)])) }
      : {}),
    ...(requires.length > 0 ? { required: requires } : {}),
    ...(preservesUnknown === true ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
    ...(rules === undefined ? {} : { "x-kubernetes-validations": rules.map((rule) => rule) }),
  };
}

function map({ values, crd }: MapNode): JsonObject {
  if (crd?.isOpen === true) return open;
  return { type: "object", additionalProperties: structural(values) };
}

/** A list without keys is atomic under server-side apply: that is the API server's own default. */
function array({ items, keys }: ArrayNode): JsonObject {
  return {
    type: "array",
    items: structural(items),
    ...(keys === undefined
      ? {}
      : { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys }),
  };
}

function form(node: SchemaNode): JsonObject {
  switch (node.type) {
    case "object":
      return object(node);
    case "map":
      return map(node);
    case "array":
      return array(node);
    case "any":
      return { "x-kubernetes-preserve-unknown-fields": true };
    default:
      return scalar(node);
  }
}

/** The structural schema of a node: an `openAPIV3Schema` or a part of one. */
export function structural(node: SchemaNode): JsonObject {
  const { description, default: standard, isAtomic } = node;
  return {
    ...(description === undefined ? {} : { description }),
    ...form(node),
    ...(isAtomic === true ? { "x-kubernetes-map-type": "atomic" } : {}),
    ...(standard === undefined ? {} : { default: standard }),
  };
}
