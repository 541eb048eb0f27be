import { beforeEach, describe, expect, it } from "vitest";
import type { Lease } from "../api/kubernetes/workloads.ts";
import { StoreError, type ObjectStore } from "../objects/object-store.ts";
import type { Clock } from "./clock.ts";
import { fencedStore } from "./fenced-store.ts";
import {
  acquireLeadership,
  leaseTimesProblem,
  type LeaderElectionOptions,
  type Leadership,
} from "./leader-election.ts";
import {
  configMap,
  keptLog,
  newWorld,
  pass,
  refTo,
  settle,
  type World,
} from "./virtual-world.test-support.ts";

const ref = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  namespace: "argo-rollouts",
  name: "argo-rollouts-controller-lock",
};

let world: World;
let lines: string[];

beforeEach(async () => {
  world = newWorld();
  lines = [];
  const metadata = { name: ref.namespace };
  await world.store.create({ apiVersion: "v1", kind: "Namespace", metadata });
});

/** The store as one candidate reaches it: `isDown` while it does not. */
class Line {
  isDown = false;
  isHanging = false;
  writes = 0;
  readonly store: Pick<ObjectStore, "get" | "create" | "update">;

  constructor() {
    const over = async <T>(send: () => Promise<T>): Promise<T> => {
      if (this.isHanging) return new Promise(() => undefined);
      if (this.isDown) throw new StoreError("ServiceUnavailable", "nothing listens there");
      return send();
    };
    const write = async <T>(send: () => Promise<T>): Promise<T> => {
      const done = await over(send);
      this.writes += 1;
      return done;
    };
    this.store = {
      get: async (of) => over(async () => world.store.get(of)),
      create: async (object) => write(async () => world.store.create(object)),
      update: async (object) => write(async () => world.store.update(object)),
    };
  }
}

interface Candidate {
  readonly line: Line;
  readonly stop: AbortController;
  leadership: Leadership | undefined;
  failure: unknown;
}

function candidate(identity: string, { skewMs = 0 } = {}): Candidate {
  const line = new Line();
  const stop = new AbortController();
  const clock: Clock = {
    now: () => world.clock.now() + skewMs,
    after: (ms, fire) => world.clock.after(ms, fire),
  };
  const options: LeaderElectionOptions = {
    store: line.store,
    clock,
    log: keptLog(lines),
    namespace: ref.namespace,
    name: ref.name,
    identity,
    leaseDurationMs: 15_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2_000,
    random: () => 0.5,
  };
  const made: Candidate = { line, stop, leadership: undefined, failure: undefined };
  acquireLeadership(options, stop.signal).then(
    (leadership) => (made.leadership = leadership),
    (error: unknown) => (made.failure = error),
  );
  return made;
}

async function spec(): Promise<NonNullable<Lease["spec"]>> {
  const lease = await world.store.get<Lease>(ref);
  return lease?.spec ?? {};
}

function leads({ leadership }: Candidate): boolean {
  return leadership?.isHeld() === true;
}

describe("the first", () => {
  it("creates the lease and renews it, as Kubernetes writes it", async () => {
    const one = candidate("one");
    await pass(world.clock, 4_000);
    expect(leads(one)).toBe(true);
    expect(await spec()).toEqual({
      holderIdentity: "one",
      leaseDurationSeconds: 15,
      acquireTime: "2026-11-21T06:48:00.000000Z",
      renewTime: "2026-11-21T06:48:04.000000Z",
      leaseTransitions: 0,
    });
    expect(one.line.writes).toBe(3);
    await one.leadership?.release();
  });

  it("is told what keeps it waiting, once", async () => {
    const one = candidate("one");
    one.line.isDown = true;
    await pass(world.clock, 60_000);
    expect(leads(one)).toBe(false);
    expect(lines).toEqual(["info waiting for the lease"]);
    one.line.isDown = false;
    await pass(world.clock, 3_000);
    expect(leads(one)).toBe(true);
    await one.leadership?.release();
  });

  it("stops waiting when asked to", async () => {
    const [one, two] = [candidate("one"), candidate("two")];
    await pass(world.clock, 5_000);
    two.stop.abort(new Error("received SIGTERM"));
    await settle();
    expect(two.failure).toEqual(new Error("received SIGTERM"));
    await one.leadership?.release();
  });
});

describe("two candidates", () => {
  it("never lead both, and the second takes over when the first is silent for the lease's time", async () => {
    const [one, two] = [candidate("one"), candidate("two")];
    await pass(world.clock, 60_000);
    expect([leads(one), leads(two)]).toEqual([true, false]);
    one.line.isDown = true;
    let [heldByNobodyMs, bothLed] = [0, false];
    for (let ms = 0; ms < 20_000; ms += 100) {
      await pass(world.clock, 100);
      if (!leads(one) && !leads(two)) heldByNobodyMs += 100;
      bothLed ||= leads(one) && leads(two);
    }
    expect([leads(one), leads(two), bothLed]).toEqual([false, true, false]);
    expect(heldByNobodyMs).toBeGreaterThan(3_000);
    expect(await spec()).toMatchObject({ holderIdentity: "two", leaseTransitions: 1 });
    await two.leadership?.release();
  });

  it.each([-3_600_000, 3_600_000])(
    "do not care for the difference of their clocks (%i ms)",
    async (skewMs) => {
      const one = candidate("one");
      await settle();
      const two = candidate("two", { skewMs });
      await pass(world.clock, 120_000);
      expect([leads(one), leads(two)]).toEqual([true, false]);
      one.line.isDown = true;
      await pass(world.clock, 14_000);
      expect(leads(two)).toBe(false);
      await pass(world.clock, 5_000);
      expect([leads(one), leads(two)]).toEqual([false, true]);
      await two.leadership?.release();
    },
  );

  it("that start at the same moment get one leader between them", async () => {
    const candidates = ["one", "two", "three"].map((identity) => candidate(identity));
    await pass(world.clock, 30_000);
    expect(candidates.filter(leads)).toHaveLength(1);
    for (const { leadership, stop } of candidates) {
      stop.abort(new Error("the end"));
      await leadership?.release();
    }
  });

  it("a lease that was given back is taken by the next attempt", async () => {
    const [one, two] = [candidate("one"), candidate("two")];
    await pass(world.clock, 10_000);
    await one.leadership?.release();
    expect(one.leadership?.lost.aborted).toBe(true);
    expect(await spec()).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
    await pass(world.clock, 2_400);
    expect(leads(two)).toBe(true);
    await two.leadership?.release();
  });

  it("the lease of a holder that keeps a longer one is respected for that long", async () => {
    await world.store.create({
      ...{ apiVersion: ref.apiVersion, kind: ref.kind },
      metadata: { namespace: ref.namespace, name: ref.name },
      spec: { holderIdentity: "argo", leaseDurationSeconds: 60, leaseTransitions: 4 },
    } as Lease);
    const one = candidate("one");
    await pass(world.clock, 59_000);
    expect(leads(one)).toBe(false);
    await pass(world.clock, 4_000);
    expect([leads(one), (await spec()).leaseTransitions]).toEqual([true, 5]);
    await one.leadership?.release();
  });
});

describe("the holder", () => {
  async function leader(): Promise<{ one: Candidate; leadership: Leadership }> {
    const one = candidate("one");
    await pass(world.clock, 5_000);
    if (!one.leadership) throw new Error("no leader");
    return { one, leadership: one.leadership };
  }

  it("stops when it cannot renew in time, before anybody else could take over", async () => {
    const { one, leadership } = await leader();
    one.line.isDown = true;
    await pass(world.clock, 8_900);
    expect(leadership.isHeld()).toBe(true);
    await pass(world.clock, 200);
    expect(leadership.isHeld()).toBe(false);
    expect(leadership.lost.reason).toEqual(
      new Error(
        "the lease argo-rollouts-controller-lock is no longer ours: it could not be renewed within 10 s",
      ),
    );
  });

  it("stops, too, when a renewal gets no answer", async () => {
    const { one, leadership } = await leader();
    one.line.isHanging = true;
    await pass(world.clock, 10_000);
    expect([leadership.isHeld(), leadership.lost.aborted]).toEqual([false, true]);
  });

  it("stops at once when the time of day says that it was frozen", async () => {
    let [skewMs, leadership]: [number, Leadership | undefined] = [0, undefined];
    const clock: Clock = {
      now: () => world.clock.now() + skewMs,
      after: (ms, fire) => world.clock.after(ms, fire),
    };
    const times = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
    const options = {
      ...times,
      store: new Line().store,
      clock,
      log: keptLog(lines),
      random: () => 0,
    };
    void acquireLeadership(
      { ...options, namespace: ref.namespace, name: ref.name, identity: "one" },
      new AbortController().signal,
    ).then((held) => (leadership = held));
    await settle();
    const isHeld = (): boolean | undefined => leadership?.isHeld();
    expect(isHeld()).toBe(true);
    skewMs = 10_000;
    expect(isHeld()).toBe(false);
  });

  it("goes on when the API server was away for a moment", async () => {
    const { one, leadership } = await leader();
    one.line.isDown = true;
    await pass(world.clock, 6_000);
    one.line.isDown = false;
    await pass(world.clock, 60_000);
    expect(leadership.isHeld()).toBe(true);
    await leadership.release();
  });

  it("goes on when somebody annotates or deletes the lease", async () => {
    const { leadership } = await leader();
    await world.store.patch(ref, {
      type: "merge",
      body: { metadata: { annotations: { a: "b" } } },
    });
    await pass(world.clock, 15_000);
    expect(leadership.isHeld()).toBe(true);
    await world.store.delete(ref);
    await pass(world.clock, 15_000);
    expect([leadership.isHeld(), (await spec()).holderIdentity]).toEqual([true, "one"]);
    await leadership.release();
  });

  it("stops at once when somebody else has it", async () => {
    const { leadership } = await leader();
    const body = { spec: { holderIdentity: "two" } };
    await world.store.patch(ref, { type: "merge", body });
    await pass(world.clock, 2_000);
    expect(leadership.lost.reason).toEqual(
      new Error("the lease argo-rollouts-controller-lock is no longer ours: it is now held by two"),
    );
    await leadership.release();
    expect((await spec()).holderIdentity).toBe("two");
  });

  it("does not write after it has given the lease back", async () => {
    const { one, leadership } = await leader();
    await leadership.release();
    const { writes } = one.line;
    await pass(world.clock, 60_000);
    expect(one.line.writes).toBe(writes);
    expect(world.clock.nextAtMs).toBeUndefined();
  });

  it("says so when the lease cannot be given back", async () => {
    const { one, leadership } = await leader();
    one.line.isDown = true;
    await leadership.release();
    expect(lines.at(-1)).toBe("warn the lease was not given back; others wait until it runs out");
  });
});

describe("a fenced store", () => {
  it("reads always, and writes nothing once the lease is lost", async () => {
    let isOpen = true;
    const store = fencedStore(world.store, () => isOpen);
    await store.create(configMap("a"));
    isOpen = false;
    const refusal = expect.objectContaining({ reason: "ServiceUnavailable" }) as unknown;
    await expect(store.create(configMap("b"))).rejects.toEqual(refusal);
    await expect(store.update(configMap("a", { x: "1" }))).rejects.toEqual(refusal);
    await expect(store.patch(refTo("a"), { type: "merge", body: {} })).rejects.toEqual(refusal);
    await expect(store.delete(refTo("a"))).rejects.toEqual(refusal);
    expect((await store.get(refTo("a")))?.metadata.name).toBe("a");
  });
});

describe("times that leave no room", () => {
  const usual = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
  it.each([
    [{}, undefined],
    [{ leaseDurationMs: 10_000 }, "the lease duration must be longer than the renew deadline"],
    [{ leaseDurationMs: 999 }, "the lease duration must be at least 1s"],
    [{ retryPeriodMs: 9_000 }, "the renew deadline must be longer than 1.2 times the retry period"],
    [{ retryPeriodMs: 0 }, "the retry period must be longer than 0"],
  ])("%j", (change, problem) => {
    expect(leaseTimesProblem({ ...usual, ...change })).toBe(problem);
  });
});
