// Objects and lists in the form a client asked for: as they are, as a table, as metadata only.
import { apiVersionOf, type KubeObject } from "../../../api/meta/object.ts";
import type { ResourceType } from "../../../api/resources.ts";
import type { JsonObject } from "../../../lib/json.ts";
import type { ObjectList } from "../../../objects/object-store.ts";
import type { Call, Reply } from "../call.ts";
import { negotiate, type Presentation } from "../http/negotiation.ts";
import { word } from "../http/query.ts";
import type { ApiOptions } from "../options.ts";
import { columnsOf } from "../tables/registry.ts";
import {
  includeObjectPolicies,
  metadataOnly,
  tableOf,
  type IncludeObject,
} from "../tables/table.ts";
import { invalidOption } from "./target.ts";

/** How much of each object a table's row carries; Kubernetes' default is its metadata. */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const wanted = word(query, "includeObject") ?? "Metadata";
  const policy = includeObjectPolicies.find((each) => each === wanted);
  if (policy) return policy;
  throw invalidOption(
    "TableOptions",
    "includeObject",
    `Unsupported value: "${wanted}": supported values: "Metadata", "None", "Object"`,
  );
}

interface Shown {
  readonly body: object;
  readonly contentType: string;
}

function reply({ body, contentType }: Shown, status: number, warnings: readonly string[]): Reply {
  return { kind: "json", status, body, contentType, ...(warnings.length > 0 ? { warnings } : {}) };
}

function listMetadata(list: ObjectList<KubeObject>): JsonObject {
  const { resourceVersion, continueToken, remainingItemCount } = list;
  return {
    resourceVersion,
    ...(continueToken === undefined ? {} : { continue: continueToken }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
}

type Context = Pick<ApiOptions, "clock">;

/** One object in the form the client asked for. */
export function shownObject(
  context: Context,
  type: ResourceType,
  object: KubeObject,
  call: Pick<Call, "headers" | "query">,
): Shown {
  const presentation = negotiate(call.headers.accept);
  return {
    body: objectBody(context, type, object, presentation, call.query),
    contentType: presentation.contentType,
  };
}

function objectBody(
  { clock }: Context,
  type: ResourceType,
  object: KubeObject,
  { view }: Presentation,
  query: URLSearchParams,
): object {
  switch (view) {
    case "object":
      return object;
    case "metadata":
      return metadataOnly(object);
    case "table": {
      const metadata = { resourceVersion: object.metadata.resourceVersion };
      return tableOf([object], metadata, {
        columns: columnsOf(type),
        nowMs: clock.now(),
        includeObject: includeObjectOf(query),
      });
    }
  }
}

export interface ObjectReplyOptions {
  readonly status?: number;
  readonly warnings?: readonly string[];
}

export function objectReply(
  context: Context,
  type: ResourceType,
  object: KubeObject,
  call: Pick<Call, "headers" | "query">,
  { status = 200, warnings = [] }: ObjectReplyOptions = {},
): Reply {
  return reply(shownObject(context, type, object, call), status, warnings);
}

/** A list in the form the client asked for. */
export function listReply(
  { clock }: Context,
  type: ResourceType,
  list: ObjectList<KubeObject>,
  call: Pick<Call, "headers" | "query">,
): Reply {
  const { view, contentType } = negotiate(call.headers.accept);
  const metadata = listMetadata(list);
  switch (view) {
    case "object": {
      const body = {
        kind: `${type.kind}List`,
        apiVersion: apiVersionOf(type),
        metadata,
        items: list.items,
      };
      return reply({ body, contentType }, 200, []);
    }
    case "metadata": {
      const items = list.items.map((object) => metadataOnly(object));
      const body = {
        kind: "PartialObjectMetadataList",
        apiVersion: "meta.k8s.io/v1",
        metadata,
        items,
      };
      return reply({ body, contentType }, 200, []);
    }
    case "table": {
      const options = {
        columns: columnsOf(type),
        nowMs: clock.now(),
        includeObject: includeObjectOf(call.query),
      };
      return reply({ body: tableOf(list.items, metadata, options), contentType }, 200, []);
    }
  }
}
