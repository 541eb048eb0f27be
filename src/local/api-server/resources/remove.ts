// DELETE of one object and of many. Clients learn whether the object has gone (a Status) or is
// still on its way (the object with its deletionTimestamp).
import type { KubeObject } from "../../../api/meta/object.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { isStoreError, StoreError, type DeleteOptions } from "../../../objects/object-store.ts";
import { jsonReply, type Call, type Reply } from "../call.ts";
import { readOptionalObject } from "../http/body.ts";
import { flag, wholeNumber, word } from "../http/query.ts";
import type { ApiOptions } from "../options.ts";
import { successStatus } from "../status.ts";
import { listReply, objectReply } from "./present.ts";
import { mustGet, scopeOf } from "./read.ts";
import {
  detailsOf,
  invalidOption,
  refOfTarget,
  resourceName,
  type ObjectTarget,
  type Target,
} from "./target.ts";
import { dryRunOf } from "./write-options.ts";

export interface DeleteRequest {
  readonly options: DeleteOptions;
  readonly dryRun: boolean;
}

const propagations = ["Background", "Foreground", "Orphan"] as const;

function propagationOf(value: Json | undefined): DeleteOptions["propagation"] {
  if (value === undefined || value === null || value === "") return undefined;
  const propagation = propagations.find((each) => each === value);
  if (propagation) return propagation;
  const supported = propagations.map((each) => `"${each}"`).join(", ");
  throw invalidOption(
    "DeleteOptions",
    "propagationPolicy",
    `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`,
  );
}

function preconditionsOf(value: Json | undefined): DeleteOptions["preconditions"] {
  if (!isJsonObject(value)) return undefined;
  const { uid, resourceVersion } = value;
  return {
    ...(typeof uid === "string" ? { uid } : {}),
    ...(typeof resourceVersion === "string" ? { resourceVersion } : {}),
  };
}

function graceOf(value: Json | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new StoreError(
    "BadRequest",
    `gracePeriodSeconds must be a whole number, not ${JSON.stringify(value)}`,
  );
}

/** Delete options as JSON of the body; a body wins over the query, as in Kubernetes. */
export function deleteRequestFrom(body: JsonObject, query: URLSearchParams): DeleteRequest {
  const grace =
    graceOf(body["gracePeriodSeconds"]) ??
    wholeNumber(query, "gracePeriodSeconds", Number.MIN_SAFE_INTEGER);
  const orphan =
    body["orphanDependents"] ??
    (query.has("orphanDependents") ? flag(query, "orphanDependents") : undefined);
  const propagation =
    propagationOf(body["propagationPolicy"] ?? word(query, "propagationPolicy")) ??
    (typeof orphan === "boolean" ? (orphan ? "Orphan" : "Background") : undefined);
  const preconditions = preconditionsOf(body["preconditions"]);
  const dryRun = body["dryRun"];
  return {
    options: {
      ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
      ...(propagation === undefined ? {} : { propagation }),
      ...(preconditions === undefined ? {} : { preconditions }),
    },
    dryRun: dryRunOf(query, isJsonArray(dryRun) ? dryRun : []),
  };
}

async function deleteRequest(call: Call): Promise<DeleteRequest> {
  return deleteRequestFrom((await readOptionalObject(call)) ?? {}, call.query);
}

/** What a dry run can say: that the caller means this very object. */
function assertMeant(
  target: ObjectTarget,
  object: KubeObject,
  { preconditions = {} }: DeleteOptions,
): void {
  const { uid, resourceVersion } = preconditions;
  const isMeant =
    (uid === undefined || uid === object.metadata.uid) &&
    (resourceVersion === undefined || resourceVersion === object.metadata.resourceVersion);
  if (isMeant) return;
  const { type, name } = target;
  throw new StoreError(
    "Conflict",
    `Operation cannot be fulfilled on ${resourceName(type)} "${name}": Precondition failed`,
    {
      details: detailsOf(type, name),
    },
  );
}

/** Deletes; the object as it still is, or undefined when it has gone at once. */
export async function removeOne(
  api: ApiOptions,
  target: ObjectTarget,
  before: KubeObject,
  request: DeleteRequest,
): Promise<KubeObject | undefined> {
  if (request.dryRun) {
    assertMeant(target, before, request.options);
    return undefined;
  }
  const ref = refOfTarget(target);
  await api.store.delete(ref, request.options);
  const after = await api.store.get(ref);
  return after?.metadata.uid === before.metadata.uid ? after : undefined;
}

export async function deleteObject(
  api: ApiOptions,
  call: Call,
  target: ObjectTarget,
): Promise<Reply> {
  const request = await deleteRequest(call);
  const before = await mustGet(api, target);
  const remaining = await removeOne(api, target, before, request);
  if (remaining) return objectReply(api, target.type, remaining, call);
  return jsonReply(
    successStatus({ ...detailsOf(target.type, target.name), uid: before.metadata.uid }),
  );
}

export async function deleteCollection(
  api: ApiOptions,
  call: Call,
  target: Target,
): Promise<Reply> {
  const request = await deleteRequest(call);
  const list = await api.store.list(scopeOf(target, call.query));
  for (const object of list.items) {
    const { name, namespace } = object.metadata;
    try {
      await removeOne(api, { type: target.type, namespace, name }, object, request);
    } catch (error) {
      // Somebody else deleted it between the list and now: that is what was asked for.
      if (!isStoreError(error, "NotFound")) throw error;
    }
  }
  return listReply(api, target.type, list, call);
}
