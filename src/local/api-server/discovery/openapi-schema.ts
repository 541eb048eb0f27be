// The form of kinds in OpenAPI's words, from the same schema data the rest of the house reads.
import type { GroupVersionKind } from "../../../api/meta/object.ts";
import { isBuiltInGroup } from "../groups.ts";
import type { ArrayNode, ObjectNode, ScalarNode, SchemaNode } from "../../../api/schema/schema.ts";
import type { JsonObject } from "../../../lib/json.ts";

interface NamedSchema {
  readonly name: string;
  readonly schema: JsonObject;
}

const metaSchemaName = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

const intOrString: NamedSchema = {
  name: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
  schema: {
    description: "A whole number, or a text: the name of a port, a percentage.",
    format: "int-or-string",
    oneOf: [{ type: "integer" }, { type: "string" }],
  },
};

const quantity: NamedSchema = {
  name: "io.k8s.apimachinery.pkg.api.resource.Quantity",
  schema: {
    description: "An amount with an optional unit: 500m, 2, 64Mi.",
    oneOf: [{ type: "string" }, { type: "number" }],
  },
};

function scalar(node: ScalarNode, refPrefix: string): JsonObject {
  switch (node.type) {
    case "intOrString":
      return { allOf: [{ $ref: `${refPrefix}${intOrString.name}` }] };
    case "quantity":
      return { allOf: [{ $ref: `${refPrefix}${quantity.name}` }] };
    default:
      return {
        type: node.type,
        ...(node.format === undefined ? {} : { format: node.format }),
        ...(node.known === undefined ? {} : { enum: node.known }),
      };
  }
}

function fields(node: ObjectNode, refPrefix: string): JsonObject {
  const properties = Object.entries(node.properties).map(([name, property]) => {
    return [name, openApiSchema(property, refPrefix)] as const;
  });
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(node.required.length > 0 ? { required: node.required } : {}),
    ...(node.preservesUnknown === true ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
  };
}

function items({ items: item, keys }: ArrayNode, refPrefix: string): JsonObject {
  return {
    type: "array",
    items: openApiSchema(item, refPrefix),
    ...(keys === undefined
      ? {}
      : { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys }),
  };
}

function form(node: SchemaNode, refPrefix: string): JsonObject {
  switch (node.type) {
    case "object":
      return fields(node, refPrefix);
    case "map":
      return { type: "object", additionalProperties: openApiSchema(node.values, refPrefix) };
    case "array":
      return items(node, refPrefix);
    case "any":
      return { "x-kubernetes-preserve-unknown-fields": true };
    default:
      return scalar(node, refPrefix);
  }
}

function openApiSchema(node: SchemaNode, refPrefix: string): JsonObject {
  const { description, default: standard } = node;
  return {
    ...(description === undefined ? {} : { description }),
    ...form(node, refPrefix),
    ...(standard === undefined ? {} : { default: standard }),
  };
}

const apiVersionText = "The group and version whose rules this object follows, such as apps/v1.";
const kindText = "What kind of object this is.";

const textMap: JsonObject = { type: "object", additionalProperties: { type: "string" } };

const metaSchema: JsonObject = {
  description:
    "What every object has: its name, its labels, its owners, and what the server notes about it.",
  type: "object",
  properties: {
    name: {
      type: "string",
      description: "Unique within the namespace and the kind; never changes.",
    },
    generateName: {
      type: "string",
      description: "With no name: the server adds a random ending to this.",
    },
    namespace: { type: "string", description: "The space the name is unique in; never changes." },
    labels: { ...textMap, description: "What selectors select by." },
    annotations: {
      ...textMap,
      description: "Notes for tools and people; nothing selects by them.",
    },
    uid: {
      type: "string",
      description: "Tells objects of one name apart over time. Set by the server.",
    },
    resourceVersion: {
      type: "string",
      description: "Changes with every write. Set by the server.",
    },
    generation: {
      type: "integer",
      format: "int64",
      description: "Counts changes of the wanted state.",
    },
    creationTimestamp: { type: "string", format: "date-time", description: "Set by the server." },
    deletionTimestamp: {
      type: "string",
      format: "date-time",
      description: "Set when deletion was asked for.",
    },
    deletionGracePeriodSeconds: { type: "integer", format: "int64" },
    finalizers: {
      type: "array",
      items: { type: "string" },
      description: "Who must agree before the object goes.",
    },
    ownerReferences: {
      type: "array",
      description: "When all of them are gone, this object goes too.",
      items: {
        type: "object",
        required: ["apiVersion", "kind", "name", "uid"],
        properties: {
          apiVersion: { type: "string" },
          kind: { type: "string" },
          name: { type: "string" },
          uid: { type: "string" },
          controller: { type: "boolean" },
          blockOwnerDeletion: { type: "boolean" },
        },
      },
    },
    managedFields: {
      type: "array",
      items: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    },
  },
};

/** What the schemas of kinds refer to. */
export const sharedSchemas: JsonObject = {
  [metaSchemaName]: metaSchema,
  [intOrString.name]: intOrString.schema,
  [quantity.name]: quantity.schema,
};

const openPart: JsonObject = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** The schema of one kind; without schema data of its own an open one, which is true as well. */
export function kindSchema(
  kind: GroupVersionKind,
  node: SchemaNode | undefined,
  refPrefix: string,
): JsonObject {
  const known = node?.type === "object" ? fields(node, refPrefix) : undefined;
  const properties = (known?.["properties"] ?? { spec: openPart, status: openPart }) as JsonObject;
  return {
    type: "object",
    ...(node?.description === undefined
      ? { description: `An object of kind ${kind.kind}.` }
      : { description: node.description }),
    ...(known === undefined ? { "x-kubernetes-preserve-unknown-fields": true } : {}),
    ...(known?.["required"] === undefined ? {} : { required: known["required"] }),
    properties: {
      ...properties,
      apiVersion: { type: "string", description: apiVersionText },
      kind: { type: "string", description: kindText },
      metadata: {
        allOf: [{ $ref: `${refPrefix}${metaSchemaName}` }],
        description: "Its name, labels, owners.",
      },
    },
    "x-kubernetes-group-version-kind": [
      { group: kind.group, version: kind.version, kind: kind.kind },
    ],
  };
}

/** `io.argoproj.v1alpha1.Rollout`, `io.k8s.api.core.v1.Pod` */
export function schemaNameOf({ group, version, kind }: GroupVersionKind): string {
  const domain = isBuiltInGroup(group)
    ? `io.k8s.api.${group === "" ? "core" : (group.split(".")[0] ?? group)}`
    : group.split(".").reverse().join(".");
  return `${domain}.${version}.${kind}`;
}
