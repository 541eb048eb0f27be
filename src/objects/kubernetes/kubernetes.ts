// The object store over the Kubernetes API: one pool of connections, pages of 500, watches with
// bookmarks. Why not the official client: docs/adr/0004.
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import { isJsonObject, type Json } from "../../lib/json.ts";
import type { Clock } from "../../runtime/clock.ts";
import {
  isStoreError,
  StoreError,
  type DeleteOptions,
  type ListPage,
  type ListScope,
  type ObjectList,
  type ObjectStore,
  type Patch,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
} from "../object-store.ts";
import type { ApiClient } from "./api-client.ts";
import {
  collectionPath,
  deleteBody,
  objectPath,
  pageQuery,
  scopeQuery,
  typeOf,
  withQuery,
  writeQuery,
} from "./paths.ts";
import { watchKind } from "./watch.ts";

const pageSize = 500;

const patchTypes = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

export interface KubernetesStoreOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** Drops metadata.managedFields of everything read: controllers never need them. Default true. */
  readonly isStripping?: boolean;
  readonly random?: () => number;
}

function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

interface WireList {
  readonly items?: readonly KubeObject[];
  readonly metadata?: {
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

/** The Scale a scale write sends: the port names the workload, the wire wants autoscaling/v1. */
function asScale(object: KubeObject): KubeObject {
  return { ...object, apiVersion: "autoscaling/v1", kind: "Scale" };
}

class KubernetesStore implements ObjectStore {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #strip: <T extends KubeObject>(object: T) => T;

  constructor({ client, clock, isStripping = true, random = Math.random }: KubernetesStoreOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
    this.#strip = isStripping ? withoutManagedFields : (object) => object;
  }

  async get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    try {
      return this.#object<T>(await this.#client.json({ method: "GET", path: objectPath(ref) }));
    } catch (error) {
      if (isStoreError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** Without `page`, all pages are read and joined. */
  async list<T extends KubeObject>(scope: ListScope, page?: ListPage): Promise<ObjectList<T>> {
    if (page) return this.#page<T>(scope, page);
    try {
      return await this.#allPages<T>(scope);
    } catch (error) {
      // The version of the first page was forgotten before the last was read: then all in one piece.
      if (isStoreError(error, "Expired")) return this.#page<T>(scope, {});
      throw error;
    }
  }

  async #allPages<T extends KubeObject>(scope: ListScope): Promise<ObjectList<T>> {
    const items: T[] = [];
    let continueToken: string | undefined;
    let resourceVersion: string;
    do {
      const next = await this.#page<T>(scope, {
        limit: pageSize,
        ...(continueToken ? { continueToken } : {}),
      });
      items.push(...next.items);
      ({ continueToken, resourceVersion } = next);
    } while (continueToken);
    return { items, resourceVersion };
  }

  async create<T extends KubeObject>(object: T, options: WriteOptions = {}): Promise<T> {
    const path = collectionPath(object.apiVersion, object.kind, object.metadata.namespace);
    return this.#object<T>(
      await this.#client.json({
        method: "POST",
        path: withQuery(path, writeQuery(options)),
        body: object,
      }),
    );
  }

  async update<T extends KubeObject>(object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace = "", name } = object.metadata;
    const ref = { apiVersion: object.apiVersion, kind: object.kind, namespace, name };
    const path = withQuery(objectPath(ref, options.subresource), writeQuery(options));
    const body = options.subresource === "scale" ? asScale(object) : object;
    return this.#object<T>(await this.#client.json({ method: "PUT", path, body }));
  }

  async patch<T extends KubeObject>(
    ref: ObjectRef,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const apply =
      patch.type === "apply"
        ? { fieldManager: patch.fieldManager, force: String(patch.force) }
        : {};
    const path = withQuery(objectPath(ref, options.subresource), {
      ...writeQuery(options),
      ...apply,
    });
    return this.#object<T>(
      await this.#client.json({
        method: "PATCH",
        path,
        body: patch.body,
        contentType: patchTypes[patch.type],
      }),
    );
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    await this.#client.json({ method: "DELETE", path: objectPath(ref), body: deleteBody(options) });
  }

  watch<T extends KubeObject>(
    scope: ListScope,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>> {
    const world = {
      client: this.#client,
      clock: this.#clock,
      random: this.#random,
      strip: this.#strip,
    };
    return watchKind<T>(scope, options, world);
  }

  async #page<T extends KubeObject>(scope: ListScope, page: ListPage): Promise<ObjectList<T>> {
    const path = collectionPath(scope.apiVersion, scope.kind, scope.namespace);
    const query = { ...scopeQuery(scope), ...pageQuery(page) };
    const list = (await this.#client.json({
      method: "GET",
      path: withQuery(path, query),
    })) as unknown as WireList;
    const {
      resourceVersion = "",
      continue: continueToken,
      remainingItemCount,
    } = list.metadata ?? {};
    // Items of a list come without apiVersion and kind.
    const items = (list.items ?? []).map((item) =>
      this.#strip({ ...item, apiVersion: scope.apiVersion, kind: scope.kind } as T),
    );
    return {
      items,
      resourceVersion,
      ...(continueToken ? { continueToken } : {}),
      ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
    };
  }

  // The caller says what kind it asked for; the server's answer is taken for that.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the wire border
  #object<T extends KubeObject>(answer: Json): T {
    if (isJsonObject(answer) && isJsonObject(answer["metadata"]))
      return this.#strip(answer as unknown as T);
    throw new StoreError("InternalError", "the API server answered something that is no object");
  }
}

export function kubernetesStore(options: KubernetesStoreOptions): ObjectStore {
  return new KubernetesStore(options);
}

export interface LogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly follow?: boolean;
  readonly tailLines?: number;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  /** At most one of the two: lines of the last so many whole seconds, or since an RFC 3339 time. */
  readonly sinceSeconds?: number;
  readonly sinceTime?: string;
  readonly signal?: AbortSignal;
}

/** What a container wrote, as it comes. Rejects with a StoreError before the first chunk. */
export async function* podLogs(client: ApiClient, request: LogRequest): AsyncGenerator<Uint8Array> {
  const ref = { apiVersion: "v1", kind: "Pod", namespace: request.namespace, name: request.pod };
  const path = withQuery(objectPath(ref, "log"), {
    container: request.container,
    follow: request.follow === true ? "true" : undefined,
    tailLines: request.tailLines?.toString(),
    previous: request.previous === true ? "true" : undefined,
    timestamps: request.timestamps === true ? "true" : undefined,
    sinceSeconds: request.sinceSeconds?.toString(),
    sinceTime: request.sinceTime,
  });
  const { signal } = request;
  try {
    const body = await client.stream({
      method: "GET",
      path,
      accept: "*/*",
      ...(signal ? { signal } : {}),
    });
    for await (const chunk of body) yield chunk as Uint8Array;
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

export interface TableColumn {
  readonly name: string;
  readonly priority?: number;
}

export interface ServerTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly { readonly cells: readonly Json[]; readonly object: KubeObject }[];
}

const tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/** The rows a server prints for a kind (or one object of it), as kubectl shows them. */
export async function fetchTable(
  client: ApiClient,
  scope: ListScope,
  name?: string,
): Promise<ServerTable> {
  const { apiVersion, kind, namespace = "" } = scope;
  const path =
    name === undefined
      ? withQuery(collectionPath(apiVersion, kind, scope.namespace), scopeQuery(scope))
      : objectPath({ apiVersion, kind, namespace, name });
  const answer = await client.json({ method: "GET", path, accept: tableAccept });
  const table = answer as {
    readonly columnDefinitions?: readonly TableColumn[];
    readonly rows?: ServerTable["rows"];
  } | null;
  if (!table?.columnDefinitions) {
    throw new StoreError(
      "NotAcceptable",
      `the API server does not print tables of ${typeOf(apiVersion, kind).plural}`,
    );
  }
  return { columns: table.columnDefinitions, rows: table.rows ?? [] };
}
