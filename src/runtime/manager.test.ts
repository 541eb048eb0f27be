import { beforeEach, describe, expect, it } from "vitest";
import type { KubeObject } from "../api/meta/object.ts";
import { StoreError, type ListScope, type ObjectStore } from "../objects/object-store.ts";
import { cachingStore } from "./caching-store.ts";
import { silentLogger } from "./log.ts";
import { Manager, type CachePolicy } from "./manager.ts";
import {
  configMap,
  newWorld,
  pass,
  refTo,
  settle,
  type World,
} from "./virtual-world.test-support.ts";

let world: World;
/** What was listed and watched, in order. */
let asked: string[];

beforeEach(() => {
  world = newWorld();
  asked = [];
});

function text({ kind, namespace = "*", labelSelector }: ListScope): string {
  return `${kind} ${namespace}${labelSelector === undefined ? "" : " by label"}`;
}

function recorded(
  refuses: (scope: ListScope) => StoreError | undefined = () => undefined,
): ObjectStore {
  const { store } = world;
  return {
    get: async (ref) => {
      asked.push(`get ${ref.name}`);
      return store.get(ref);
    },
    list: async (scope, page) => {
      asked.push(`list ${text(scope)}`);
      const refusal = refuses(scope);
      if (refusal) throw refusal;
      return store.list(scope, page);
    },
    watch: (scope, options) => store.watch(scope, options),
    create: async (object, options) => store.create(object, options),
    update: async (object, options) => store.update(object, options),
    patch: async (ref, patch, options) => store.patch(ref, patch, options),
    delete: async (ref, options) => store.delete(ref, options),
  };
}

function managerOf(
  store: ObjectStore,
  policyOf?: (apiVersion: string, kind: string, use: string) => CachePolicy,
  namespace?: string,
): Manager {
  const { clock } = world;
  return new Manager({
    store,
    clock,
    log: silentLogger,
    ...(policyOf ? { policyOf } : {}),
    ...(namespace === undefined ? {} : { namespace }),
  });
}

const onDemand = (): CachePolicy => ({ isOnDemand: true });

describe("a cache on demand", () => {
  it("lists nothing before somebody needs it, and then once", async () => {
    const store = recorded();
    const manager = managerOf(store, onDemand);
    const cache = manager.cache("v1", "ConfigMap");
    await world.store.create(configMap("a"));
    await manager.start();
    expect(asked).toEqual([]);
    const [first, second] = [cache.ready(), cache.ready()];
    await Promise.all([first, second, cache.ready()]);
    expect([asked, cache.list().length]).toEqual([["list ConfigMap *"], 1]);
    await manager.stop();
  });

  it("is started by a read through the caching store, which then asks no more", async () => {
    const store = recorded();
    const manager = managerOf(store, onDemand);
    manager.cache("v1", "ConfigMap");
    const cached = cachingStore(store, manager);
    await world.store.create(configMap("a"));
    await manager.start();
    expect((await cached.get(refTo("a")))?.metadata.name).toBe("a");
    expect(await cached.get(refTo("b"))).toBeUndefined();
    expect(asked).toEqual(["list ConfigMap *"]);
    await manager.stop();
  });

  it("of a kind that is not served does not stop anybody, and is there once it is", async () => {
    let isServed = false;
    const store = recorded(() =>
      isServed ? undefined : new StoreError("NotFound", "the server could not find it"),
    );
    const manager = managerOf(store, onDemand);
    const cache = manager.cache<KubeObject>("v1", "ConfigMap");
    const cached = cachingStore(store, manager);
    await manager.start();
    expect(await cached.get(refTo("a"))).toBeUndefined();
    // It is not asked for again and again: once in 30 s, however often it is needed.
    await pass(world.clock, 29_000);
    await cached.get(refTo("a"));
    expect(asked.filter((line) => line.startsWith("list"))).toHaveLength(1);
    isServed = true;
    await world.store.create(configMap("a"));
    await pass(world.clock, 2_000);
    expect(cache.list()).toHaveLength(1);
    await manager.stop();
  });

  it("that is no longer served keeps what it knows for a minute", async () => {
    let isServed = true;
    const refusal = new StoreError("NotFound", "the server could not find it");
    const store = recorded(() => (isServed ? undefined : refusal));
    const watch: ObjectStore["watch"] = async function* (scope, options) {
      for await (const event of world.store.watch(scope, options)) {
        if (!isServed) throw refusal;
        yield event as never;
      }
    };
    const manager = managerOf({ ...store, watch }, onDemand);
    const cache = manager.cache<KubeObject>("v1", "ConfigMap");
    await manager.start();
    await world.store.create(configMap("a"));
    await cache.ready();
    isServed = false;
    await world.store.create(configMap("b"));
    await pass(world.clock, 50_000);
    expect(cache.list()).toHaveLength(1);
    await pass(world.clock, 50_000);
    expect(cache.list()).toHaveLength(0);
    isServed = true;
    await pass(world.clock, 31_000);
    // What was dropped is not taken for deleted: it comes back.
    expect(
      cache
        .list()
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(["a", "b"]);
    await manager.stop();
  });

  it("that is not allowed leaves reading to the server", async () => {
    const refusal = new StoreError("Forbidden", "you may not list");
    const store = recorded(() => refusal);
    const manager = managerOf(store, onDemand);
    manager.cache("v1", "ConfigMap");
    await world.store.create(configMap("a"));
    await manager.start();
    const cached = cachingStore(store, manager);
    expect((await cached.get(refTo("a")))?.metadata.name).toBe("a");
    expect(asked).toEqual(["list ConfigMap *", "get a"]);
    await manager.stop();
  });
});

describe("a cache of a part of a kind", () => {
  const labelled = (): CachePolicy => ({
    labelSelector: { matchExpressions: [{ key: "mine", operator: "Exists" }] },
  });

  it("keeps that part, and asks the server for the rest", async () => {
    const store = recorded();
    const manager = managerOf(store, labelled);
    const cache = manager.cache("v1", "ConfigMap");
    await world.store.create(configMap("a", {}, { labels: { mine: "" } }));
    await world.store.create(configMap("b"));
    await manager.start();
    expect(cache.list()).toHaveLength(1);
    const cached = cachingStore(store, manager);
    expect(await cached.get(refTo("a"))).toBeDefined();
    expect(await cached.get(refTo("b"))).toBeDefined();
    expect(asked).toEqual(["list ConfigMap * by label", "get b"]);
    await manager.stop();
  });

  it("and another use of the kind are two; where all is kept, they are one", () => {
    const divided = managerOf(world.store, (_apiVersion, _kind, use) =>
      use === "" ? labelled() : {},
    );
    expect(divided.cache("v1", "ConfigMap", "other")).not.toBe(divided.cache("v1", "ConfigMap"));
    const whole = managerOf(world.store);
    expect(whole.cache("v1", "ConfigMap", "other")).toBe(whole.cache("v1", "ConfigMap"));
  });
});

describe("a manager of one namespace", () => {
  it("asks for nothing else: kinds without a namespace are empty", async () => {
    const store = recorded();
    const manager = managerOf(store, undefined, "web");
    manager.cache("v1", "ConfigMap");
    const shared = manager.cache("argoproj.io/v1alpha1", "ClusterAnalysisTemplate");
    await manager.start();
    await settle();
    expect([asked, shared.list(), shared.isWhole]).toEqual([["list ConfigMap web"], [], true]);
    await manager.stop();
  });
});

describe("a manager whose kinds are not served yet", () => {
  it("starts its controllers when they are, and can be stopped before", async () => {
    let isServed = false;
    const refusal = new StoreError("NotFound", "the server could not find it");
    const manager = managerOf(recorded(() => (isServed ? undefined : refusal)));
    manager.cache("v1", "ConfigMap");
    let hasStarted = false;
    const starting = manager.start().then(() => (hasStarted = true));
    await pass(world.clock, 100_000);
    expect(hasStarted).toBe(false);
    isServed = true;
    await pass(world.clock, 31_000);
    await starting;
    await manager.stop();
    const never = managerOf(recorded(() => refusal));
    never.cache("v1", "ConfigMap");
    const [started] = [never.start()];
    await never.stop();
    await started;
  });
});
