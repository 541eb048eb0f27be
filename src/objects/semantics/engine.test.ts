import { beforeEach, describe, expect, it } from "vitest";
import type { ConfigMap } from "../../api/kubernetes/workloads.ts";
import { refOf, type KubeObject, type ObjectMeta } from "../../api/meta/object.ts";
import { createRng } from "../../lib/rng.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { memoryStore } from "../memory/memory.ts";
import { isStoreError, StoreError, type ObjectStore, type WatchEvent } from "../object-store.ts";
import type { Engine, EngineOptions } from "./engine-options.ts";
import { createEngine } from "./engine.ts";
import type { Change, Stored } from "./stored.ts";

const startMs = Date.parse("2026-11-21T06:48:00.900Z");
let clock: VirtualClock;

beforeEach(() => {
  clock = new VirtualClock(startMs);
});

function configMap(name: string, metadata: Partial<ObjectMeta> = {}): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "default", ...metadata },
    data: { a: "1" },
  };
}

function watching(store: ObjectStore, signal: AbortSignal): AsyncIterator<WatchEvent<KubeObject>> {
  const scope = { apiVersion: "v1", kind: "ConfigMap" };
  return store.watch(scope, { resourceVersion: "1", signal })[Symbol.asyncIterator]();
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function nextOf(
  watch: AsyncIterator<WatchEvent<KubeObject>>,
): Promise<WatchEvent<KubeObject> | undefined> {
  const { value } = (await watch.next()) as { value: WatchEvent<KubeObject> | undefined };
  return value;
}

describe("determinism", () => {
  async function story(): Promise<string> {
    const store = memoryStore({ clock: new VirtualClock(startMs), rng: createRng(7) });
    const events: unknown[] = [];
    const abort = new AbortController();
    const watching = (async () => {
      const scope = { apiVersion: "v1", kind: "ConfigMap" };
      for await (const event of store.watch(scope, { resourceVersion: "1", signal: abort.signal }))
        events.push(event);
    })();
    const metadata: ObjectMeta = { name: "", namespace: "default", generateName: "owner-" };
    const owner = await store.create({ ...configMap(""), metadata });
    const reference = {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: owner.metadata.name,
      uid: owner.metadata.uid ?? "",
    };
    await Promise.all(
      ["x", "y", "z"].map(async (name) =>
        store.create(configMap(name, { ownerReferences: [reference] })),
      ),
    );
    await store.delete(refOf(owner));
    await settle();
    abort.abort();
    await watching;
    return JSON.stringify(events);
  }

  it("one seed gives one history: names, uids, versions, order of garbage collection", async () => {
    const first = await story();
    expect(await story()).toBe(first);
    expect((JSON.parse(first) as { type: string }[]).map(({ type }) => type)).toEqual([
      ...Array<string>(4).fill("ADDED"),
      ...Array<string>(4).fill("DELETED"),
    ]);
  });

  it("needs no timer unless bookmarks are to come by time", async () => {
    const store = memoryStore({ clock });
    const abort = new AbortController();
    const watch = watching(store, abort.signal);
    const first = watch.next();
    await store.create(configMap("a"));
    await first;
    expect(clock.nextAtMs).toBeUndefined();
    const telling = memoryStore({ clock, bookmarkEveryMs: 60_000 });
    const quiet = watching(telling, abort.signal);
    const bookmark = nextOf(quiet);
    await settle();
    clock.fireNext(clock.now() + 60_000);
    expect(await bookmark).toEqual({ type: "BOOKMARK", resourceVersion: "1" });
    await quiet.return?.();
    expect(clock.nextAtMs).toBeUndefined();
  });

  it("times are whole seconds of the clock, rounded down", async () => {
    expect((await memoryStore({ clock }).create(configMap("a"))).metadata.creationTimestamp).toBe(
      "2026-11-21T06:48:00Z",
    );
  });
});

describe("what callers hold cannot change the store", () => {
  it("neither through what they gave nor through what they got", async () => {
    const store = memoryStore({ clock });
    const data: Record<string, string> = { a: "1" };
    const given = { ...configMap("a"), data };
    const got = await store.create(given);
    data["a"] = "2";
    expect(() => Object.assign(got.data, { a: "3" })).toThrow(TypeError);
    expect(await store.get<ConfigMap>(refOf(got))).toMatchObject({ data: { a: "1" } });
  });
});

describe("admission", () => {
  function withAdmission(admission: NonNullable<EngineOptions["admission"]>): Engine {
    return memoryStore({ clock, admission });
  }

  it("may default, and its defaults count as there from the beginning", async () => {
    const store = withAdmission(({ object }) => ({ replicas: 1, ...object }) as KubeObject);
    const made = await store.create(configMap("a"));
    expect(made).toMatchObject({ replicas: 1, metadata: { generation: 1 } });
    const again = await store.patch(refOf(made), { type: "merge", body: { replicas: null } });
    expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  it("may refuse, and then nothing is written", async () => {
    const store = withAdmission(({ operation, object }) => {
      if (object.metadata.name === "bad" || operation === "update")
        throw new StoreError("Invalid", "no");
      return object;
    });
    const before = store.version();
    await expect(store.create(configMap("bad"))).rejects.toThrow("no");
    expect(store.version()).toBe(before);
    const made = await store.create(configMap("good"));
    await expect(
      store.patch(refOf(made), { type: "merge", body: { data: { a: "2" } } }),
    ).rejects.toThrow("no");
  });

  it("cannot choose uid, name or version", async () => {
    const store = withAdmission(({ object }) => ({
      ...object,
      metadata: { ...object.metadata, name: "other", uid: "mine", labels: { added: "yes" } },
    }));
    const made = await store.create(configMap("a"));
    expect(made.metadata).toMatchObject({ name: "a", labels: { added: "yes" } });
    expect(made.metadata.uid).not.toBe("mine");
  });

  it("is told what is written, and over what", async () => {
    const seen: string[] = [];
    const store = withAdmission(({ operation, subresource = "-", object, old }) => {
      seen.push(
        `${operation} ${subresource} ${object.kind} ${old?.metadata.resourceVersion ?? "new"}`,
      );
      return object;
    });
    const metadata: ObjectMeta = { name: "p", namespace: "default" };
    const made = await store.create({ apiVersion: "v1", kind: "Pod", metadata });
    await store.update({ ...made, status: { phase: "Running" } } as KubeObject, {
      subresource: "status",
    });
    expect(seen.slice(1)).toEqual([
      "create - Pod new",
      `update status Pod ${made.metadata.resourceVersion ?? ""}`,
    ]);
  });
});

describe("the journal", () => {
  it("a change it refuses is not made, and nobody hears of it", async () => {
    let isFull = false;
    const kept: Change[] = [];
    const journal = {
      write(change: Change): void {
        if (isFull) throw new StoreError("ServiceUnavailable", "disk full");
        kept.push(change);
      },
    };
    let uids = 0;
    const store = createEngine({
      clock,
      rng: createRng(1),
      newUid: () => `u${(uids += 1)}`,
      journal,
    });
    const made = await store.create(configMap("a"));
    isFull = true;
    const before = store.version();
    await expect(store.update({ ...made, data: { a: "2" } })).rejects.toThrow("disk full");
    await expect(store.delete(refOf(made))).rejects.toThrow("disk full");
    expect(store.version()).toBe(before);
    expect(await store.get(refOf(made))).toEqual(made);
    isFull = false;
    await store.update({ ...made, data: { a: "2" } });
    expect(kept.map(({ version, type }) => `${version} ${type}`)).toEqual([
      "1 ADDED",
      "2 ADDED",
      "3 MODIFIED",
    ]);
  });

  it("garbage collection that could not be written is tried again later", async () => {
    let isFull = false;
    const failures: unknown[] = [];
    const journal = {
      write({ object }: Change): void {
        if (isFull && object.metadata.name === "child")
          throw new StoreError("ServiceUnavailable", "disk full");
      },
    };
    let uids = 0;
    const store = createEngine({
      clock,
      rng: createRng(1),
      newUid: () => `u${(uids += 1)}`,
      journal,
      onBackgroundError: (error) => failures.push(error),
    });
    const owner = await store.create(configMap("owner"));
    const reference = {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "owner",
      uid: owner.metadata.uid ?? "",
    };
    const child = await store.create(configMap("child", { ownerReferences: [reference] }));
    isFull = true;
    await store.delete(refOf(owner));
    await settle();
    expect(await store.get(refOf(child))).toBeDefined();
    expect(failures).toHaveLength(1);
    isFull = false;
    clock.fireNext(clock.now() + 10_000);
    await settle();
    expect(await store.get(refOf(child))).toBeUndefined();
  });
});

describe("garbage collection after a restart", () => {
  const meta = (name: string, more: object): Stored["metadata"] => ({
    name,
    namespace: "default",
    uid: name,
    resourceVersion: "1",
    generation: 1,
    creationTimestamp: "2026-11-21T06:48:00Z",
    ...more,
  });

  function restarted(objects: readonly object[]): Engine {
    let uids = 0;
    const initial = { objects: objects as readonly Stored[], version: 100, changes: [] };
    return createEngine({ clock, rng: createRng(1), newUid: () => `new-${(uids += 1)}`, initial });
  }

  const map = (name: string, more: object = {}): object => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: meta(name, more),
  });
  const ref = (
    name: string,
  ): { apiVersion: string; kind: string; namespace: string; name: string } => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    namespace: "default",
    name,
  });
  const owned = (uid: string, more: object = {}): object => ({
    ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: uid, uid, ...more }],
  });

  it("finds those whose owner went while nobody looked", async () => {
    const store = restarted([
      map("orphan", owned("gone")),
      map("owner"),
      map("child", owned("owner")),
    ]);
    await settle();
    expect(await store.get(ref("orphan"))).toBeUndefined();
    expect(await store.get(ref("child"))).toBeDefined();
  });

  it("finishes a foreground deletion and an orphaning that were under way", async () => {
    const ending = { deletionTimestamp: "2026-11-21T06:48:00Z", deletionGracePeriodSeconds: 0 };
    const store = restarted([
      map("front", { ...ending, finalizers: ["foregroundDeletion"] }),
      map("front-child", owned("front", { blockOwnerDeletion: true })),
      map("letting-go", { ...ending, finalizers: ["orphan"] }),
      map("kept", owned("letting-go")),
    ]);
    await settle();
    expect(await store.get(ref("front"))).toBeUndefined();
    expect(await store.get(ref("front-child"))).toBeUndefined();
    expect(await store.get(ref("letting-go"))).toBeUndefined();
    expect((await store.get(ref("kept")))?.metadata.ownerReferences).toBeUndefined();
  });

  it("finishes the end of a namespace", async () => {
    const namespace = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        ...meta("ending", { deletionTimestamp: "2026-11-21T06:48:00Z" }),
        namespace: undefined,
      },
      status: { phase: "Terminating" },
    };
    const store = restarted([
      namespace,
      { ...map("inside"), metadata: meta("inside", { namespace: "ending" }) },
    ]);
    await settle();
    expect(
      await store.get({ apiVersion: "v1", kind: "Namespace", namespace: "", name: "ending" }),
    ).toBeUndefined();
  });

  it("leaves objects alone whose owners are of kinds it does not know", async () => {
    const strange = {
      ownerReferences: [{ apiVersion: "example.com/v1", kind: "Thing", name: "x", uid: "x" }],
    };
    const store = restarted([map("child", strange)]);
    await settle();
    expect(await store.get(ref("child"))).toBeDefined();
  });
});

describe("a closed store", () => {
  it("ends its watches and refuses everything", async () => {
    const store = memoryStore({ clock });
    const watch = watching(store, new AbortController().signal);
    const waiting = watch.next();
    store.close();
    expect(await waiting).toEqual({ value: undefined, done: true });
    const refusal = await store
      .get({ apiVersion: "v1", kind: "Pod", namespace: "default", name: "x" })
      .catch((error: unknown) => error);
    expect(isStoreError(refusal, "ServiceUnavailable")).toBe(true);
  });
});

describe("events", () => {
  const event = (name: string, lastTimestamp?: string): KubeObject => ({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace: "default" },
    ...(lastTimestamp ? { lastTimestamp } : {}),
  });

  it("go after their time, those seen again later than others", async () => {
    const store = memoryStore({ clock, eventLifeMs: 3_600_000 });
    const names = async (): Promise<readonly string[]> =>
      (await store.list({ apiVersion: "v1", kind: "Event" })).items.map(
        ({ metadata }) => metadata.name,
      );
    await store.create(event("old"));
    await store.create(event("seen-again", "2026-11-21T07:30:00Z"));
    clock.fireNext(startMs + 3_500_000);
    await store.create(event("fresh"));
    expect(await names()).toEqual(["fresh", "old", "seen-again"]);
    clock.fireNext(startMs + 3_700_000);
    await store.create(event("fresher"));
    expect(await names()).toEqual(["fresh", "fresher", "seen-again"]);
  });

  it("stay where no life is given", async () => {
    const store = memoryStore({ clock });
    await store.create(event("old"));
    clock.fireNext(startMs + 1e9);
    await store.create(event("new"));
    expect((await store.list({ apiVersion: "v1", kind: "Event" })).items).toHaveLength(2);
  });
});
