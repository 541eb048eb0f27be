// Findings of any kind of object: is the kind known, are its fields spelled right and of the right
// type, do the API server's rules of that kind hold?
import { didYouMean } from "../../lib/did-you-mean.ts";
import type { Json } from "../../lib/json.ts";
import { admit } from "../admission/admit.ts";
import type { FieldPath } from "../meta/field-path.ts";
import { formatPath } from "../meta/field-path.ts";
import { fieldErrorBody } from "../meta/field-error.ts";
import type { KubeObject } from "../meta/object.ts";
import { resourceTypes } from "../resources.ts";
import { conform } from "../schema/conform.ts";
import type { TypeProblem } from "../schema/conform.ts";
import type { SchemaNode } from "../schema/schema.ts";
import { unknownFields } from "../schema/unknown-fields.ts";
import type { SourceDocument } from "../yaml/documents.ts";
import { articleOf, shown } from "../argo/parse/problem.ts";
import { fieldFinding, placeFinding } from "./finding.ts";
import type { Finding } from "./finding.ts";

function stringField(document: SourceDocument, key: string): string {
  const value = document.object[key];
  return typeof value === "string" ? value : "";
}

/** Versions of the Gateway API that clusters serve beside the one known here, with kinds of their own. */
const olderGatewayApi = /^gateway\.networking\.k8s\.io\/v1(?:alpha\d|beta1)$/;

/** An unknown kind may well exist on a cluster: only a near miss is an error. */
export function unknownKindFinding(document: SourceDocument): Finding {
  const apiVersion = stringField(document, "apiVersion");
  const kind = stringField(document, "kind");
  const kinds = resourceTypes.map((type) => type.kind);
  const isKnownKind = kinds.includes(kind);
  const versions = resourceTypes
    .filter((type) => type.kind === kind)
    .map(({ group, version }) => (group === "" ? version : `${group}/${version}`));
  const nearest = isKnownKind ? didYouMean(apiVersion, versions) : didYouMean(kind, kinds);
  const near = olderGatewayApi.test(apiVersion) ? undefined : nearest;
  const level = near !== undefined || kind === "" || apiVersion === "" ? "error" : "warning";
  const path = isKnownKind && apiVersion !== "" ? ["apiVersion"] : ["kind"];
  const at = { file: document.file, position: document.positionOf(path) };
  return placeFinding(level, "KIND_UNKNOWN", at, {
    apiVersion,
    kind,
    known: isKnownKind ? versions : kinds,
    mayExist: level === "warning",
    ...(near === undefined ? {} : { didYouMean: near }),
  });
}

export function unknownFieldFindings(
  document: SourceDocument,
  schema: SchemaNode,
): readonly Finding[] {
  return unknownFields(document.object, schema).map(({ path, suggestion, known }) =>
    fieldFinding("error", "FIELD_UNKNOWN", document, path, {
      known,
      ...(suggestion === undefined ? {} : { didYouMean: suggestion }),
    }),
  );
}

/** `pause: 5m` and a bare `pause:` are the commonest slips of all. */
function isPause(path: FieldPath): boolean {
  return path.at(-1) === "pause" && typeof path.at(-2) === "number";
}

function typeFinding(document: SourceDocument, problem: TypeProblem): Finding {
  const { kind, path, actual, expected } = problem;
  if (isPause(path)) {
    const what = `must be an object, but is ${shown(actual)}`;
    return fieldFinding("error", "PAUSE_INVALID", document, path, { problem: what });
  }
  switch (kind) {
    case "missing":
      return fieldFinding("error", "FIELD_REQUIRED", document, path, {});
    case "wrongType":
    case "unknownValue": {
      const words = kind === "wrongType" ? articleOf(expected) : `one of ${expected}`;
      return fieldFinding("error", "FIELD_WRONG_TYPE", document, path, {
        expected: words,
        actual: shown(actual),
      });
    }
  }
}

/** Whether somebody misspelt the very field that is missing here. */
function isMisspelt({ kind, path }: TypeProblem, unknown: readonly Finding[]): boolean {
  const name = path.at(-1);
  const parent = formatPath(path.slice(0, -1));
  return (
    kind === "missing" &&
    unknown.some(
      ({ field, wayOut }) => field.startsWith(parent) && wayOut === `did you mean ${String(name)}?`,
    )
  );
}

export function typeFindings(
  document: SourceDocument,
  schema: SchemaNode,
  unknown: readonly Finding[],
): readonly Finding[] {
  return conform(document.object, schema)
    .problems.filter((problem) => problem.path[0] !== "status" && !isMisspelt(problem, unknown))
    .filter((problem) => !isNameGenerated(problem, document))
    .map((problem) => typeFinding(document, problem));
}

/** `generateName` stands in for a name. */
function isNameGenerated(
  { path }: { readonly path: FieldPath },
  { object }: SourceDocument,
): boolean {
  const metadata: Json | undefined = object["metadata"];
  return (
    formatPath(path) === "metadata.name" &&
    typeof metadata === "object" &&
    metadata !== null &&
    "generateName" in metadata
  );
}

/** The API server's rules of built-in kinds. Types have been reported before. */
export function ruleFindings(document: SourceDocument): readonly Finding[] {
  // The wire border: typeFindings has found metadata in order.
  const written = document.object as unknown as KubeObject;
  const { metadata } = written;
  const object = {
    ...written,
    metadata: { ...metadata, name: metadata.name || `${metadata.generateName ?? ""}x` },
  };
  return admit({ operation: "create", object }).errors.map((error) =>
    fieldFinding("error", "FIELD_INVALID", document, error.path, {
      problem: fieldErrorBody(error),
    }),
  );
}
