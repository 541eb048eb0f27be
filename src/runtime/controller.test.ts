import { beforeEach, describe, expect, it } from "vitest";
import type { ConfigMap } from "../api/kubernetes/workloads.ts";
import { InvariantError } from "../lib/invariant.ts";
import { StoreError } from "../objects/object-store.ts";
import { keyOf, splitKey, type Cache } from "./cache.ts";
import { cachingStore } from "./caching-store.ts";
import { sourceOf, type Controller } from "./controller.ts";
import { Manager } from "./manager.ts";
import { requeueAfter, settled, type Outcome } from "./outcome.ts";
import {
  configMap,
  keptLog,
  newWorld,
  pass,
  refTo,
  settle,
  type World,
} from "./virtual-world.test-support.ts";

let world: World;
let lines: string[];

beforeEach(() => {
  world = newWorld();
  lines = [];
});

interface Setting {
  readonly manager: Manager;
  readonly maps: Cache<ConfigMap>;
}

function start(
  reconcile: (key: string, maps: Cache<ConfigMap>, signal: AbortSignal) => Promise<Outcome>,
  more: { concurrency?: number; passed?: (line: string) => void } = {},
): Setting {
  const { passed } = more;
  const observer = {
    passed: (controller: string, key: string, _ms: number, outcome: Outcome) =>
      passed?.(`${controller} ${key} ${outcome.kind}`),
  };
  const manager = new Manager({ ...world, log: keptLog(lines), ...(passed ? { observer } : {}) });
  const maps = manager.cache<ConfigMap>("v1", "ConfigMap");
  const controller: Controller = {
    name: "test",
    concurrency: more.concurrency ?? 2,
    sources: [sourceOf(maps, (map) => [keyOf(map)])],
    reconcile: async (key, signal) => reconcile(key, maps, signal),
  };
  manager.add(controller);
  return { manager, maps };
}

describe("controller loop", () => {
  it("passes over every object there is once the caches are full, and again on each change", async () => {
    await world.store.create(configMap("a"));
    await world.store.create(configMap("b"));
    const seen: string[] = [];
    const { manager } = start(async (key, maps) => {
      const { namespace, name } = splitKey(key);
      seen.push(`${key} ${maps.get(namespace, name)?.data?.["x"] ?? "-"}`);
      return settled;
    });
    await manager.start();
    await settle();
    expect(seen).toEqual(["default/a -", "default/b -"]);
    await world.store.patch(refTo("a"), { type: "merge", body: { data: { x: "2" } } });
    await world.store.delete(refTo("b"));
    await settle();
    expect(seen.slice(2)).toEqual(["default/a 2", "default/b -"]);
    expect(manager.isIdle).toBe(true);
    await manager.stop();
  });

  it("never works twice on one key at a time, and on no more keys than it may", async () => {
    let working = new Set<string>();
    let most = 0;
    const { manager } = start(
      async (key) => {
        expect(working.has(key)).toBe(false);
        working = new Set([...working, key]);
        most = Math.max(most, working.size);
        await settle();
        working.delete(key);
        return settled;
      },
      { concurrency: 3 },
    );
    await manager.start();
    for (let index = 0; index < 20; index += 1) await world.store.create(configMap(`map-${index}`));
    for (let turn = 0; turn < 50; turn += 1) await settle();
    expect(manager.isIdle).toBe(true);
    expect(most).toBeLessThanOrEqual(3);
    expect(most).toBeGreaterThan(1);
    await manager.stop();
  });

  it("comes back after the time an outcome names", async () => {
    const atMs: number[] = [];
    const startMs = world.clock.now();
    const { manager } = start(async () => {
      atMs.push(world.clock.now() - startMs);
      return atMs.length < 3 ? requeueAfter(60_000, "test") : settled;
    });
    await manager.start();
    await world.store.create(configMap("a"));
    await pass(world.clock, 600_000);
    expect(atMs).toEqual([0, 60_000, 120_000]);
    await manager.stop();
  });

  it("tries failures again with growing pauses, and says so", async () => {
    const atMs: number[] = [];
    const startMs = world.clock.now();
    const { manager } = start(async () => {
      atMs.push(world.clock.now() - startMs);
      if (atMs.length < 5) throw new Error("the world is not ready");
      return settled;
    });
    await manager.start();
    await world.store.create(configMap("a"));
    await pass(world.clock, 1000);
    expect(atMs).toEqual([0, 1, 3, 7, 15]);
    expect(lines.filter((line) => line === "warn pass failed, trying again")).toHaveLength(4);
    await manager.stop();
  });

  const ending = { details: { causes: [{ reason: "NamespaceTerminating" }] } };
  it.each([
    ["somebody was quicker", new StoreError("Conflict", "changed"), 60_000, false],
    ["the namespace goes away", new StoreError("Forbidden", "ending", ending), 60_000, false],
    ["it is gone", new StoreError("NotFound", "not found"), 900, false],
    ["it has been missing for long", new StoreError("NotFound", "not found"), 5000, true],
    ["it may not", new StoreError("Forbidden", "no right"), 1, true],
  ])("warns of what is not already so: %s", async (_why, error, withinMs, isTold) => {
    const { manager } = start(async () => Promise.reject(error));
    await manager.start();
    await world.store.create(configMap("a"));
    await pass(world.clock, withinMs);
    expect(lines.includes("warn pass failed, trying again")).toBe(isTold);
    expect(lines).toContain(`${isTold ? "warn" : "debug"} pass failed, trying again`);
    await manager.stop();
  });

  it("a broken invariant stops that one object until it changes, and no other", async () => {
    const seen: string[] = [];
    const { manager } = start(async (key) => {
      seen.push(key);
      if (key.endsWith("bad")) throw new InvariantError("weights must sum to 100");
      return settled;
    });
    await manager.start();
    await world.store.create(configMap("bad"));
    await world.store.create(configMap("good"));
    await pass(world.clock, 60_000);
    expect(seen).toEqual(["default/bad", "default/good"]);
    expect(lines).toContain("error gave up on this object until it changes");
    await world.store.patch(refTo("bad"), { type: "merge", body: { data: { x: "1" } } });
    await settle();
    expect(seen).toEqual(["default/bad", "default/good", "default/bad"]);
    await manager.stop();
  });

  it("goes on when its observer fails", async () => {
    let count = 0;
    const { manager } = start(async () => settled, {
      passed: () => {
        count += 1;
        throw new Error("no room for metrics");
      },
    });
    await manager.start();
    await world.store.create(configMap("a"));
    await settle();
    await world.store.create(configMap("b"));
    await settle();
    expect(count).toBe(2);
    await manager.stop();
  });

  it("tells its observer what came of each pass", async () => {
    const told: string[] = [];
    const { manager } = start(async () => requeueAfter(1000, "why"), {
      passed: (line) => told.push(line),
    });
    await manager.start();
    await world.store.create(configMap("a"));
    await settle();
    expect(told).toEqual(["test default/a requeueAfter"]);
    await manager.stop();
  });

  it("lets a pass under way end before it stops, starts no other, and leaves no timers", async () => {
    let finish: () => void = () => undefined;
    let passes = 0;
    let isStopped = false;
    const { manager } = start(async (_key, _maps, signal) => {
      passes += 1;
      await new Promise<void>((resolve) => (finish = resolve));
      expect(signal.aborted).toBe(true);
      return requeueAfter(10, "again");
    });
    await manager.start();
    await world.store.create(configMap("a"));
    await settle();
    const stopping = manager.stop().then(() => (isStopped = true));
    await settle();
    expect(isStopped).toBe(false);
    finish();
    await stopping;
    await world.store.create(configMap("b"));
    await pass(world.clock, 60_000);
    expect(passes).toBe(1);
    expect(world.clock.nextAtMs).toBeUndefined();
  });

  it("shares one cache per kind", () => {
    const { manager, maps } = start(async () => settled);
    expect(manager.cache("v1", "ConfigMap")).toBe(maps);
    expect(manager.knownCache("v1", "ConfigMap")).toBe(maps);
    expect(manager.knownCache("v1", "Secret")).toBeUndefined();
  });
});

describe("caching store", () => {
  it("answers from the caches, and knows its own writes before their events arrive", async () => {
    const { manager } = start(async () => settled);
    await manager.start();
    const store = cachingStore(world.store, manager);
    const made = await store.create(configMap("a", { x: "1" }));
    expect(await store.get(refTo("a"))).toBe(made);
    const changed = await store.patch(refTo("a"), { type: "merge", body: { data: { x: "2" } } });
    expect(await store.get(refTo("a"))).toBe(changed);
    await manager.stop();
  });

  it("does not take a dry run or a Scale for the object", async () => {
    const { manager, maps } = start(async () => settled);
    await manager.start();
    const store = cachingStore(world.store, manager);
    await store.create(configMap("a"), { dryRun: true });
    expect(maps.get("default", "a")).toBeUndefined();
    await manager.stop();
  });
});
