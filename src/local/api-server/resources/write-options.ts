// The options of writes: dryRun, fieldManager, fieldValidation.
import type { KubeObject } from "../../../api/meta/object.ts";
import { parseApiVersion } from "../../../api/meta/object.ts";
import type { Json } from "../../../lib/json.ts";
import { StoreError, type WriteOptions } from "../../../objects/object-store.ts";
import type { Call } from "../call.ts";
import { word } from "../http/query.ts";
import { unknownFieldWarnings } from "../fields.ts";
import type { ApiOptions } from "../options.ts";
import { invalidOption, shown } from "./target.ts";

export function dryRunOf(query: URLSearchParams, alsoIn: readonly Json[] = []): boolean {
  const values = [...query.getAll("dryRun").filter((value) => value !== ""), ...alsoIn];
  const unknown = values.find((value) => value !== "All");
  if (unknown === undefined) return values.length > 0;
  throw invalidOption(
    "Options",
    "dryRun",
    `Unsupported value: "${shown(unknown)}": supported values: "All"`,
  );
}

/** The name given, or what the User-Agent says before its version: `kubectl/v1.32.4 (…)` → `kubectl`. */
export function fieldManagerOf(call: Call): string {
  const given = word(call.query, "fieldManager");
  if (given !== undefined && given.length > 128) {
    throw invalidOption("PatchOptions", "fieldManager", `Too long: may not be more than 128 bytes`);
  }
  const [fromUserAgent = ""] = call.headers.userAgent.split("/");
  return given ?? (fromUserAgent.trim() === "" ? "unknown" : fromUserAgent.trim().slice(0, 128));
}

export function writeOptionsOf(
  call: Call,
  subresource?: WriteOptions["subresource"],
): WriteOptions {
  return {
    fieldManager: fieldManagerOf(call),
    dryRun: dryRunOf(call.query),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

const validations = ["Ignore", "Warn", "Strict"] as const;
export type FieldValidation = (typeof validations)[number];

/** Kubernetes' default is to warn. */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const wanted = word(query, "fieldValidation") ?? "Warn";
  const validation = validations.find((each) => each === wanted);
  if (validation) return validation;
  throw invalidOption(
    "CreateOptions",
    "fieldValidation",
    `Unsupported value: "${wanted}": supported values: "Ignore", "Strict", "Warn"`,
  );
}

/** Warnings about unknown fields; with `fieldValidation=Strict` they are a BadRequest instead. */
export function checkFields(
  api: Pick<ApiOptions, "validateFields">,
  query: URLSearchParams,
  object: KubeObject,
): readonly string[] {
  const validation = fieldValidationOf(query);
  if (validation === "Ignore") return [];
  const problems = (api.validateFields ?? unknownFieldWarnings)(object);
  if (validation === "Warn" || problems.length === 0) return problems;
  const { version } = parseApiVersion(object.apiVersion);
  throw new StoreError(
    "BadRequest",
    `${object.kind} in version "${version}" cannot be handled as a ${object.kind}: strict decoding error: ${problems.join(", ")}`,
  );
}
