import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/meta/object.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { memoryStore } from "../memory/memory.ts";
import { isStoreError, type ObjectStore } from "../object-store.ts";
import { faultyStore, noCounts, type FaultPlan, type WriteFault } from "./faulty.ts";

function config(name: string): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } };
}

const scope = { apiVersion: "v1", kind: "ConfigMap" };

function setUp(plan: FaultPlan): {
  readonly real: ObjectStore;
  readonly faulty: ObjectStore;
  readonly clock: VirtualClock;
  readonly crashes: () => number;
} {
  const clock = new VirtualClock(0);
  const real = memoryStore({ clock });
  let crashes = 0;
  const faulty = faultyStore(real, {
    plan,
    clock,
    counts: noCounts(),
    crash: () => (crashes += 1),
  });
  return { real, faulty, clock, crashes: () => crashes };
}

async function names(store: ObjectStore): Promise<readonly string[]> {
  return (await store.list(scope)).items.map(({ metadata }) => metadata.name);
}

async function turns(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

describe("a write that fails", () => {
  it("kills a process once, also when two writes at a time were to be its last", async () => {
    const { faulty, crashes } = setUp({ write: () => "crashAfterCommit" });
    void faulty.create(config("a"));
    void faulty.create(config("b"));
    await turns();
    expect(crashes()).toBe(1);
  });

  it("lets another process take over, and goes on itself", async () => {
    const clock = new VirtualClock(0);
    const real = memoryStore({ clock });
    let rivals = 0;
    const plan: FaultPlan = { write: (nth) => (nth === 1 ? "rivalAfterCommit" : undefined) };
    const rival = (): void => void (rivals += 1);
    const crash = (): never => {
      throw new Error("nobody dies here");
    };
    const faulty = faultyStore(real, { plan, clock, counts: noCounts(), crash, rival });
    await faulty.create(config("a"));
    await faulty.create(config("b"));
    expect({ rivals, left: await names(real) }).toEqual({ rivals: 1, left: ["a", "b"] });
  });

  it.each<[WriteFault, string, readonly string[]]>([
    ["conflict", "Conflict", ["a", "c"]],
    ["internalError", "InternalError", ["a", "c"]],
    ["timeoutAfterCommit", "Timeout", ["a", "b", "c"]],
  ])("%s is reported as %s", async (fault, reason, left) => {
    const { real, faulty } = setUp({ write: (nth) => (nth === 2 ? fault : undefined) });
    await faulty.create(config("a"));
    const failure: unknown = await faulty.create(config("b")).catch((error: unknown) => error);
    expect(isStoreError(failure) && failure.reason).toBe(reason);
    await faulty.create(config("c"));
    expect(await names(real)).toEqual(left);
  });

  it.each<[WriteFault, readonly string[]]>([
    ["crashBeforeCommit", []],
    ["crashAfterCommit", ["a"]],
  ])("%s never answers", async (fault, left) => {
    const { real, faulty, crashes } = setUp({ write: () => fault });
    let hasAnswered = false;
    void faulty.create(config("a")).finally(() => (hasAnswered = true));
    await turns();
    expect({ hasAnswered, crashes: crashes(), left: await names(real) }).toEqual({
      hasAnswered: false,
      crashes: 1,
      left,
    });
  });
});

describe("a watch", () => {
  async function seen(plan: FaultPlan): Promise<readonly string[]> {
    const { real, faulty, clock } = setUp(plan);
    const stop = new AbortController();
    const found: string[] = [];
    const following = (async () => {
      for await (const event of faulty.watch(scope, { resourceVersion: "", signal: stop.signal })) {
        if (event.type !== "BOOKMARK") found.push(`${clock.now()} ${event.object.metadata.name}`);
      }
    })();
    for (const name of ["a", "b", "c"]) await real.create(config(name));
    await turns();
    while (clock.fireNext(60_000)) await turns();
    stop.abort();
    await following;
    return found;
  }

  it("loses exactly the event it is told to lose", async () => {
    expect(await seen({ event: (nth) => (nth === 2 ? { kind: "lost" } : undefined) })).toEqual([
      "0 a",
      "0 c",
    ]);
  });

  it("keeps the order behind a late event", async () => {
    expect(
      await seen({ event: (nth) => (nth === 2 ? { kind: "late", byMs: 3000 } : undefined) }),
    ).toEqual(["0 a", "3000 b", "3000 c"]);
  });
});

it("lists an older state when told to", async () => {
  const { faulty } = setUp({ list: (nth) => (nth === 1 ? 1 : undefined) });
  await faulty.create(config("a"));
  await faulty.create(config("b"));
  expect(await names(faulty)).toEqual(["a"]);
  expect(await names(faulty)).toEqual(["a", "b"]);
});
