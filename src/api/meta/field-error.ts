// Errors of fields in Kubernetes' words: `<path>: Required value: <message>` and its siblings. The
// same data becomes the causes of an Invalid status (admission), the condition InvalidSpec (the
// controller) and a finding with file, line and column (lint).
import type { Json } from "../../lib/json.ts";
import { quoteGo } from "../../lib/go-format.ts";
import { formatPath } from "./field-path.ts";
import type { FieldPath } from "./field-path.ts";

export const fieldErrorKinds = [
  "required",
  "invalid",
  "internal",
  "notSupported",
  "duplicate",
  "forbidden",
  "tooMany",
  "typeInvalid",
] as const;
export type FieldErrorKind = (typeof fieldErrorKinds)[number];

export interface FieldError {
  readonly kind: FieldErrorKind;
  /** The path as the error says it. Rollout errors leave the strategy's name out. */
  readonly field: string;
  /** Where the value really stands, for line and column. */
  readonly path: FieldPath;
  /** The offending value; undefined for kinds that do not show it. */
  readonly value: Json | undefined;
  readonly message: string;
}

/** A place that an error can be about: where it stands, and how errors spell it. */
export interface Place {
  readonly path: FieldPath;
  readonly field: string;
}

export function placeOf(path: FieldPath): Place {
  return { path, field: formatPath(path) };
}

/** A field below a place. */
export function below({ path, field }: Place, ...segments: FieldPath): Place {
  const rest = formatPath(segments);
  const isIndexed = rest.startsWith("[") || field === "";
  return {
    path: [...path, ...segments],
    field: isIndexed ? `${field}${rest}` : `${field}.${rest}`,
  };
}

export function required(place: Place, message: string): FieldError {
  return { kind: "required", ...place, value: undefined, message };
}

/** `value` null is Go's nil pointer. */
export function invalid(place: Place, value: Json, message: string): FieldError {
  return { kind: "invalid", ...place, value, message };
}

export function internal(place: Place, message: string): FieldError {
  return { kind: "internal", ...place, value: undefined, message };
}

export function forbidden(place: Place, message: string): FieldError {
  return { kind: "forbidden", ...place, value: undefined, message };
}

export function duplicate(place: Place, value: Json): FieldError {
  return { kind: "duplicate", ...place, value, message: "" };
}

export function notSupported(
  place: Place,
  value: string,
  supported: readonly string[],
): FieldError {
  const words = supported.map((word) => quoteGo(word)).join(", ");
  return { kind: "notSupported", ...place, value, message: `supported values: ${words}` };
}

function valueText(value: Json | undefined): string {
  return typeof value === "string" ? quoteGo(value) : JSON.stringify(value ?? null);
}

function withMessage(text: string, message: string): string {
  return message === "" ? text : `${text}: ${message}`;
}

/** The error without its path: what a status cause's `message` holds, and what Argo's lint prints. */
export function fieldErrorBody({ kind, value, message }: FieldError): string {
  switch (kind) {
    case "required":
      return withMessage("Required value", message);
    case "invalid":
    case "typeInvalid":
      return withMessage(`Invalid value: ${valueText(value)}`, message);
    case "notSupported":
      return withMessage(`Unsupported value: ${valueText(value)}`, message);
    case "duplicate":
      return `Duplicate value: ${valueText(value)}`;
    case "internal":
      return withMessage("Internal error", message);
    case "forbidden":
      return withMessage("Forbidden", message);
    case "tooMany":
      return withMessage("Too many", message);
  }
}

/** `spec.strategy.steps[1].setWeight: Invalid value: 150: SetWeight needs to be between 0 and 100` */
export function formatFieldError(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`;
}

/** The `reason` of a status cause. */
export const causeReasons = {
  required: "FieldValueRequired",
  invalid: "FieldValueInvalid",
  typeInvalid: "FieldValueTypeInvalid",
  notSupported: "FieldValueNotSupported",
  duplicate: "FieldValueDuplicate",
  internal: "InternalError",
  forbidden: "FieldValueForbidden",
  tooMany: "FieldValueTooMany",
} as const satisfies Record<FieldErrorKind, string>;
