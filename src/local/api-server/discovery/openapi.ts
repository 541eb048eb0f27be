// OpenAPI documents, v3 per group and version and v2 for all: which calls there are, which
// parameters they take (kubectl asks whether `fieldValidation` and `dryRun` are among them) and what
// the kinds look like (kubectl explain). No strategic merge is declared: for the kinds that have it,
// kubectl knows the merge keys better than we could write them here.
import { createHash } from "node:crypto";
import { apiVersionOf, type GroupVersionKind } from "../../../api/meta/object.ts";
import { schemaOf } from "../../../api/schema/kinds.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { kindSchema, schemaNameOf, sharedSchemas } from "./openapi-schema.ts";
import type { ServedGroupVersion, ServedResource } from "./served.ts";

export interface OpenApiDocuments {
  /** /openapi/v3: where the documents are. */
  readonly index: () => JsonObject;
  /** By path below /openapi/v3/, e.g. `apis/apps/v1`. */
  readonly document: (path: string) => JsonObject | undefined;
  readonly v2: () => JsonObject;
}

interface Dialect {
  readonly parameter: (name: string, type: string, description: string) => JsonObject;
  readonly pathParameter: (name: string) => JsonObject;
  readonly bodies: (types: readonly string[], schema: string) => JsonObject;
  readonly refPrefix: string;
}

const v3: Dialect = {
  parameter: (name, type, description) => ({
    name,
    in: "query",
    description,
    schema: { type, uniqueItems: true },
  }),
  pathParameter: (name) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", uniqueItems: true },
  }),
  bodies: (types, schema) => ({
    requestBody: {
      required: true,
      content: Object.fromEntries(
        types.map((type) => [type, { schema: { $ref: `#/components/schemas/${schema}` } }]),
      ),
    },
  }),
  refPrefix: "#/components/schemas/",
};

const v2: Dialect = {
  parameter: (name, type, description) => ({
    name,
    in: "query",
    description,
    type,
    uniqueItems: true,
  }),
  pathParameter: (name) => ({
    name,
    in: "path",
    required: true,
    type: "string",
    uniqueItems: true,
  }),
  bodies: (types) => ({ consumes: types }),
  refPrefix: "#/definitions/",
};

const patchTypes = [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
];
const bodyTypes = ["application/json", "application/yaml"];

function writeParameters(dialect: Dialect): readonly JsonObject[] {
  return [
    dialect.parameter("dryRun", "string", "All: everything is checked, nothing is stored."),
    dialect.parameter("fieldManager", "string", "In whose name the fields are written."),
    dialect.parameter(
      "fieldValidation",
      "string",
      "What to do about unknown fields: Ignore, Warn or Strict.",
    ),
  ];
}

interface Operation {
  readonly method: string;
  readonly action: string;
  readonly verb: string;
}

const collectionOperations: readonly Operation[] = [
  { method: "get", action: "list", verb: "list" },
  { method: "post", action: "post", verb: "create" },
  { method: "delete", action: "deletecollection", verb: "deletecollection" },
];

const objectOperations: readonly Operation[] = [
  { method: "get", action: "get", verb: "get" },
  { method: "put", action: "put", verb: "update" },
  { method: "patch", action: "patch", verb: "patch" },
  { method: "delete", action: "delete", verb: "delete" },
];

function operationParameters(method: string, dialect: Dialect): readonly JsonObject[] {
  switch (method) {
    case "post":
    case "put":
      return writeParameters(dialect);
    case "patch":
      return [
        ...writeParameters(dialect),
        dialect.parameter(
          "force",
          "boolean",
          "Apply patches only: take fields away from other managers.",
        ),
      ];
    case "delete":
      return [
        dialect.parameter("dryRun", "string", "All: everything is checked, nothing is deleted."),
        dialect.parameter("gracePeriodSeconds", "integer", "How long a pod may take to end."),
        dialect.parameter("propagationPolicy", "string", "Background, Foreground or Orphan."),
      ];
    default:
      return [];
  }
}

function bodyOf(method: string, schema: string, dialect: Dialect): JsonObject {
  if (method === "patch") return dialect.bodies(patchTypes, schema);
  return method === "post" || method === "put" ? dialect.bodies(bodyTypes, schema) : {};
}

function operation(
  { method, action }: Operation,
  kind: GroupVersionKind,
  dialect: Dialect,
): JsonObject {
  return {
    description: `${action} ${kind.kind}`,
    ...bodyOf(method, schemaNameOf(kind), dialect),
    parameters: operationParameters(method, dialect),
    responses: { "200": { description: "OK" } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": {
      group: kind.group,
      version: kind.version,
      kind: kind.kind,
    },
  };
}

function pathItem(
  operations: readonly Operation[],
  resource: ServedResource,
  names: readonly string[],
  dialect: Dialect,
): JsonObject {
  const served = operations.filter(({ verb }) => resource.verbs.includes(verb));
  return {
    ...Object.fromEntries(served.map((each) => [each.method, operation(each, resource, dialect)])),
    parameters: names.map((name) => dialect.pathParameter(name)),
  };
}

function rootOf({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === "" ? `api/${version}` : `apis/${group}/${version}`;
}

function pathsOf(resource: ServedResource, dialect: Dialect): JsonObject {
  const root = `/${rootOf(resource)}`;
  const { plural } = resource;
  if (!resource.namespaced) {
    return {
      [`${root}/${plural}`]: pathItem(collectionOperations, resource, [], dialect),
      [`${root}/${plural}/{name}`]: pathItem(objectOperations, resource, ["name"], dialect),
    };
  }
  const within = `${root}/namespaces/{namespace}/${plural}`;
  const listOnly = collectionOperations.slice(0, 1);
  return {
    [`${root}/${plural}`]: pathItem(listOnly, resource, [], dialect),
    [within]: pathItem(collectionOperations, resource, ["namespace"], dialect),
    [`${within}/{name}`]: pathItem(objectOperations, resource, ["name", "namespace"], dialect),
  };
}

function schemasOf(
  resources: readonly ServedResource[],

  dialect: Dialect,
): JsonObject {
  const kinds = resources.map((resource) => {
    const node = schemaOf(apiVersionOf(resource), resource.kind);
    return [schemaNameOf(resource), kindSchema(resource, node, dialect.refPrefix)] as const;
  });
  return { ...Object.fromEntries(kinds), ...sharedSchemas };
}

function allPaths(resources: readonly ServedResource[], dialect: Dialect): JsonObject {
  const maps = resources.map((resource) => Object.entries(pathsOf(resource, dialect)));
  return Object.fromEntries(maps.flat());
}

const info: JsonObject = { title: "Haldane", version: "v1.34.0" };

function documentV3(group: ServedGroupVersion): JsonObject {
  return {
    openapi: "3.0.0",
    info,
    paths: allPaths(group.resources, v3),
    components: { schemas: schemasOf(group.resources, v3) },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Documents are large and rarely wanted: each is made when somebody first asks for it. */
export function createOpenApi(groups: readonly ServedGroupVersion[]): OpenApiDocuments {
  const documents = new Map(groups.map((group) => [rootOf(group), once(() => documentV3(group))]));
  const resources = groups.flatMap((group) => group.resources);
  const hashOf = (document: JsonObject): string =>
    createHash("sha256").update(JSON.stringify(document)).digest("hex").slice(0, 32).toUpperCase();
  return {
    index: once(() => ({
      paths: Object.fromEntries(
        [...documents].map(([path, document]) => {
          return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(document())}` }];
        }),
      ),
    })),
    document: (path) => documents.get(path)?.(),
    v2: once(() => ({
      swagger: "2.0",
      info,
      paths: allPaths(resources, v2),
      definitions: schemasOf(resources, v2),
    })),
  };
}
