// GET with `watch=1`: the store's watch as lines of JSON. The store is asked for the next event only
// when the last one is on its way, so a slow client holds one event and no more in memory.
import { apiVersionOf, type KubeObject } from "../../../api/meta/object.ts";
import type { ResourceType } from "../../../api/resources.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { errorText } from "../../../runtime/log.ts";
import type { ListScope, WatchEvent } from "../../../objects/object-store.ts";
import type { Call, Reply } from "../call.ts";
import { negotiate, type View } from "../http/negotiation.ts";
import { flag, wholeNumber, word } from "../http/query.ts";
import type { ApiOptions } from "../options.ts";
import { internalErrorStatus, statusOfError } from "../status.ts";
import { columnsOf } from "../tables/registry.ts";
import { metadataOnly, tableOf } from "../tables/table.ts";
import { includeObjectOf } from "./present.ts";
import { scopeOf } from "./read.ts";
import { invalidOption, type Target } from "./target.ts";

/** Watches end after this long even if nobody asked: a client that resumes proves that it is alive. */
const longestWatchSeconds = 3600;

interface WatchRequest {
  readonly scope: ListScope;
  readonly resourceVersion: string;
  readonly wantsBookmarks: boolean;
  /** Everything there is first, then a bookmark that says so (watch-list). */
  readonly sendsInitial: boolean | undefined;
  readonly timeoutMs: number;
}

function initialEventsWanted(query: URLSearchParams, wantsBookmarks: boolean): boolean | undefined {
  const match = word(query, "resourceVersionMatch");
  if (!query.has("sendInitialEvents")) {
    if (match === undefined) return undefined;
    throw invalidOption(
      "ListOptions",
      "resourceVersionMatch",
      "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    );
  }
  if (match !== "NotOlderThan") {
    throw invalidOption(
      "ListOptions",
      "resourceVersionMatch",
      "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    );
  }
  const wanted = flag(query, "sendInitialEvents");
  if (wanted && !wantsBookmarks) {
    throw invalidOption(
      "ListOptions",
      "sendInitialEvents",
      "Forbidden: sendInitialEvents is forbidden unless allowWatchBookmarks is true",
    );
  }
  return wanted;
}

function watchRequest(target: Target, query: URLSearchParams): WatchRequest {
  const wantsBookmarks = flag(query, "allowWatchBookmarks");
  const seconds = wholeNumber(query, "timeoutSeconds") ?? 0;
  return {
    scope: scopeOf(target, query),
    resourceVersion: word(query, "resourceVersion") ?? "",
    wantsBookmarks,
    sendsInitial: initialEventsWanted(query, wantsBookmarks),
    timeoutMs:
      (seconds === 0 ? longestWatchSeconds : Math.min(seconds, longestWatchSeconds)) * 1000,
  };
}

/** Turns events into lines in the form the client asked for. */
interface Writer {
  event(type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject): string;
  bookmark(resourceVersion: string, endsInitial?: boolean): string;
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function bookmarkMetadata(resourceVersion: string, endsInitial: boolean): JsonObject {
  return {
    resourceVersion,
    creationTimestamp: null,
    ...(endsInitial ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}),
  };
}

function objectWriter(type: ResourceType, view: Exclude<View, "table">): Writer {
  const [apiVersion, kind] =
    view === "object"
      ? [apiVersionOf(type), type.kind]
      : ["meta.k8s.io/v1", "PartialObjectMetadata"];
  return {
    event: (what, object) => line(what, view === "object" ? object : metadataOnly(object)),
    bookmark: (version, endsInitial = false) =>
      line("BOOKMARK", { kind, apiVersion, metadata: bookmarkMetadata(version, endsInitial) }),
  };
}

/** Only the first table of a watch carries the headers. */
function tableWriter(
  { clock }: Pick<ApiOptions, "clock">,
  type: ResourceType,
  query: URLSearchParams,
): Writer {
  const columns = columnsOf(type);
  const includeObject = includeObjectOf(query);
  let withoutHeaders = false;
  const table = (objects: readonly KubeObject[], metadata: JsonObject): JsonObject => {
    const made = tableOf(objects, metadata, {
      columns,
      nowMs: clock.now(),
      includeObject,
      withoutHeaders,
    });
    withoutHeaders = true;
    return made;
  };
  return {
    event: (what, object) =>
      line(what, table([object], { resourceVersion: object.metadata.resourceVersion })),
    bookmark: (version, endsInitial = false) =>
      line("BOOKMARK", table([], bookmarkMetadata(version, endsInitial))),
  };
}

type Store = ApiOptions["store"];

/** What is sent before the store's watch begins, and the version it then begins after. */
interface Opening {
  readonly lines: readonly string[];
  readonly resourceVersion: string;
}

async function openingOf(store: Store, request: WatchRequest, writer: Writer): Promise<Opening> {
  const { scope, resourceVersion, sendsInitial } = request;
  if (sendsInitial === undefined) return { lines: [], resourceVersion };
  if (!sendsInitial) {
    if (resourceVersion !== "" && resourceVersion !== "0") return { lines: [], resourceVersion };
    return { lines: [], resourceVersion: (await store.list(scope, { limit: 1 })).resourceVersion };
  }
  const list = await store.list(scope);
  const added = list.items.map((object) => writer.event("ADDED", object));
  return {
    lines: [...added, writer.bookmark(list.resourceVersion, true)],
    resourceVersion: list.resourceVersion,
  };
}

function lineOf(
  event: WatchEvent<KubeObject>,
  writer: Writer,
  wantsBookmarks: boolean,
): string | undefined {
  if (event.type !== "BOOKMARK") return writer.event(event.type, event.object);
  return wantsBookmarks ? writer.bookmark(event.resourceVersion) : undefined;
}

async function* lines(
  api: ApiOptions,
  request: WatchRequest,
  writer: Writer,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const end = new AbortController();
  const stop = (): void => end.abort();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const cancelTimeout = api.clock.after(request.timeoutMs, stop);
  try {
    const opening = await openingOf(api.store, request, writer);
    yield* opening.lines;
    const { resourceVersion } = opening;
    for await (const event of api.store.watch(request.scope, {
      resourceVersion,
      signal: end.signal,
    })) {
      const text = lineOf(event, writer, request.wantsBookmarks);
      if (text !== undefined) yield text;
    }
  } catch (error) {
    if (end.signal.aborted) return;
    const status = statusOfError(error);
    if (status === undefined)
      api.log.error("a watch failed", { error: errorText(error), scope: request.scope });
    yield line("ERROR", status ?? internalErrorStatus);
  } finally {
    cancelTimeout();
    signal.removeEventListener("abort", stop);
    stop();
  }
}

export async function watchObjects(api: ApiOptions, call: Call, target: Target): Promise<Reply> {
  const { view } = negotiate(call.headers.accept);
  const request = watchRequest(target, call.query);
  const writer =
    view === "table" ? tableWriter(api, target.type, call.query) : objectWriter(target.type, view);
  return {
    kind: "stream",
    contentType: "application/json",
    chunks: lines(api, request, writer, call.signal),
  };
}
