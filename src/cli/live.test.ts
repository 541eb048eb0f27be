import { describe, expect, it } from "vitest";
import { memoryStore } from "../objects/memory/memory.ts";
import { StoreError, type ObjectStore } from "../objects/object-store.ts";
import { systemClock } from "../runtime/clock.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";
import { follow } from "./live.ts";

const scope = { apiVersion: "v1", kind: "ConfigMap", namespace: "default" };
const configMap = (
  name: string,
): { apiVersion: string; kind: string; metadata: { name: string; namespace: string } } => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
});
const never = 2 ** 30;

describe("following", () => {
  it("wakes for changes, also for one that came between two waits", async () => {
    const store = memoryStore({ clock: systemClock });
    const following = follow({
      store,
      scopes: [scope],
      clock: systemClock,
      signal: new AbortController().signal,
    });
    await following.changed(never);
    await store.create(configMap("a"));
    await following.changed(never);
    await store.create(configMap("b"));
    await new Promise((resolve) => setImmediate(resolve));
    await following.changed(never);
    following.end();
    await following.changed(never);
    expect(following.signal.aborted).toBe(true);
  });

  it("ends with its caller, or when its time is up", async () => {
    const clock = new VirtualClock(0);
    const store = memoryStore({ clock });
    const caller = new AbortController();
    const one = follow({ store, scopes: [], clock, signal: caller.signal });
    caller.abort();
    await one.changed(never);
    expect(one.signal.aborted).toBe(true);
    const two = follow({
      store,
      scopes: [],
      clock,
      signal: new AbortController().signal,
      timeoutMs: 5000,
    });
    clock.fireNext(10_000);
    await two.changed(never);
    expect([two.signal.aborted, clock.now()]).toEqual([true, 5000]);
  });

  it("asks again after a server that was gone, and fails with what is no server's fault", async () => {
    const clock = new VirtualClock(0);
    const memory = memoryStore({ clock });
    let isGone = true;
    const store: ObjectStore = Object.create(memory) as ObjectStore;
    store.list = async (...args) => {
      if (isGone) throw new StoreError("ServiceUnavailable", "gone");
      return memory.list(...args);
    };
    const following = follow({
      store,
      scopes: [scope],
      clock,
      signal: new AbortController().signal,
    });
    const changed = following.changed(never);
    await new Promise((resolve) => setImmediate(resolve));
    isGone = false;
    clock.fireNext(1000);
    await changed;
    following.end();

    store.list = async () => Promise.reject(new TypeError("a mistake"));
    const broken = follow({ store, scopes: [scope], clock, signal: new AbortController().signal });
    await expect(broken.changed(never)).rejects.toThrow("a mistake");
    broken.end();
  });
});
