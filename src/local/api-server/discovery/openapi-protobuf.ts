// OpenAPI v2 as protobuf, the only form in which kubectl up to 1.28 asks for it. Those kubectls look up
// whether a write may name `fieldValidation`, and leave the checking to the server if so. Hence what is
// written down is the writes with their parameters and kinds; what kinds look like is in OpenAPI v3.
// The numbers are those of google/gnostic's OpenAPIv2.proto, which clients read it with.
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { field, message } from "../http/protobuf-fields.ts";

/** How it is asked for. Go cannot read the name with the @, so answers bear the other, as a cluster's do. */
export const openApiV2ProtobufNames: readonly string[] = [
  "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
  "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
];
export const openApiV2Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function objectsOf(value: Json | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter((each) => isJsonObject(each)) : [];
}

/** ParametersItem.parameter → Parameter.non_body_parameter → NonBodyParameter.query_parameter_sub_schema. */
function queryParameter({ name, description, type }: JsonObject): Buffer {
  const parameter = message(
    field(2, "query"),
    field(3, textOf(description)),
    field(4, textOf(name)),
    field(6, textOf(type)),
  );
  return field(1, field(2, field(3, parameter)));
}

const kindExtension = "x-kubernetes-group-version-kind";

/** NamedAny with an Any in its YAML form; JSON is YAML. */
function extension(name: string, value: Json): Buffer {
  return message(field(1, name), field(2, field(2, `${JSON.stringify(value)}\n`)));
}

function operation(value: JsonObject): Buffer {
  return message(
    field(3, textOf(value["description"])),
    ...objectsOf(value["parameters"]).map((each) => field(8, queryParameter(each))),
    field(13, extension(kindExtension, value[kindExtension] ?? {})),
  );
}

const numberOfMethod = { put: 3, post: 4, patch: 8 } as const;

function pathItem(methods: JsonObject): Buffer {
  const operations = Object.entries(numberOfMethod).flatMap(([method, number]) => {
    const value = methods[method];
    return isJsonObject(value) ? [field(number, operation(value))] : [];
  });
  return message(...operations);
}

/** The document's writes. `document` is the JSON form. */
export function openApiV2Bytes(document: JsonObject): Buffer {
  const { info, paths } = document;
  const { title, version } = isJsonObject(info) ? info : {};
  const items = Object.entries(isJsonObject(paths) ? paths : {}).map(([path, methods]) =>
    field(2, message(field(1, path), field(2, pathItem(isJsonObject(methods) ? methods : {})))),
  );
  return message(
    field(1, "2.0"),
    field(2, message(field(1, textOf(title)), field(2, textOf(version)))),
    field(8, message(...items)),
  );
}
