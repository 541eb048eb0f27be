// From a call to the handler that answers it: first the pages of discovery, then resources, found in
// what is served, and a verb on them. To add a subresource: a handler and a line in `subresources`.
import type { ResourceType } from "../../api/resources.ts";
import { StoreError } from "../../objects/object-store.ts";
import type { Call, Reply } from "./call.ts";
import { createPages } from "./discovery/pages.ts";
import { servedResources, type ServedResource } from "./discovery/served.ts";
import { flag } from "./http/query.ts";
import type { ApiOptions } from "./options.ts";
import { parseResourcePath, type ResourcePath } from "./paths.ts";
import { evictPod } from "./pods/eviction.ts";
import { podLog } from "./pods/log.ts";
import { refuseWhatIsNotHere } from "./pods/not-here.ts";
import { getPodMetrics } from "./pods/usage.ts";
import { finalizeNamespace } from "./resources/finalize.ts";
import { patchObject } from "./resources/patch.ts";
import { getObject, listObjects } from "./resources/read.ts";
import { deleteCollection, deleteObject } from "./resources/remove.ts";
import { getScale, updateScale } from "./resources/scale.ts";
import type { ObjectTarget, Target } from "./resources/target.ts";
import { watchObjects } from "./resources/watch.ts";
import { createObject, updateObject } from "./resources/write.ts";
import { answerReview } from "./reviews.ts";

type Handler<T> = (api: ApiOptions, call: Call, target: T) => Promise<Reply>;
type ByMethod<T> = Readonly<Record<string, Handler<T>>>;

const onCollection: ByMethod<Target> = {
  GET: (api, call, target) =>
    flag(call.query, "watch") ? watchObjects(api, call, target) : listObjects(api, call, target),
  POST: createObject,
  DELETE: deleteCollection,
};

const onObject: ByMethod<ObjectTarget> = {
  GET: getObject,
  PUT: updateObject,
  PATCH: patchObject,
  DELETE: deleteObject,
};

const subresources: Readonly<Record<string, ByMethod<ObjectTarget>>> = {
  status: {
    GET: getObject,
    PUT: (api, call, target) => updateObject(api, call, target, "status"),
    PATCH: (api, call, target) => patchObject(api, call, target, "status"),
  },
  scale: {
    GET: getScale,
    PUT: updateScale,
    PATCH: (api, call, target) => patchObject(api, call, target, "scale"),
  },
  log: { GET: podLog },
  eviction: { POST: evictPod },
  finalize: { PUT: finalizeNamespace },
};

function noSuchResource(): StoreError {
  return new StoreError("NotFound", "the server could not find the requested resource", {
    details: {},
  });
}

function byMethod<T>(handlers: ByMethod<T>, method: string): Handler<T> {
  const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
  if (handler) return handler;
  throw new StoreError(
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
  );
}

/** Paths of namespaced objects need their namespace; only lists and watches may span all of them. */
function assertPlace(resource: ServedResource, path: ResourcePath): void {
  const isPlaced = path.namespace !== undefined;
  if (isPlaced !== resource.namespaced && (isPlaced || path.name !== undefined))
    throw noSuchResource();
}

function onStored(
  api: ApiOptions,
  call: Call,
  path: ResourcePath,
  type: ResourceType,
): Promise<Reply> {
  const { namespace, name, subresource } = path;
  if (name === undefined) {
    const isEverywhere = type.namespaced && namespace === undefined;
    const handlers = isEverywhere && call.method === "POST" ? {} : onCollection;
    return byMethod(handlers, call.method)(api, call, { type, namespace });
  }
  const target: ObjectTarget = { type, namespace, name };
  if (subresource === undefined) return byMethod(onObject, call.method)(api, call, target);
  const handlers = Object.hasOwn(subresources, subresource) ? subresources[subresource] : undefined;
  return byMethod(handlers ?? {}, call.method)(api, call, target);
}

function onAsked(
  api: ApiOptions,
  call: Call,
  path: ResourcePath,
  resource: ServedResource,
): Promise<Reply> {
  if (resource.kind === "PodMetrics") {
    return byMethod({ GET: getPodMetrics }, call.method)(api, call, {
      namespace: path.namespace,
      name: path.name,
    });
  }
  return byMethod({ POST: () => answerReview(call, resource.kind) }, call.method)(
    api,
    call,
    undefined,
  );
}

export type Dispatch = (call: Call) => Promise<Reply>;

/** `address` is `host:port`, as clients reach this server. Rejects with a StoreError or RequestProblem. */
export function createDispatch(api: ApiOptions, address: string): Dispatch {
  const resources = servedResources({ withPodMetrics: api.podUsage !== undefined });
  const pages = createPages(api, resources, address);
  const byPath = new Map(
    resources.map((each) => [`${each.group}/${each.version}/${each.plural}`, each]),
  );

  return async (call) => {
    const page = call.method === "GET" ? await pages(call) : undefined;
    if (page) return page;
    const path = parseResourcePath(call.path);
    const resource = path && byPath.get(`${path.group}/${path.version}/${path.plural}`);
    if (!path || !resource) throw noSuchResource();
    assertPlace(resource, path);
    refuseWhatIsNotHere(path);
    const { subresource } = path;
    const isServed =
      subresource === undefined || resource.subresources.some(({ name }) => name === subresource);
    if (!isServed) throw noSuchResource();
    return resource.stored
      ? onStored(api, call, path, resource.stored)
      : onAsked(api, call, path, resource);
  };
}
