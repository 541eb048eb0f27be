// Kubernetes' refusals in Kubernetes' words; kubectl and people who know it recognise them.
import type { ObjectRef } from "../../api/meta/object.ts";
import type { ResourceType } from "../../api/resources.ts";
import type { JsonObject } from "../../lib/json.ts";
import { StoreError } from "../object-store.ts";

/** `rollouts.argoproj.io`, or `pods` for core kinds. */
export function resourceName(type: ResourceType): string {
  return type.group === "" ? type.plural : `${type.plural}.${type.group}`;
}

function detailsOf(type: ResourceType, name: string): JsonObject {
  return { name, ...(type.group === "" ? {} : { group: type.group }), kind: type.plural };
}

export function notFound(type: ResourceType, name: string): StoreError {
  return new StoreError("NotFound", `${resourceName(type)} "${name}" not found`, {
    details: detailsOf(type, name),
  });
}

export function unknownKind(ref: {
  readonly apiVersion: string;
  readonly kind: string;
}): StoreError {
  return new StoreError(
    "NotFound",
    `the server could not find the requested resource: there is no kind ${ref.kind} in ${ref.apiVersion}`,
  );
}

export function noSubresource(type: ResourceType, subresource: string): StoreError {
  return new StoreError(
    "NotFound",
    `the server could not find the requested resource: ${resourceName(type)} has no ${subresource} subresource`,
  );
}

export function alreadyExists(type: ResourceType, name: string): StoreError {
  return new StoreError("AlreadyExists", `${resourceName(type)} "${name}" already exists`, {
    details: detailsOf(type, name),
  });
}

function cannotBeFulfilled(type: ResourceType, name: string, why: string): StoreError {
  const message = `Operation cannot be fulfilled on ${resourceName(type)} "${name}": ${why}`;
  return new StoreError("Conflict", message, { details: detailsOf(type, name) });
}

export function modified(type: ResourceType, name: string): StoreError {
  const why =
    "the object has been modified; please apply your changes to the latest version and try again";
  return cannotBeFulfilled(type, name, why);
}

export function preconditionFailed(
  type: ResourceType,
  name: string,
  field: "UID" | "ResourceVersion",
  values: { readonly wanted: string; readonly actual: string },
): StoreError {
  const why = `Precondition failed: ${field} in precondition: ${values.wanted}, ${field} in object meta: ${values.actual}`;
  return cannotBeFulfilled(type, name, why);
}

const otherwise = {
  UID: "The object might have been deleted and then recreated",
  ResourceVersion: "The object might have been modified",
} as const;

/** What a delete says; it names the kind where other conflicts name the resource. */
export function otherThanMeant(
  type: ResourceType,
  name: string,
  field: keyof typeof otherwise,
  { wanted, actual }: { readonly wanted: string; readonly actual: string },
): StoreError {
  const kind = type.group === "" ? type.kind : `${type.kind}.${type.group}`;
  const why = `the ${field} in the precondition (${wanted}) does not match the ${field} in record (${actual}). ${otherwise[field]}`;
  const message = `Operation cannot be fulfilled on ${kind} "${name}": ${why}`;
  const group = type.group === "" ? {} : { group: type.group };
  return new StoreError("Conflict", message, { details: { name, ...group, kind: type.kind } });
}

export interface InvalidField {
  readonly field: string;
  /** `Invalid value: "x": must be …`, `Required value: …` or `Forbidden: …`. */
  readonly message: string;
}

/** 422: `Rollout.argoproj.io "x" is invalid: field: message`; several fields stand in brackets. */
export function invalid(
  type: ResourceType,
  name: string,
  fields: readonly InvalidField[],
): StoreError {
  const kind = type.group === "" ? type.kind : `${type.kind}.${type.group}`;
  const texts = fields.map(({ field, message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
  return new StoreError("Invalid", `${kind} "${name}" is invalid: ${list}`, {
    details: {
      name,
      ...(type.group === "" ? {} : { group: type.group }),
      kind: type.kind,
      causes: fields.map(({ field, message }) => ({ reason: causeOf(message), message, field })),
    },
  });
}

function causeOf(message: string): string {
  if (message.startsWith("Required value")) return "FieldValueRequired";
  if (message.startsWith("Forbidden")) return "FieldValueForbidden";
  return "FieldValueInvalid";
}

export function namespaceTerminating(type: ResourceType, ref: ObjectRef): StoreError {
  const why = `unable to create new content in namespace ${ref.namespace} because it is being terminated`;
  return new StoreError("Forbidden", `${resourceName(type)} "${ref.name}" is forbidden: ${why}`, {
    details: {
      ...detailsOf(type, ref.name),
      causes: [
        {
          reason: "NamespaceTerminating",
          message: `namespace ${ref.namespace} is being terminated`,
          field: "metadata.namespace",
        },
      ],
    },
  });
}

export function expired(message: string): StoreError {
  return new StoreError("Expired", message);
}
