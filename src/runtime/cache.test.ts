import { beforeEach, describe, expect, it } from "vitest";
import type { ConfigMap } from "../api/kubernetes/workloads.ts";
import { controllerReference, type KubeObject } from "../api/meta/object.ts";
import { faultyStore, noCounts, type FaultPlan } from "../objects/faulty/faulty.ts";
import {
  StoreError,
  type ListScope,
  type ObjectStore,
  type WatchEvent,
  type WatchOptions,
} from "../objects/object-store.ts";
import { Cache } from "./cache.ts";
import { silentLogger } from "./log.ts";
import {
  configMap,
  configMaps,
  keptLog,
  newWorld,
  pass,
  refTo,
  settle,
  type World,
} from "./virtual-world.test-support.ts";

let world: World;

beforeEach(() => {
  world = newWorld();
});

interface Running {
  readonly cache: Cache<ConfigMap>;
  readonly told: string[];
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** `+a` appeared, `~a` changed, `-a` went. */
function run(store: ObjectStore, options: { resyncMs?: number; lines?: string[] } = {}): Running {
  const { resyncMs = 600_000, lines } = options;
  const log = lines ? keptLog(lines) : silentLogger;
  const cache = new Cache<ConfigMap>({
    store,
    scope: configMaps,
    clock: world.clock,
    log,
    resyncMs,
  });
  const told: string[] = [];
  cache.onChange(({ before, after }) => {
    const sign = before ? (after ? "~" : "-") : "+";
    told.push(`${sign}${(after ?? before)?.metadata.name ?? ""}`);
  });
  const abort = new AbortController();
  return { cache, told, abort, ended: cache.run(abort.signal) };
}

function faulty(plan: FaultPlan): ObjectStore {
  return faultyStore(world.store, {
    plan,
    clock: world.clock,
    counts: noCounts(),
    crash: () => undefined,
  });
}

describe("cache", () => {
  it("holds what was there and follows what comes, changes and goes", async () => {
    await world.store.create(configMap("a", { x: "1" }));
    const { cache, told } = run(world.store);
    await cache.synced;
    await world.store.create(configMap("b"));
    await world.store.patch(refTo("a"), { type: "merge", body: { data: { x: "2" } } });
    await world.store.delete(refTo("b"));
    await settle();
    expect(told).toEqual(["+a", "+b", "~a", "-b"]);
    expect(cache.get("default", "a")?.data).toEqual({ x: "2" });
    expect(cache.get("default", "b")).toBeUndefined();
    expect(cache.list("default")).toHaveLength(1);
    expect(cache.list("elsewhere")).toEqual([]);
  });

  it("finds objects by the uid of their controller, also when it changes", async () => {
    const { cache } = run(world.store);
    const first = await world.store.create(configMap("first"));
    const second = await world.store.create(configMap("second"));
    const child = await world.store.create(
      configMap("child", {}, { ownerReferences: [controllerReference(first)] }),
    );
    await settle();
    expect(cache.ownedBy(first.metadata.uid).map(({ metadata }) => metadata.name)).toEqual([
      "child",
    ]);
    await world.store.update({
      ...child,
      metadata: { ...child.metadata, ownerReferences: [controllerReference(second)] },
    });
    await settle();
    expect(cache.ownedBy(first.metadata.uid)).toEqual([]);
    expect(cache.ownedBy(second.metadata.uid)).toHaveLength(1);
    await world.store.delete(refTo("child"));
    await settle();
    expect(cache.ownedBy(second.metadata.uid)).toEqual([]);
    expect(cache.ownedBy(undefined)).toEqual([]);
  });

  it("is behind while the store has what belongs in the view and is not in it", async () => {
    const { clock, store } = world;
    const resyncMs = 600_000;
    const labelSelector = { matchLabels: { app: "shop" } };
    const scope = { ...configMaps, labelSelector };
    const cache = new Cache({ store, scope, clock, log: silentLogger, resyncMs });
    await store.create(configMap("ours", {}, { labels: { app: "shop" } }));
    expect(await cache.isBehind("default", "ours", store), "nothing was listed yet").toBe(false);
    void cache.run(new AbortController().signal);
    await cache.synced;
    expect(await cache.isBehind("default", "ours", store)).toBe(false);
    await store.create(configMap("new", {}, { labels: { app: "shop" } }));
    await store.create(configMap("foreign"));
    expect(await cache.isBehind("default", "new", store)).toBe(true);
    expect(await cache.isBehind("default", "foreign", store)).toBe(false);
    expect(await cache.isBehind("default", "nothing", store)).toBe(false);
    await settle();
    expect(await cache.isBehind("default", "new", store)).toBe(false);
  });

  it("a kind that must not be asked for is never behind", async () => {
    const { clock, store } = world;
    await store.create(configMap("a"));
    const options = { store, scope: configMaps, clock, log: silentLogger, resyncMs: 600_000 };
    const cache = new Cache(options);
    cache.stayEmpty();
    expect(await cache.isBehind("default", "a", store)).toBe(false);
  });

  it("reads long lists in pages", async () => {
    for (let index = 0; index < 1203; index += 1)
      await world.store.create(configMap(`map-${index}`));
    const { cache } = run(world.store);
    await cache.synced;
    expect(cache.list()).toHaveLength(1203);
  });

  it("knows our own writes at once, and does not go back to older ones", async () => {
    const { cache, told } = run(faulty({ event: () => ({ kind: "late", byMs: 1000 }) }));
    await settle();
    const made = await world.store.create(configMap("a", { x: "1" }));
    const changed = await world.store.update({ ...made, data: { x: "2" } });
    cache.remember(changed);
    expect(cache.get("default", "a")?.data).toEqual({ x: "2" });
    await pass(world.clock, 5000);
    expect(cache.get("default", "a")?.data).toEqual({ x: "2" });
    expect(told).toEqual(["+a"]);
  });

  it("a late answer to our own write does not bring a deleted object back", async () => {
    const { cache } = run(world.store);
    const made = await world.store.create(configMap("a", {}, { finalizers: ["haldane.dev/x"] }));
    await world.store.delete(refTo("a"));
    const last = await world.store.patch<ConfigMap>(refTo("a"), {
      type: "merge",
      body: { metadata: { finalizers: null } },
    });
    await settle();
    expect(cache.get("default", "a")).toBeUndefined();
    cache.remember(last);
    expect(cache.get("default", "a")).toBeUndefined();
    await world.store.create(configMap("a"));
    await settle();
    expect(cache.get("default", "a")?.metadata.uid).not.toBe(made.metadata.uid);
  });

  it.each([
    { name: "an addition", nth: 1 },
    { name: "a change", nth: 2 },
    { name: "a deletion", nth: 3 },
  ])("finds out at the next resync about $name whose event was lost", async ({ nth }) => {
    const { cache } = run(
      faulty({ event: (event) => (event === nth ? { kind: "lost" } : undefined) }),
      { resyncMs: 60_000 },
    );
    await settle();
    await world.store.create(configMap("a", { x: "1" }));
    await world.store.patch(refTo("a"), { type: "merge", body: { data: { x: "2" } } });
    if (nth === 3) await world.store.delete(refTo("a"));
    await pass(world.clock, 61_000);
    expect(cache.get("default", "a")?.data).toEqual(nth === 3 ? undefined : { x: "2" });
  });

  it("a list of an older state does not take back what is known to be newer", async () => {
    const store = faulty({ list: (nth) => (nth === 2 ? 2 : undefined) });
    const { cache, told } = run(store, { resyncMs: 60_000 });
    await settle();
    await world.store.create(configMap("a", { x: "1" }));
    await world.store.patch(refTo("a"), { type: "merge", body: { data: { x: "2" } } });
    await world.store.create(configMap("b"));
    await pass(world.clock, 60_500);
    expect(cache.get("default", "a")?.data).toEqual({ x: "2" });
    expect(cache.get("default", "b")).toBeDefined();
    expect(told).toEqual(["+a", "~a", "+b"]);
  });

  it("lists again when its version has expired", async () => {
    world = newWorld(4);
    let isDeaf = true;
    const store: ObjectStore = {
      ...delegate(world.store),
      watch: (scope, options) =>
        isDeaf ? silence(options.signal) : world.store.watch(scope, options),
    };
    const { cache } = run(store, { resyncMs: 60_000 });
    await settle();
    for (let index = 0; index < 10; index += 1) await world.store.create(configMap(`map-${index}`));
    isDeaf = false;
    await pass(world.clock, 61_000);
    expect(cache.list()).toHaveLength(10);
  });

  it("takes a broken watch up where it ended, without listing again", async () => {
    const counts = { lists: 0, watches: 0 };
    const store: ObjectStore = {
      ...delegate(world.store),
      list: async (scope, page) => {
        counts.lists += 1;
        return world.store.list(scope, page);
      },
      async *watch<T extends KubeObject>(
        scope: ListScope,
        options: WatchOptions,
      ): AsyncGenerator<WatchEvent<T>> {
        counts.watches += 1;
        for await (const event of world.store.watch<T>(scope, options)) {
          yield event;
          throw new StoreError("ServiceUnavailable", "the connection was cut");
        }
      },
    };
    const { told } = run(store);
    await settle();
    for (const name of ["a", "b", "c"]) await world.store.create(configMap(name));
    await pass(world.clock, 60_000);
    expect(told).toEqual(["+a", "+b", "+c"]);
    expect(counts).toEqual({ lists: 1, watches: 4 });
  });

  it("goes on trying while the store fails, saying so, and ends when told to", async () => {
    const lines: string[] = [];
    let isDown = true;
    const store: ObjectStore = {
      ...delegate(world.store),
      list: async (scope, page) => {
        if (isDown) throw new StoreError("ServiceUnavailable", "down");
        return world.store.list(scope, page);
      },
    };
    const { cache, abort, ended } = run(store, { lines });
    await world.store.create(configMap("a"));
    await pass(world.clock, 30_000);
    // 0.1 + 0.2 + … + 6.4 s, then every 10 s: never a storm of requests.
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThan(12);
    const [first, ...later] = lines;
    expect(first).toBe("warn watch ended, trying again");
    // The same trouble again is not worth a warning each time.
    expect(new Set(later)).toEqual(new Set(["debug watch ended, trying again"]));
    isDown = false;
    await pass(world.clock, 10_000);
    await cache.synced;
    expect(cache.list()).toHaveLength(1);
    abort.abort();
    await ended;
  });
});

function delegate(store: ObjectStore): ObjectStore {
  return {
    get: async (ref) => store.get(ref),
    list: async (scope, page) => store.list(scope, page),
    create: async (object, options) => store.create(object, options),
    update: async (object, options) => store.update(object, options),
    patch: async (ref, patch, options) => store.patch(ref, patch, options),
    delete: async (ref, options) => store.delete(ref, options),
    watch: (scope, options) => store.watch(scope, options),
  };
}

async function* silence(signal: AbortSignal): AsyncGenerator<never, void> {
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  yield* [];
}
