// Caches over connections that die without a word, and over connections that are cut.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/api/meta/object.ts";
import { ApiClient } from "../../src/objects/kubernetes/api-client.ts";
import { kubernetesStore } from "../../src/objects/kubernetes/kubernetes.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { Cache } from "../../src/runtime/cache.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/runtime/log.ts";
import { openCluster, until, type TestCluster } from "./cluster.test-support.ts";
import { testAccess } from "./kubeconfig.test-support.ts";
import { tcpProxy, type TcpProxy } from "./proxy.test-support.ts";

let cluster: TestCluster;
let namespace: string;
let proxy: TcpProxy;
let client: ApiClient;
let store: ObjectStore;
let stop: AbortController;

beforeEach(async () => {
  cluster = openCluster();
  namespace = await cluster.newNamespace();
  proxy = await tcpProxy(testAccess());
  client = new ApiClient({ access: proxy.access, clock: systemClock, userAgent: "haldane-tests" });
  store = kubernetesStore({ client, clock: systemClock });
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await client.close();
  await proxy.close();
  await cluster.close();
});

async function add(name: string): Promise<KubeObject> {
  const metadata = { namespace, name };
  return cluster.store.create({ apiVersion: "v1", kind: "ConfigMap", metadata });
}

/** How often the cache listed, and its names. */
function watched(): { readonly cache: Cache<KubeObject>; readonly lists: () => number } {
  let lists = 0;
  const counting: ObjectStore = {
    get: store.get.bind(store),
    create: store.create.bind(store),
    update: store.update.bind(store),
    patch: store.patch.bind(store),
    delete: store.delete.bind(store),
    watch: store.watch.bind(store),
    list: async (scope, page) => {
      lists += 1;
      return store.list(scope, page);
    },
  };
  const scope = { apiVersion: "v1", kind: "ConfigMap", namespace };
  const options = { store: counting, scope, clock: systemClock, log: silentLogger };
  const cache = new Cache<KubeObject>({ ...options, resyncMs: 3_600_000 });
  void cache.run(stop.signal);
  return { cache, lists: () => lists };
}

/** Versions that a quiet watch, not by way of the proxy, is told. */
function bookmarks(): readonly string[] {
  const told: string[] = [];
  const scope = { apiVersion: "v1", kind: "Service", namespace };
  const read = async (): Promise<void> => {
    const { resourceVersion } = await cluster.store.list(scope);
    const watching = cluster.store.watch(scope, { resourceVersion, signal: stop.signal });
    for await (const event of watching)
      if (event.type === "BOOKMARK") told.push(event.resourceVersion);
  };
  void read();
  return told;
}

async function knows(cache: Cache<KubeObject>, name: string, withinMs: number): Promise<void> {
  await until(`the cache knows ${name}`, async () => cache.get(namespace, name) !== undefined, {
    withinMs,
  });
}

describe("a cache", () => {
  it("whose connection is dead without a word finds out, and misses nothing", async () => {
    const quiet = bookmarks();
    const { cache, lists } = watched();
    await add("before");
    await knows(cache, "before", 10_000);
    proxy.freeze();
    await add("meanwhile");
    // Bookmarks come each minute; silence beyond 75 s is no silence of the server's.
    await knows(cache, "meanwhile", 85_000);
    await add("after");
    await knows(cache, "after", 5_000);
    expect(lists()).toBe(1);
    // A watch of which there is nothing to tell is told where it is, so it is not taken for dead.
    await until("the quiet watch is told where it is", async () => quiet.length > 0, {
      withinMs: 90_000,
    });
  }, 210_000);

  it("goes on where it was when the server is away for a moment", async () => {
    const { cache, lists } = watched();
    await add("before");
    await knows(cache, "before", 10_000);
    proxy.cut();
    await add("meanwhile");
    await expect(
      store.get({ apiVersion: "v1", kind: "Namespace", namespace: "", name: "x" }),
    ).rejects.toMatchObject({ reason: "ServiceUnavailable" });
    proxy.restore();
    await knows(cache, "meanwhile", 15_000);
    expect(lists()).toBe(1);
  });
});
