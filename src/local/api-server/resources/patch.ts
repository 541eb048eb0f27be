// PATCH: the content type says which kind of patch the body is. Merging is the store's work.
import { apiVersionOf, type KubeObject } from "../../../api/meta/object.ts";
import {
  entriesOf,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
} from "../../../lib/json.ts";
import { StoreError, type Patch, type WriteOptions } from "../../../objects/object-store.ts";
import type { Call, Reply } from "../call.ts";
import { isBuiltInGroup } from "../groups.ts";
import {
  mediaTypeOf,
  mustBeObject,
  parseJson,
  parseYaml,
  unsupportedMediaType,
} from "../http/body.ts";
import { flag, word } from "../http/query.ts";
import type { ApiOptions } from "../options.ts";
import { objectReply } from "./present.ts";
import { invalidOption, objectFrom, refOfTarget, type ObjectTarget } from "./target.ts";
import { checkFields, fieldManagerOf, fieldValidationOf, writeOptionsOf } from "./write-options.ts";

const patchTypes: Readonly<Record<string, Patch["type"]>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

/** Strategic merging needs merge keys built into the server: Kubernetes has them for its own kinds only. */
function patchTypeOf(call: Call, { type: { group } }: ObjectTarget): Patch["type"] {
  const hasMergeKeys = isBuiltInGroup(group);
  const supported = Object.keys(patchTypes).filter(
    (each) => patchTypes[each] !== "strategic" || hasMergeKeys,
  );
  const contentType = mediaTypeOf(call.headers.contentType);
  const type = supported.includes(contentType) ? patchTypes[contentType] : undefined;
  if (type) return type;
  throw unsupportedMediaType(call.headers.contentType, supported);
}

function jsonOperations(value: Json): readonly JsonObject[] {
  if (isJsonArray(value) && value.every((each) => isJsonObject(each))) return value;
  throw new StoreError("BadRequest", "a JSON patch must be a list of operations");
}

function applyPatch(call: Call, bytes: Uint8Array): Patch {
  const fieldManager = word(call.query, "fieldManager");
  if (fieldManager === undefined) {
    throw invalidOption(
      "PatchOptions",
      "fieldManager",
      "Required value: is required for apply patch",
    );
  }
  const body = mustBeObject(parseYaml(bytes));
  return {
    type: "apply",
    body,
    fieldManager: fieldManagerOf(call),
    force: flag(call.query, "force"),
  };
}

function patchFrom(call: Call, type: Patch["type"], bytes: Uint8Array): Patch {
  if (type === "apply") return applyPatch(call, bytes);
  if (call.query.has("force")) {
    throw invalidOption(
      "PatchOptions",
      "force",
      "Forbidden: may not be specified for non-apply patch",
    );
  }
  const value = parseJson(bytes);
  return type === "json"
    ? { type, body: jsonOperations(value) }
    : { type, body: mustBeObject(value) };
}

/** A merge patch as the object it writes: deletions and strategic merge's directives are no fields. */
function writtenFields(value: Json): Json {
  if (isJsonArray(value)) return value.map((item) => writtenFields(item));
  if (!isJsonObject(value)) return value;
  const fields = entriesOf(value).filter(([key, field]) => field !== null && !key.startsWith("$"));
  return Object.fromEntries(fields.map(([key, field]) => [key, writtenFields(field)]));
}

/** What a patch writes, for the check of field names. A JSON patch shows it only when it is played. */
async function patchedFields(
  api: ApiOptions,
  target: ObjectTarget,
  patch: Patch,
  write: WriteOptions,
): Promise<KubeObject> {
  if (patch.type === "json")
    return api.store.patch(refOfTarget(target), patch, { ...write, dryRun: true });
  const { type } = target;
  const fields = mustBeObject(writtenFields(patch.body));
  const identity: JsonObject = { apiVersion: apiVersionOf(type), kind: type.kind };
  return { ...fields, ...identity } as unknown as KubeObject;
}

async function checkPatch(
  api: ApiOptions,
  call: Call,
  target: ObjectTarget,
  patch: Patch,
  write: WriteOptions,
): Promise<readonly string[]> {
  // A Scale has three fields and its own form, which the store checks.
  if (write.subresource === "scale" || fieldValidationOf(call.query) === "Ignore") return [];
  return checkFields(api, call.query, await patchedFields(api, target, patch, write));
}

export async function patchObject(
  api: ApiOptions,
  call: Call,
  target: ObjectTarget,
  subresource?: "status" | "scale",
): Promise<Reply> {
  const type = patchTypeOf(call, target);
  const given = patchFrom(call, type, await call.body());
  const isWholeApply = given.type === "apply" && subresource !== "scale";
  // Only an apply names its object; the others inherit kind and name from what they change.
  const patch = isWholeApply
    ? { ...given, body: objectFrom(given.body, target) as unknown as JsonObject }
    : given;
  const write = writeOptionsOf(call, subresource);
  const warnings = await checkPatch(api, call, target, patch, write);
  const ref = refOfTarget(target);
  const isNew = patch.type === "apply" && (await api.store.get(ref)) === undefined;
  const patched = await api.store.patch(ref, patch, write);
  return objectReply(api, target.type, patched, call, { status: isNew ? 201 : 200, warnings });
}
