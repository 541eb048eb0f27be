import { describe, expect, it, vi } from "vitest";
import type { ConfigMap } from "../api/kubernetes/workloads.ts";
import { createRng } from "../lib/rng.ts";
import { memoryStore } from "../objects/memory/memory.ts";
import { CacheIndex } from "./cache-index.ts";
import { silentLogger } from "./log.ts";
import { Manager } from "./manager.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("an index of a cache", () => {
  it("knows who names what: after a change, and when one is gone", async () => {
    const clock = new VirtualClock(0);
    const store = memoryStore({ clock, rng: createRng(1) });
    const manager = new Manager({ store, clock, log: silentLogger });
    const cache = manager.cache<ConfigMap>("v1", "ConfigMap");
    const index = new CacheIndex(cache, ({ data = {} }) => Object.keys(data));
    const named = (): readonly (readonly string[])[] =>
      ["a", "b", "c"].map((key) => index.get(key).map(({ metadata }) => metadata.name));
    const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "default" };
    const make = async (name: string, data: Record<string, string>): Promise<void> => {
      const metadata = { name, namespace: "default" };
      await store.create<ConfigMap>({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
    };
    await make("one", { a: "", b: "" });
    await make("two", { b: "" });
    await manager.start();
    expect(named()).toEqual([["one"], ["one", "two"], []]);
    const body = { data: { a: null, c: "" } };
    await store.patch({ ...ref, name: "one" }, { type: "merge", body });
    await vi.waitFor(() => expect(named()).toEqual([[], ["two", "one"], ["one"]]));
    await store.delete({ ...ref, name: "one" });
    await vi.waitFor(() => expect(named()).toEqual([[], ["two"], []]));
    await manager.stop();
  });
});
