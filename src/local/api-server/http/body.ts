// Bodies: one object, as JSON, YAML or protobuf; anything else is refused in words a client can act on.
import { parseDocument } from "yaml";
import { isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { StoreError } from "../../../objects/object-store.ts";
import { RequestProblem, type Call } from "../call.ts";
import { parseProtobuf, protobufType } from "./protobuf.ts";

export function mediaTypeOf(contentType: string): string {
  return (contentType.split(";")[0] ?? "").trim().toLowerCase();
}

export function unsupportedMediaType(
  contentType: string,
  supported: readonly string[],
): RequestProblem {
  return new RequestProblem(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format (${contentType}) - accepted media types include: ${supported.join(", ")}`,
  );
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new StoreError("BadRequest", "the body of the request is not valid UTF-8", {
      cause: error,
    });
  }
}

export function parseJson(bytes: Uint8Array): Json {
  try {
    return JSON.parse(text(bytes)) as Json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new StoreError(
      "BadRequest",
      `the body of the request is not valid JSON: ${error.message}`,
      { cause: error },
    );
  }
}

/** YAML 1.2, of which JSON is a part. Aliases are limited, so that a small text cannot become a huge object. */
export function parseYaml(bytes: Uint8Array): Json {
  const document = parseDocument(text(bytes), { prettyErrors: true });
  const [problem] = document.errors;
  if (problem)
    throw new StoreError(
      "BadRequest",
      `the body of the request is not valid YAML: ${problem.message}`,
    );
  try {
    return document.toJS({ maxAliasCount: 100 }) as Json;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError("BadRequest", `the body of the request is not valid YAML: ${why}`, {
      cause: error,
    });
  }
}

export function mustBeObject(value: Json): JsonObject {
  if (isJsonObject(value)) return value;
  throw new StoreError("BadRequest", "the body of the request must be one object");
}

type Parse = (bytes: Uint8Array) => Json;

const parsers: Readonly<Record<string, Parse>> = {
  // A body without Content-Type is read as JSON, as Kubernetes does.
  "": parseJson,
  "application/json": parseJson,
  "text/json": parseJson,
  "application/yaml": parseYaml,
  "application/x-yaml": parseYaml,
  "text/yaml": parseYaml,
  [protobufType]: parseProtobuf,
};

function parserFor({ headers: { contentType } }: Call): Parse {
  const type = mediaTypeOf(contentType);
  const parser = Object.hasOwn(parsers, type) ? parsers[type] : undefined;
  if (parser) return parser;
  throw unsupportedMediaType(contentType, ["application/json", "application/yaml"]);
}

/** The object in the body: JSON, YAML, or the kinds kubectl sends as protobuf. */
export async function readObject(call: Call): Promise<JsonObject> {
  const parse = parserFor(call);
  const bytes = await call.body();
  if (bytes.length > 0) return mustBeObject(parse(bytes));
  throw new StoreError("BadRequest", "the request has no body; send the object as JSON or YAML");
}

/** Like readObject, but nothing at all is an answer too (a delete without options). */
export async function readOptionalObject(call: Call): Promise<JsonObject | undefined> {
  const bytes = await call.body();
  return bytes.length === 0 ? undefined : mustBeObject(parserFor(call)(bytes));
}
