// One watch on the Kubernetes API: lines of JSON until the server ends it. A connection that is
// silent for longer than bookmarks come is dead, whatever TCP says.
import type { KubeObject } from "../../api/meta/object.ts";
import { isJsonObject, type Json } from "../../lib/json.ts";
import type { Clock } from "../../runtime/clock.ts";
import { StoreError, type ListScope, type WatchEvent, type WatchOptions } from "../object-store.ts";
import { storeErrorFrom, type ApiClient } from "./api-client.ts";
import { collectionPath, scopeQuery, withQuery } from "./paths.ts";

/** Bookmarks come about every minute; silence beyond this means the connection is dead. */
const silenceMs = 75_000;
/** The server ends a watch after this many seconds, spread so that not all end together. */
const shortestWatchS = 300;
const watchSpreadS = 300;

export interface WatchWorld {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** A number in [0, 1): spreads the ends of watches. */
  readonly random: () => number;
  readonly strip: <T extends KubeObject>(object: T) => T;
}

interface WireEvent {
  readonly type: string;
  readonly object: Json;
}

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) if (part !== "") yield part;
  }
  if (rest.trim() !== "") yield rest;
}

function eventFrom<T extends KubeObject>(line: string, strip: WatchWorld["strip"]): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as WireEvent;
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type, object: strip(object as unknown as T) };
    case "BOOKMARK": {
      const metadata = isJsonObject(object) ? object["metadata"] : undefined;
      const version = isJsonObject(metadata) ? metadata["resourceVersion"] : undefined;
      return { type, resourceVersion: typeof version === "string" ? version : "" };
    }
    case "ERROR": {
      const code =
        isJsonObject(object) && typeof object["code"] === "number" ? object["code"] : 500;
      throw storeErrorFrom(JSON.stringify(object), code);
    }
    default:
      throw new StoreError(
        "InternalError",
        `the API server sent a watch event of the unknown type ${type}`,
      );
  }
}

/** Yields until the server ends the watch or the signal aborts; throws a StoreError when it breaks. */
export async function* watchKind<T extends KubeObject>(
  scope: ListScope,
  { resourceVersion, signal }: WatchOptions,
  { client, clock, random, strip }: WatchWorld,
): AsyncGenerator<WatchEvent<T>> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  let cancel = clock.after(silenceMs, () => silence.abort());
  const timeoutSeconds = String(shortestWatchS + Math.floor(random() * watchSpreadS));
  const query = {
    ...scopeQuery(scope),
    watch: "1",
    allowWatchBookmarks: "true",
    resourceVersion,
    timeoutSeconds,
  };
  const path = withQuery(collectionPath(scope.apiVersion, scope.kind, scope.namespace), query);
  try {
    const body = await client.stream({ method: "GET", path, signal: either });
    for await (const line of lines(body)) {
      cancel();
      cancel = clock.after(silenceMs, () => silence.abort());
      yield eventFrom<T>(line, strip);
    }
  } catch (error) {
    if (signal.aborted) return;
    if (silence.signal.aborted) throw new StoreError("Timeout", "the watch was silent for 75 s");
    if (error instanceof StoreError) throw error;
    throw new StoreError("ServiceUnavailable", `the watch of ${scope.kind} broke`, {
      cause: error,
    });
  } finally {
    cancel();
  }
}
