import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import {
  countingWatches,
  newMemoryStore,
  startTestServer,
  textOf,
  type TestServer,
} from "../api-server.test-support.ts";

let api: TestServer;
let noisy = false;
beforeAll(async () => {
  api = await startTestServer({ store: newMemoryStore({ historyLimit: 40 }) });
});
afterAll(() => api.close());

const path = "/api/v1/namespaces/default/configmaps";

async function put(name: string, data: JsonObject = {}, labels: JsonObject = {}): Promise<string> {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data };
  const exists = (await api.ask("GET", `${path}/${name}`)).status === 200;
  const { json } = await (exists
    ? api.ask("PUT", `${path}/${name}`, { body })
    : api.ask("POST", path, { body }));
  return versionOf(json);
}

/** Writes to another object, straight into the store. */
async function noise(writes: number): Promise<void> {
  const metadata = { name: "noise", namespace: "default" };
  for (let write = 0; write < writes; write += 1) {
    const object = {
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      stringData: { write: String(write) },
    };
    await (noisy ? api.store.update(object) : api.store.create(object));
    noisy = true;
  }
}

function metadataOf(object: Json | undefined): JsonObject {
  const metadata = isJsonObject(object) ? object["metadata"] : undefined;
  return isJsonObject(metadata) ? metadata : {};
}

function versionOf(object: Json | undefined): string {
  return textOf(metadataOf(object)["resourceVersion"]);
}

/** `ADDED a`, `BOOKMARK` */
function told(event: JsonObject): string {
  const { name = "" } = metadataOf(event["object"]);
  return `${textOf(event["type"])} ${textOf(name)}`.trim();
}

describe("watch", () => {
  it("begins with what there is, then tells what changes", async () => {
    await put("first");
    const watch = await api.stream(`${path}?watch=1&fieldSelector=metadata.name%3Dfirst`);
    expect(told(await watch.next())).toBe("ADDED first");
    await put("first", { a: "1" });
    await put("second");
    expect(await watch.next()).toMatchObject({
      type: "MODIFIED",
      object: { kind: "ConfigMap", data: { a: "1" } },
    });
    await api.ask("DELETE", `${path}/first`);
    expect(told(await watch.next())).toBe("DELETED first");
    watch.close();
  });

  it("goes on after a version without missing or repeating anything", async () => {
    const version = await put("third");
    await put("third", { a: "1" });
    await put("fourth");
    const watch = await api.stream(`${path}?watch=true&resourceVersion=${version}`);
    expect([told(await watch.next()), told(await watch.next())]).toEqual([
      "MODIFIED third",
      "ADDED fourth",
    ]);
    watch.close();
  });

  it("tells when an object enters or leaves the selection", async () => {
    const version = await put("chosen", {}, { color: "blue" });
    const watch = await api.stream(
      `${path}?watch=1&labelSelector=color%3Dgreen&resourceVersion=${version}`,
    );
    await put("chosen", {}, { color: "green" });
    expect(told(await watch.next())).toBe("ADDED chosen");
    await put("chosen", {}, { color: "red" });
    expect(told(await watch.next())).toBe("DELETED chosen");
    watch.close();
  });

  it("sends initial events and the bookmark that ends them (watch-list)", async () => {
    await put("listed");
    const query =
      "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    const watch = await api.stream(`${path}?${query}&fieldSelector=metadata.name%3Dlisted`);
    expect(told(await watch.next())).toBe("ADDED listed");
    const bookmark = await watch.next();
    expect(bookmark).toMatchObject({
      type: "BOOKMARK",
      object: {
        kind: "ConfigMap",
        apiVersion: "v1",
        metadata: { annotations: { "k8s.io/initial-events-end": "true" } },
      },
    });
    await put("listed", { a: "1" });
    expect(told(await watch.next())).toBe("MODIFIED listed");
    watch.close();
  });

  it("leaves initial events out when told so", async () => {
    await put("old");
    const query =
      "watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&timeoutSeconds=30";
    const watch = await api.stream(`${path}?${query}`);
    // The answer's headers come before the watch has its place, so the first write may be too early to be seen.
    const seen = watch.next();
    for (let round = 1; round < 100; round += 1) {
      await put("new", { round: String(round) });
      if (await Promise.race([seen.then(() => true), Promise.resolve(false)])) break;
    }
    expect(told(await seen)).toMatch(/ new$/);
    watch.close();
  });

  it.each([
    [
      "sendInitialEvents=true&allowWatchBookmarks=true",
      /requires setting resourceVersionMatch to NotOlderThan/,
    ],
    [
      "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
      /forbidden unless allowWatchBookmarks is true/,
    ],
    [
      "resourceVersionMatch=NotOlderThan&resourceVersion=1",
      /forbidden for watch unless sendInitialEvents is provided/,
    ],
    ["timeoutSeconds=soon", /timeoutSeconds must be a whole number/],
    ["labelSelector=a%20b", /malformed/],
  ])("refuses %s before it begins", async (query, message) => {
    const { status, json } = await api.ask("GET", `${path}?watch=1&${query}`);
    expect([400, 422]).toContain(status);
    expect(json["message"]).toMatch(message);
  });

  it("says 410 in an ERROR event when the version is too old, and ends", async () => {
    const version = await put("busy");
    await noise(100);
    const watch = await api.stream(`${path}?watch=1&resourceVersion=${version}`);
    expect(watch.status).toBe(200);
    const events = await watch.rest();
    expect(events).toMatchObject([
      {
        type: "ERROR",
        object: { kind: "Status", status: "Failure", code: 410, reason: "Expired" },
      },
    ]);
  });

  it("ends by itself after timeoutSeconds", async () => {
    const watch = await api.stream(
      `${path}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dnone`,
    );
    expect(await watch.rest()).toEqual([]);
  });

  it("shows tables, the headers once", async () => {
    await put("tabled");
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const watch = await api.stream(`${path}?watch=1&fieldSelector=metadata.name%3Dtabled`, {
      accept,
    });
    const first = await watch.next();
    expect(first).toMatchObject({
      type: "ADDED",
      object: {
        kind: "Table",
        columnDefinitions: [{ name: "Name" }, { name: "Data" }, { name: "Age" }],
        rows: [
          { cells: ["tabled", 0, expect.any(String)], object: { metadata: { name: "tabled" } } },
        ],
      },
    });
    await put("tabled", { a: "1" });
    expect(await watch.next()).toMatchObject({
      type: "MODIFIED",
      object: { columnDefinitions: null, rows: [{ cells: ["tabled", 1, expect.any(String)] }] },
    });
    watch.close();
  });

  it("shows metadata only to those who ask for it", async () => {
    await put("meta", { secret: "x" });
    const accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    const watch = await api.stream(`${path}?watch=1&fieldSelector=metadata.name%3Dmeta`, {
      accept,
    });
    const { object } = await watch.next();
    expect(object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "meta" } });
    expect(object).not.toHaveProperty("data");
    watch.close();
  });

  it("passes the store's bookmarks to those who want them only", async () => {
    const version = await put("quiet");
    const query = `watch=1&fieldSelector=metadata.name%3Dquiet&resourceVersion=${version}`;
    const wanting = await api.stream(`${path}?${query}&allowWatchBookmarks=true`);
    const plain = await api.stream(`${path}?${query}`);
    const bookmark = wanting.next();
    // The store tells quiet watchers the version every few changes elsewhere.
    await noise(200);
    expect(await bookmark).toMatchObject({
      type: "BOOKMARK",
      object: { kind: "ConfigMap", metadata: { resourceVersion: expect.stringMatching(/^\d+$/) } },
    });
    await put("quiet", { a: "1" });
    expect(told(await plain.next())).toBe("MODIFIED quiet");
    wanting.close();
    plain.close();
  });

  it("lets the store's watch go when the client goes", async () => {
    const { store, openWatches } = countingWatches();
    const own = await startTestServer({ store });
    try {
      const watch = await own.stream(`/api/v1/namespaces?watch=1`);
      expect(told(await watch.next())).toBe("ADDED default");
      expect(openWatches()).toBe(1);
      watch.close();
      await expect.poll(openWatches).toBe(0);
    } finally {
      await own.close();
    }
  });
});
