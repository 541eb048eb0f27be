// GET of one object and of many.
import { apiVersionOf, type KubeObject } from "../../../api/meta/object.ts";
import {
  StoreError,
  type ListPage,
  type ListScope,
  type ObjectList,
} from "../../../objects/object-store.ts";
import type { Call, Reply } from "../call.ts";
import { fieldSelectorOf, labelSelectorOf, wholeNumber, word } from "../http/query.ts";
import type { ApiOptions } from "../options.ts";
import { listReply, objectReply } from "./present.ts";
import { invalidOption, notFound, refOfTarget, type ObjectTarget, type Target } from "./target.ts";

export async function mustGet(
  api: Pick<ApiOptions, "store">,
  target: ObjectTarget,
): Promise<KubeObject> {
  const object = await api.store.get(refOfTarget(target));
  if (object) return object;
  throw notFound(target.type, target.name);
}

export async function getObject(api: ApiOptions, call: Call, target: ObjectTarget): Promise<Reply> {
  return objectReply(api, target.type, await mustGet(api, target), call);
}

export function scopeOf({ type, namespace }: Target, query: URLSearchParams): ListScope {
  const labelSelector = labelSelectorOf(query);
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...fieldSelectorOf(query),
  };
}

function listOptionProblem(field: string, message: string): StoreError {
  return invalidOption("ListOptions", field, message);
}

function checkedMatch(query: URLSearchParams): {
  version: string | undefined;
  match: string | undefined;
} {
  const version = word(query, "resourceVersion");
  const match = word(query, "resourceVersionMatch");
  if (match === undefined) return { version, match };
  if (version === undefined) {
    throw listOptionProblem(
      "resourceVersionMatch",
      "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
    );
  }
  if (word(query, "continue") !== undefined) {
    throw listOptionProblem(
      "resourceVersionMatch",
      "Forbidden: resourceVersionMatch is forbidden when continue is provided",
    );
  }
  if (match !== "Exact" && match !== "NotOlderThan") {
    throw listOptionProblem(
      "resourceVersionMatch",
      `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan"`,
    );
  }
  if (match === "Exact" && version === "0") {
    throw listOptionProblem(
      "resourceVersionMatch",
      'Forbidden: resourceVersionMatch "Exact" is forbidden for resourceVersion "0"',
    );
  }
  return { version, match };
}

/** Which version a list must be of: this very one, or none older than it. A limit with a version means Exact. */
interface Wanted {
  readonly page: ListPage;
  readonly atLeast: string | undefined;
}

function isExact(version: string, match: string | undefined, limit: number): boolean {
  return match === "Exact" || (match === undefined && limit > 0 && version !== "0");
}

function wantedOf(query: URLSearchParams): Wanted {
  const { version, match } = checkedMatch(query);
  const limit = wholeNumber(query, "limit") ?? 0;
  const continueToken = word(query, "continue");
  const limited = limit > 0 ? { limit } : {};
  if (continueToken !== undefined) {
    if (version === undefined || version === "0")
      return { page: { ...limited, continueToken }, atLeast: undefined };
    throw new StoreError(
      "BadRequest",
      "specifying resource version is not allowed when using continue",
    );
  }
  if (version === undefined) return { page: limited, atLeast: undefined };
  if (isExact(version, match, limit))
    return { page: { ...limited, atVersion: version }, atLeast: undefined };
  return { page: limited, atLeast: version === "0" ? undefined : version };
}

function assertNotFromTheFuture(list: ObjectList<KubeObject>, atLeast: string | undefined): void {
  if (atLeast === undefined) return;
  if (!/^\d+$/.test(atLeast))
    throw listOptionProblem("resourceVersion", `Invalid value: "${atLeast}": must be a number`);
  if (BigInt(atLeast) <= BigInt(list.resourceVersion)) return;
  throw new StoreError(
    "Timeout",
    `Too large resource version: ${atLeast}, current: ${list.resourceVersion}`,
    {
      details: {
        causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
        retryAfterSeconds: 1,
      },
    },
  );
}

export async function listObjects(api: ApiOptions, call: Call, target: Target): Promise<Reply> {
  const { page, atLeast } = wantedOf(call.query);
  const list = await api.store.list(scopeOf(target, call.query), page);
  assertNotFromTheFuture(list, atLeast);
  return listReply(api, target.type, list, call);
}
