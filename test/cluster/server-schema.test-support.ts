// Holds a schema of ours against the API server's own OpenAPI: what it has and ours has not, where
// types differ, where ours is stricter, and where server-side apply would merge differently.
import type { Json } from "../../src/lib/json.ts";
import type { MapNode, ObjectNode, SchemaNode } from "../../src/api/schema/schema.ts";

interface ServerSchema {
  readonly $ref?: string;
  readonly allOf?: readonly ServerSchema[];
  readonly type?: string;
  readonly format?: string;
  readonly default?: Json;
  readonly properties?: Readonly<Record<string, ServerSchema>>;
  readonly required?: readonly string[];
  readonly items?: ServerSchema;
  readonly additionalProperties?: ServerSchema;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: string;
}

export interface ServerSchemas {
  readonly components: { readonly schemas: Readonly<Record<string, ServerSchema>> };
}

const nameIn = ({ $ref, allOf }: ServerSchema): string | undefined =>
  ($ref ?? allOf?.[0]?.$ref)?.split("/").at(-1);

type Differences = readonly string[];

/** A sentence for each difference; none = ours is as the server's. */
export function differences(ours: SchemaNode, name: string, server: ServerSchemas): Differences {
  const ref = { $ref: `#/components/schemas/${name}` };
  return compare(ours, ref, name.split(".").at(-1) ?? name, server);
}

const special = { Quantity: "quantity", IntOrString: "intOrString" } as const;

function compare(
  node: SchemaNode,
  schema: ServerSchema,
  path: string,
  server: ServerSchemas,
): Differences {
  const named = nameIn(schema);
  for (const [word, type] of Object.entries(special))
    if (named?.endsWith(`.${word}`) === true)
      return node.type === type ? [] : [`${path}: ${type} at the server, ours ${node.type}`];
  const form: ServerSchema =
    named === undefined ? schema : (server.components.schemas[named] ?? {});
  if (form.properties) return compareObject(node, form, path, server);
  if (form.type === "array") return compareArray(node, form, path, server);
  if (form.type === "object") return compareMap(node, form, path, server);
  const format = "format" in node ? node.format : undefined;
  if (node.type !== form.type) return [`${path}: ${form.type} at the server, ours ${node.type}`];
  return format === form.format ? [] : [`${path}: format ${form.format}, ours ${format}`];
}

function compareObject(
  node: SchemaNode,
  schema: ServerSchema,
  path: string,
  server: ServerSchemas,
): Differences {
  if (node.type !== "object") return [`${path}: the server has an object, ours is ${node.type}`];
  const fields = Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const own = node.properties[key];
    if (own) return compare(own, property, `${path}.${key}`, server);
    return node.preservesUnknown === true ? [] : [`${path}.${key}: missing`];
  });
  const required = node.crd?.requires ?? node.required;
  const stricter = required.filter((key) => !(schema.required ?? []).includes(key));
  return [
    ...fields,
    ...stricter.map((key) => `${path}.${key}: required by ours only`),
    ...compareAtomic(node, schema, path),
  ];
}

function compareAtomic(
  node: ObjectNode | MapNode,
  schema: ServerSchema,
  path: string,
): Differences {
  const isAtomic = schema["x-kubernetes-map-type"] === "atomic";
  return isAtomic === (node.isAtomic === true)
    ? []
    : [`${path}: atomic at the server: ${isAtomic}`];
}

function compareArray(
  node: SchemaNode,
  schema: ServerSchema,
  path: string,
  server: ServerSchemas,
): Differences {
  if (node.type !== "array") return [`${path}: the server has a list, ours is ${node.type}`];
  const wanted = schema["x-kubernetes-list-map-keys"]?.join() ?? "none";
  const keys = node.keys?.join() ?? "none";
  return [
    ...(keys === wanted ? [] : [`${path}: list keys ${wanted} at the server, ours ${keys}`]),
    ...compare(node.items, schema.items ?? {}, `${path}[]`, server),
  ];
}

function compareMap(
  node: SchemaNode,
  schema: ServerSchema,
  path: string,
  server: ServerSchemas,
): Differences {
  if (node.type !== "map") return [`${path}: the server has a map, ours is ${node.type}`];
  return [
    ...compare(node.values, schema.additionalProperties ?? {}, `${path}{}`, server),
    ...compareAtomic(node, schema, path),
  ];
}
