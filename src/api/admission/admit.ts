// api/admission: what an API server does with an object before it is stored: types are checked,
// defaults filled in, rules of its kind applied, immutable fields kept. Pure: the store (or the API
// server) calls `admit` and turns errors into an Invalid status. A Rollout's own rules are not
// checked here: as with Argo, its controller says them in the condition InvalidSpec.
// A new kind: defaults-*.ts fills in, rules.ts refuses, immutable.ts keeps.
import type { Json, JsonObject } from "../../lib/json.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isJsonObject } from "../../lib/json.ts";
import { causeReasons, fieldErrorBody, formatFieldError } from "../meta/field-error.ts";
import type { FieldError } from "../meta/field-error.ts";
import type { KubeObject } from "../meta/object.ts";
import { asJson } from "../meta/wire.ts";
import { parseApiVersion } from "../meta/object.ts";
import { resourceTypeOf } from "../resources.ts";
import { conform } from "../schema/conform.ts";
import { withDefaults } from "../schema/defaults.ts";
import { schemaOf } from "../schema/kinds.ts";
import { typeErrorOf } from "../schema/type-errors.ts";
import { unknownFields } from "../schema/unknown-fields.ts";
import { formatPath } from "../meta/field-path.ts";
import { withKindDefaults } from "./kind-defaults.ts";
import { immutableErrors } from "./immutable.ts";
import { kindErrors } from "./rules.ts";

export interface AdmissionRequest {
  readonly operation: "create" | "update";
  readonly subresource?: "status" | "scale";
  /** As it would be stored: `metadata.name` and, for a Job, `metadata.uid` are set. */
  readonly object: KubeObject;
  /** The stored object; only for updates. */
  readonly old?: KubeObject;
}

export interface Admitted {
  /** What to store, if there are no errors. */
  readonly object: KubeObject;
  readonly errors: readonly FieldError[];
}

/** Words that a status may hold are not closed sets to an API server. */
function typeErrors(object: JsonObject, schema: Parameters<typeof conform>[1], isStatus: boolean) {
  const { value, problems } = conform(object, schema);
  const counted = problems.filter(
    ({ kind, path }) => kind !== "unknownValue" || (path[0] !== "status" && !isStatus),
  );
  return { value, errors: counted.map((problem) => typeErrorOf(problem)) };
}

/**
 * Whether only metadata (a finalizer, a label) or status differ. What was stored under older rules
 * must stay deletable: such a write is not asked about the rest.
 */
function isSameBut(object: JsonObject, old: JsonObject): boolean {
  const rest = ({ metadata: _metadata, status: _status, ...others }: JsonObject): JsonObject =>
    others;
  return deepEqual(rest(object), rest(old));
}

/**
 * The object to store, or why it is refused. Kinds we have no schema for pass as they are. Fields
 * no schema knows are kept; nulls are dropped. Never throws.
 */
export function admit({ operation, subresource, object, old }: AdmissionRequest): Admitted {
  const schema = schemaOf(object.apiVersion, object.kind);
  if (schema === undefined) return { object, errors: [] };
  const isStatus = subresource === "status";
  if (!isStatus && old && isSameBut(asJson(object), asJson(old))) return { object, errors: [] };
  const { value, errors } = typeErrors(asJson(object), schema, isStatus);
  if (errors.length > 0 || !isJsonObject(value)) return { object, errors };
  const filled = withKindDefaults(withDefaults(value, schema) as JsonObject, operation);
  const refused = isStatus
    ? []
    : [...kindErrors(filled), ...(old ? immutableErrors(filled, asJson(old)) : [])];
  // The wire border: the schema has just said that metadata is there and well formed.
  return { object: filled as JsonObject & KubeObject, errors: refused };
}

function listed(errors: readonly FieldError[]): string {
  const texts = errors.map((error) => formatFieldError(error));
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
}

/** Message and details of the Status (reason Invalid, code 422) that refuses an object. */
export function invalidStatus(
  { apiVersion, kind, metadata }: KubeObject,
  errors: readonly FieldError[],
): { readonly message: string; readonly details: Json } {
  const { group } = parseApiVersion(apiVersion);
  const type = group === "" ? kind : `${kind}.${group}`;
  const { name } = metadata;
  return {
    message: `${type} "${name}" is invalid: ${listed(errors)}`,
    details: {
      name,
      ...(group === "" ? {} : { group }),
      kind: resourceTypeOf(apiVersion, kind)?.kind ?? kind,
      causes: errors.map((error) => ({
        reason: causeReasons[error.kind],
        message: fieldErrorBody(error),
        field: error.field,
      })),
    },
  };
}

/**
 * What `fieldValidation=Strict` (kubectl's default) refuses and `Warn` warns of:
 * `unknown field "spec.strategy.canary.setWeigth"`. Empty for kinds without a schema.
 */
export function strictDecodingErrors(object: KubeObject): readonly string[] {
  const schema = schemaOf(object.apiVersion, object.kind);
  if (schema === undefined) return [];
  return unknownFields(asJson(object), schema).map(
    ({ path }) => `unknown field "${formatPath(path)}"`,
  );
}
