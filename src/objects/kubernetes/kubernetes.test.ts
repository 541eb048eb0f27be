import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/meta/object.ts";
import { systemClock } from "../../runtime/clock.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { StoreError, type ObjectStore, type WatchEvent } from "../object-store.ts";
import { ApiClient } from "./api-client.ts";
import {
  accessTo,
  refuse,
  send,
  startServer,
  type Handler,
  type SmallServer,
} from "./api-server.test-support.ts";
import { fetchTable, kubernetesStore, podLogs } from "./kubernetes.ts";

const running: SmallServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(async (server) => server.close()));
});

async function serve(
  handler: Handler,
  more: Parameters<typeof startServer>[1] = {},
): Promise<SmallServer> {
  const server = await startServer(handler, more);
  running.push(server);
  return server;
}

function storeOf(
  server: SmallServer,
  more: Partial<Parameters<typeof kubernetesStore>[0]> = {},
): ObjectStore {
  return kubernetesStore({
    client: server.client(),
    clock: systemClock,
    random: () => 0.5,
    ...more,
  });
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  const giveUpMs = Date.now() + 8_000;
  while (!isTrue()) {
    if (Date.now() > giveUpMs) throw new Error(`still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function failure(work: Promise<unknown>): Promise<StoreError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

const rollout = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "shop", namespace: "prod" },
  spec: {},
};
const rolloutRef = {
  apiVersion: rollout.apiVersion,
  kind: rollout.kind,
  namespace: "prod",
  name: "shop",
};
const rollouts = { apiVersion: rollout.apiVersion, kind: rollout.kind, namespace: "prod" };
const rolloutPath = "/apis/argoproj.io/v1alpha1/namespaces/prod/rollouts";

describe("requests", () => {
  it.each<{ name: string; ask: (store: ObjectStore) => Promise<unknown>; sent: object }>([
    {
      name: "get",
      ask: async (store) => store.get(rolloutRef),
      sent: { method: "GET", path: `${rolloutPath}/shop` },
    },
    {
      name: "get of a core, cluster-scoped kind",
      ask: async (store) =>
        store.get({ apiVersion: "v1", kind: "Namespace", namespace: "", name: "prod" }),
      sent: { method: "GET", path: "/api/v1/namespaces/prod" },
    },
    {
      name: "create",
      ask: async (store) => store.create(rollout, { fieldManager: "me", dryRun: true }),
      sent: {
        method: "POST",
        path: rolloutPath,
        query: "fieldManager=me&dryRun=All",
        body: rollout,
      },
    },
    {
      name: "update of the status",
      ask: async (store) => store.update(rollout, { subresource: "status" }),
      sent: { method: "PUT", path: `${rolloutPath}/shop/status`, body: rollout },
    },
    {
      name: "update of the scale",
      ask: async (store) =>
        store.update({ ...rollout, spec: { replicas: 3 } }, { subresource: "scale" }),
      sent: {
        method: "PUT",
        path: `${rolloutPath}/shop/scale`,
        body: {
          apiVersion: "autoscaling/v1",
          kind: "Scale",
          metadata: rollout.metadata,
          spec: { replicas: 3 },
        },
      },
    },
    {
      name: "merge patch",
      ask: async (store) => store.patch(rolloutRef, { type: "merge", body: { a: null } }),
      sent: {
        method: "PATCH",
        path: `${rolloutPath}/shop`,
        body: { a: null },
        contentType: "application/merge-patch+json",
      },
    },
    {
      name: "apply",
      ask: async (store) =>
        store.patch(rolloutRef, { type: "apply", body: {}, fieldManager: "me", force: true }),
      sent: {
        method: "PATCH",
        query: "fieldManager=me&force=true",
        contentType: "application/apply-patch+yaml",
      },
    },
    {
      name: "delete",
      ask: async (store) =>
        store.delete(rolloutRef, {
          preconditions: { uid: "u" },
          propagation: "Foreground",
          gracePeriodSeconds: 0,
        }),
      sent: {
        method: "DELETE",
        path: `${rolloutPath}/shop`,
        body: {
          apiVersion: "v1",
          kind: "DeleteOptions",
          preconditions: { uid: "u" },
          propagationPolicy: "Foreground",
          gracePeriodSeconds: 0,
        },
      },
    },
    {
      name: "list by labels and fields",
      ask: async (store) =>
        store.list(
          {
            ...rollouts,
            labelSelector: { matchLabels: { app: "shop" } },
            fieldSelector: { "metadata.name": "x" },
            fieldExclusions: [{ path: "metadata.namespace", value: "a,b" }],
          },
          {},
        ),
      sent: {
        method: "GET",
        path: rolloutPath,
        query:
          "labelSelector=app%3Dshop&fieldSelector=metadata.name%3Dx%2Cmetadata.namespace%21%3Da%5C%2Cb",
      },
    },
    {
      name: "list of all namespaces at a version",
      ask: async (store) =>
        store.list({ apiVersion: "v1", kind: "Pod" }, { atVersion: "7", limit: 2 }),
      sent: {
        method: "GET",
        path: "/api/v1/pods",
        query: "limit=2&resourceVersion=7&resourceVersionMatch=Exact",
      },
    },
  ])("$name", async ({ ask, sent }) => {
    const server = await serve((_asked, response) =>
      send(response, 200, { ...rollout, items: [] }),
    );
    await ask(storeOf(server));
    const [asked] = server.asked;
    expect({
      ...asked,
      query: asked?.query.toString(),
      contentType: asked?.headers["content-type"],
    }).toMatchObject(sent);
    expect(asked?.headers["user-agent"]).toBe("haldane/test");
  });

  it("keep their connections, no more than the pool has", async () => {
    const server = await serve((_asked, response) => send(response, 200, rollout));
    let connections = 0;
    server.server.on("connection", () => (connections += 1));
    const store = storeOf(server, { client: server.client({ connections: 3 }) });
    for (let index = 0; index < 20; index += 1) await store.get(rolloutRef);
    expect(connections).toBeLessThanOrEqual(3);
  });

  it("below a path, as behind a proxy", async () => {
    const server = await serve((_asked, response) => send(response, 200, rollout));
    const client = new ApiClient({
      access: { ...server.access, server: `${server.access.server}/k8s/c-1` },
      clock: systemClock,
      userAgent: "x",
    });
    await kubernetesStore({ client, clock: systemClock }).get(rolloutRef);
    await client.close();
    expect(server.asked[0]?.path).toBe(`/k8s/c-1${rolloutPath}/shop`);
  });

  it("drop managedFields of what is read unless told to keep them", async () => {
    const managed = {
      ...rollout,
      metadata: { ...rollout.metadata, managedFields: [{ manager: "x" }] },
    };
    const server = await serve((_asked, response) => send(response, 200, managed));
    expect((await storeOf(server).get(rolloutRef))?.metadata.managedFields).toBeUndefined();
    expect(
      (await storeOf(server, { isStripping: false }).get(rolloutRef))?.metadata.managedFields,
    ).toHaveLength(1);
  });
});

describe("refusals", () => {
  it.each([
    { code: 409, reason: "Conflict", expected: "Conflict" },
    { code: 409, reason: "AlreadyExists", expected: "AlreadyExists" },
    { code: 410, reason: "Gone", expected: "Expired" },
    { code: 410, reason: "Expired", expected: "Expired" },
    { code: 422, reason: "Invalid", expected: "Invalid" },
    { code: 403, reason: "Forbidden", expected: "Forbidden" },
    { code: 500, reason: "SomethingNew", expected: "InternalError" },
    { code: 418, reason: "SomethingOdd", expected: "BadRequest" },
  ])("$code $reason is $expected", async ({ code, reason, expected }) => {
    const server = await serve((_asked, response) => refuse(response, code, reason, "because"));
    const error = await failure(storeOf(server).update(rollout));
    expect([error.reason, error.message, error.details]).toEqual([
      expected,
      "because",
      { name: "x" },
    ]);
  });

  it("what is not there is undefined for get, NotFound for the rest", async () => {
    const server = await serve((_asked, response) => refuse(response, 404, "NotFound", "gone"));
    expect(await storeOf(server).get(rolloutRef)).toBeUndefined();
    expect((await failure(storeOf(server).delete(rolloutRef))).reason).toBe("NotFound");
  });

  it("an answer that is no Status keeps its text", async () => {
    const server = await serve((_asked, response) => send(response, 502, "<h1>Bad Gateway</h1>"));
    const error = await failure(storeOf(server).update(rollout));
    expect([error.reason, error.message]).toEqual(["InternalError", "<h1>Bad Gateway</h1>"]);
  });

  it("an answer that is no JSON says what was asked", async () => {
    const server = await serve((_asked, response) => send(response, 200, "<html>log in</html>"));
    const error = await failure(storeOf(server).get(rolloutRef));
    expect(error.message).toContain(`${server.access.server} answered something that is no JSON`);
  });

  it("429 is waited out as the server asks", async () => {
    const clock = new VirtualClock(0);
    let isBusy = true;
    const server = await serve((_asked, response) => {
      if (isBusy) send(response, 429, {}, { "retry-after": "7" });
      else send(response, 200, rollout);
    });
    const work = kubernetesStore({ client: server.client({ clock }), clock }).get(rolloutRef);
    await until(() => clock.nextAtMs !== undefined, "waiting");
    expect(clock.nextAtMs).toBe(7000);
    isBusy = false;
    clock.fireNext(7000);
    expect((await work)?.metadata.name).toBe("shop");
    expect(server.asked).toHaveLength(2);
  });

  it("a server that is not there is named, with what gave its address", async () => {
    const placeholder = createServer().listen(0, "127.0.0.1");
    await once(placeholder, "listening");
    const { port } = placeholder.address() as AddressInfo;
    await new Promise((resolve) => placeholder.close(resolve));
    const client = new ApiClient({ access: accessTo(port), clock: systemClock, userAgent: "x" });
    const error = await failure(kubernetesStore({ client, clock: systemClock }).get(rolloutRef));
    await client.close();
    expect([error.reason, error.message]).toEqual([
      "ServiceUnavailable",
      `the API server http://127.0.0.1:${port} cannot be reached: nothing listens there (from the test)`,
    ]);
  });

  it.each([
    { name: "headers", handler: (): void => undefined, words: "did not answer in time" },
    {
      name: "body",
      handler: (_asked: unknown, response: ServerResponse): void =>
        void response.writeHead(200).write("{"),
      words: "stopped in the middle",
    },
  ])("an answer whose $name do not come is a Timeout", async ({ handler, words }) => {
    const server = await serve(handler);
    const store = storeOf(server, { client: server.client({ timeoutMs: 200 }) });
    const error = await failure(store.update(rollout));
    expect(error.reason).toBe("Timeout");
    expect(error.message).toContain(words);
  });

  it("a read on a connection that was cut is repeated once, a write is not", async () => {
    let cuts = 1;
    const server = await serve((_asked, response) => {
      if (cuts-- > 0) response.destroy();
      else send(response, 200, rollout);
    });
    const store = storeOf(server);
    expect((await store.get(rolloutRef))?.metadata.name).toBe("shop");
    cuts = 1;
    expect((await failure(store.update(rollout))).reason).toBe("ServiceUnavailable");
    expect(server.asked.map(({ method }) => method)).toEqual(["GET", "GET", "PUT"]);
  });
});

describe("lists", () => {
  it("are read in pages of 500 and give items their kind", async () => {
    const server = await serve(({ query }, response) => {
      const isSecond = query.get("continue") === "next";
      const item = (name: string): object => ({ metadata: { name, namespace: "prod" } });
      send(response, 200, {
        metadata: {
          resourceVersion: "9",
          ...(isSecond ? {} : { continue: "next", remainingItemCount: 1 }),
        },
        items: isSecond ? [item("b")] : [item("a")],
      });
    });
    const store = storeOf(server);
    const list = await store.list(rollouts);
    expect(list).toEqual({
      items: [{ ...rollouts, namespace: undefined }, {}].map((_, index) => ({
        apiVersion: rollout.apiVersion,
        kind: "Rollout",
        metadata: { name: "ab"[index], namespace: "prod" },
      })),
      resourceVersion: "9",
    });
    expect(server.asked.map(({ query }) => [query.get("limit"), query.get("continue")])).toEqual([
      ["500", null],
      ["500", "next"],
    ]);
    expect(await store.list(rollouts, { limit: 1 })).toMatchObject({
      continueToken: "next",
      remainingItemCount: 1,
    });
  });

  it("are read in one piece when their first page is forgotten before the last", async () => {
    const server = await serve(({ query }, response) => {
      if (query.get("continue") !== null) refuse(response, 410, "Expired", "too old");
      else if (query.get("limit") !== null)
        send(response, 200, { metadata: { resourceVersion: "1", continue: "next" }, items: [] });
      else
        send(response, 200, {
          metadata: { resourceVersion: "5" },
          items: [{ metadata: { name: "a" } }],
        });
    });
    const list = await storeOf(server).list(rollouts);
    expect([list.items.length, list.resourceVersion]).toEqual([1, "5"]);
  });
});

describe("watches", () => {
  function event(type: string, version: string): string {
    const object =
      type === "BOOKMARK"
        ? { kind: "Rollout", metadata: { resourceVersion: version } }
        : { ...rollout, metadata: { ...rollout.metadata, resourceVersion: version } };
    return `${JSON.stringify({ type, object })}\n`;
  }

  async function collect(
    watch: AsyncIterable<WatchEvent<KubeObject>>,
    into: string[],
  ): Promise<unknown> {
    try {
      for await (const one of watch)
        into.push(
          one.type === "BOOKMARK"
            ? `BOOKMARK ${one.resourceVersion}`
            : `${one.type} ${one.object.metadata.resourceVersion ?? ""}`,
        );
      return undefined;
    } catch (error) {
      return error;
    }
  }

  it("ask for bookmarks and a spread end, and read lines however they are cut", async () => {
    const server = await serve((_asked, response) => {
      response.writeHead(200);
      const text =
        event("ADDED", "2") +
        event("MODIFIED", "3") +
        event("BOOKMARK", "8") +
        event("DELETED", "9").trimEnd();
      let at = 0;
      const step = (): void => {
        response.write(text.slice(at, at + 37));
        at += 37;
        if (at < text.length) setImmediate(step);
        else response.end();
      };
      step();
    });
    const seen: string[] = [];
    const { signal } = new AbortController();
    expect(
      await collect(storeOf(server).watch(rollouts, { resourceVersion: "1", signal }), seen),
    ).toBeUndefined();
    expect(seen).toEqual(["ADDED 2", "MODIFIED 3", "BOOKMARK 8", "DELETED 9"]);
    expect(Object.fromEntries(server.asked[0]?.query ?? [])).toEqual({
      watch: "1",
      allowWatchBookmarks: "true",
      resourceVersion: "1",
      timeoutSeconds: "450",
    });
  });

  it.each([
    {
      name: "in the answer",
      handler: (_asked: unknown, response: ServerResponse): void =>
        refuse(response, 410, "Expired", "too old resource version"),
    },
    {
      name: "as an event",
      handler: (_asked: unknown, response: ServerResponse): void =>
        send(
          response,
          200,
          JSON.stringify({
            type: "ERROR",
            object: {
              kind: "Status",
              code: 410,
              reason: "Gone",
              message: "too old resource version",
            },
          }),
        ),
    },
  ])("throw Expired when told so $name", async ({ handler }) => {
    const server = await serve(handler);
    const { signal } = new AbortController();
    const error = await collect(
      storeOf(server).watch(rollouts, { resourceVersion: "1", signal }),
      [],
    );
    expect(error).toMatchObject({ reason: "Expired", message: "too old resource version" });
  });

  it("are given up after 75 s of silence, however alive the connection looks", async () => {
    const clock = new VirtualClock(0);
    const server = await serve(
      (_asked, response) => void response.writeHead(200).write(event("ADDED", "2")),
    );
    const seen: string[] = [];
    const { signal } = new AbortController();
    const store = kubernetesStore({ client: server.client({ clock }), clock });
    const watching = collect(store.watch(rollouts, { resourceVersion: "1", signal }), seen);
    await until(() => seen.length === 1, "the first event");
    expect(clock.nextAtMs).toBe(75_000);
    clock.fireNext(75_000);
    expect(await watching).toMatchObject({ reason: "Timeout" });
    expect(clock.nextAtMs).toBeUndefined();
  });

  it("end quietly when aborted, and close their connection", async () => {
    let isClosed = false;
    const server = await serve((_asked, response) => {
      response.on("close", () => (isClosed = true));
      response.writeHead(200).write(event("ADDED", "2"));
    });
    const abort = new AbortController();
    const seen: string[] = [];
    const watching = collect(
      storeOf(server).watch(rollouts, { resourceVersion: "1", signal: abort.signal }),
      seen,
    );
    await until(() => seen.length === 1, "the first event");
    abort.abort();
    expect(await watching).toBeUndefined();
    await until(() => isClosed, "the connection is closed");
  });

  it("that are cut say so as something that passes", async () => {
    const server = await serve((_asked, response) => {
      response.writeHead(200).write(event("ADDED", "2"));
      setTimeout(() => response.destroy(), 20);
    });
    const { signal } = new AbortController();
    expect(
      await collect(storeOf(server).watch(rollouts, { resourceVersion: "1", signal }), []),
    ).toMatchObject({ reason: "ServiceUnavailable" });
  });

  it("do not take the connections of requests", async () => {
    const server = await serve(({ query }, response) => {
      if (query.get("watch") === "1") response.writeHead(200).write(event("ADDED", "2"));
      else send(response, 200, rollout);
    });
    const store = storeOf(server, { client: server.client({ connections: 1 }) });
    const abort = new AbortController();
    const seen: string[] = [];
    const watching = Array.from({ length: 20 }, async () =>
      collect(store.watch(rollouts, { resourceVersion: "1", signal: abort.signal }), seen),
    );
    await until(() => seen.length === 20, "all watches");
    expect((await store.get(rolloutRef))?.metadata.name).toBe("shop");
    abort.abort();
    await Promise.all(watching);
  });
});

describe("logs and tables", () => {
  it("logs come as they are written, and stop when aborted", async () => {
    const server = await serve((_asked, response) => void response.writeHead(200).write("one\n"));
    const abort = new AbortController();
    const seen: string[] = [];
    const request = {
      namespace: "prod",
      pod: "p",
      container: "web",
      follow: true,
      tailLines: 5,
      previous: true,
      timestamps: true,
      sinceSeconds: 60,
      signal: abort.signal,
    };
    for await (const chunk of podLogs(server.client(), request)) {
      seen.push(new TextDecoder().decode(chunk));
      abort.abort();
    }
    expect(seen).toEqual(["one\n"]);
    expect(server.asked[0]?.path).toBe("/api/v1/namespaces/prod/pods/p/log");
    expect(server.asked[0]?.query.toString()).toBe(
      "container=web&follow=true&tailLines=5&previous=true&timestamps=true&sinceSeconds=60",
    );
  });

  it("logs of what is not there are refused", async () => {
    const server = await serve((_asked, response) =>
      refuse(response, 404, "NotFound", 'pods "p" not found'),
    );
    const read = async (): Promise<void> => {
      for await (const _chunk of podLogs(server.client(), { namespace: "prod", pod: "p" })) return;
    };
    expect((await failure(read())).message).toBe('pods "p" not found');
  });

  it("tables are asked for as kubectl does", async () => {
    const table = {
      kind: "Table",
      columnDefinitions: [{ name: "Name" }],
      rows: [{ cells: ["shop"], object: rollout }],
    };
    const server = await serve((_asked, response) => send(response, 200, table));
    expect(await fetchTable(server.client(), rollouts)).toEqual({
      columns: table.columnDefinitions,
      rows: table.rows,
    });
    expect(server.asked[0]?.headers.accept).toContain("as=Table");
    const plain = await serve((_asked, response) => send(response, 200, rollout));
    expect((await failure(fetchTable(plain.client(), rollouts, "shop"))).reason).toBe(
      "NotAcceptable",
    );
  });
});
