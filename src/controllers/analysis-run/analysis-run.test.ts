import { beforeEach, describe, expect, it } from "vitest";
import type { AnalysisRun, AnalysisRunSpec, Metric } from "../../api/argo/analysis.ts";
import type { Job, KubeEvent, Secret } from "../../api/kubernetes/workloads.ts";
import { createRng } from "../../lib/rng.ts";
import { stringInput } from "../../lib/expr/expr.ts";
import { toBase64 } from "../../lib/base64.ts";
import { fakeProvider } from "../../metrics/fake/fake.ts";
import { createProvider } from "../../metrics/registry.ts";
import { ProviderError, type MetricAnswer, type MetricProvider } from "../../metrics/provider.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { StoreError, type ObjectStore } from "../../objects/object-store.ts";
import { storeEventRecorder } from "../../runtime/events.ts";
import { silentLogger } from "../../runtime/log.ts";
import { Manager } from "../../runtime/manager.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { analysisRunController } from "./analysis-run.ts";
import type { ProviderOf } from "./ask.ts";

const startMs = Date.parse("2026-11-21T00:00:00Z");
const ref = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  namespace: "default",
  name: "run",
};

interface World {
  readonly clock: VirtualClock;
  readonly store: ObjectStore;
  manager: Manager;
}

let uids = 0;
let world: World;

const turn = async () => new Promise<void>((resolve) => setImmediate(resolve));

async function settle(): Promise<void> {
  for (let calm = 0; calm < 5;) {
    await turn();
    calm = world.manager.isIdle ? calm + 1 : 0;
  }
}

async function until(second: number): Promise<void> {
  await settle();
  while (world.clock.fireNext(startMs + second * 1000)) await settle();
  await settle();
}

async function start(
  providerOf?: ProviderOf,
  store: ObjectStore = world.store,
  untilServed?: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { clock } = world;
  const manager = new Manager({ store, clock, log: silentLogger });
  const events = storeEventRecorder({ store, clock, component: "rollouts-controller" });
  const context = { store, env: {}, traffic: undefined };
  const isFake = (metric: Metric): boolean =>
    JSON.stringify(metric.provider).includes(fakeProvider.kind);
  const fromRegistry: ProviderOf = (metric) =>
    isFake(metric) ? fakeProvider.create(metric, context) : createProvider(metric, context);
  manager.add(
    analysisRunController({
      manager,
      store,
      clock,
      events,
      log: silentLogger,
      providerOf: providerOf ?? fromRegistry,
      untilServed,
    }),
  );
  world.manager = manager;
  await manager.start();
}

async function create(spec: AnalysisRunSpec): Promise<void> {
  const run: AnalysisRun = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: "run", namespace: "default" },
    spec,
  };
  await world.store.create(run);
}

const read = async () => world.store.get<AnalysisRun>(ref);
const fake = (...answers: readonly unknown[]) =>
  ({
    plugin: { "haldane.dev/fake": { answers } },
  }) as AnalysisRunSpec["metrics"][number]["provider"];

async function eventsToldInOrder(): Promise<readonly string[]> {
  const { items } = await world.store.list<KubeEvent>({ apiVersion: "v1", kind: "Event" });
  return items.map(({ reason, message }) => `${reason ?? ""}: ${message ?? ""}`).sort();
}

beforeEach(() => {
  const clock = new VirtualClock(startMs);
  const store = memoryStore({
    clock,
    rng: createRng(1),
    newUid: () => `uid-${String((uids += 1))}`,
  });
  world = { clock, store, manager: new Manager({ store, clock, log: silentLogger }) };
});

describe("the AnalysisRun controller", () => {
  it("measures only once users meet what was decided", async () => {
    let serve: () => void = () => undefined;
    const served = new Promise<void>((resolve) => (serve = resolve));
    let live = "old";
    const provider: MetricProvider = {
      type: "Live",
      measure: async () => ({ kind: "value", text: live, result: stringInput(live) }),
    };
    await start(
      () => provider,
      world.store,
      async () => served,
    );
    const metric = { name: "m", provider: fake(), successCondition: 'result == "new"' };
    await create({ metrics: [metric] });
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect((await read())?.status?.metricResults?.[0]?.measurements ?? []).toEqual([]);
    live = "new";
    serve();
    await settle();
    expect((await read())?.status).toMatchObject({
      phase: "Successful",
      metricResults: [{ measurements: [{ phase: "Successful", value: "new" }] }],
    });
  });

  it("takes no measurement for a pass when nobody can say whether it is served", async () => {
    await start(undefined, world.store, async () => {
      throw new Error("the gateway does not answer");
    });
    await create({ metrics: [{ name: "m", provider: fake(1), successCondition: "result == 1" }] });
    await until(5);
    expect((await read())?.status?.metricResults?.[0]?.measurements?.[0]).toMatchObject({
      phase: "Error",
      message: "the gateway does not answer",
    });
  });

  it("plays a run to its end and tells it", async () => {
    await start();
    const provider = fake(1, { error: "boom" }, 2);
    await create({
      metrics: [{ name: "m", provider, count: 2, interval: "30s", successCondition: "result < 5" }],
    });
    await until(100);
    expect((await read())?.status).toEqual({
      phase: "Successful",
      startedAt: "2026-11-21T00:00:00Z",
      completedAt: "2026-11-21T00:00:40Z",
      runSummary: { count: 1, successful: 1 },
      metricResults: [
        {
          name: "m",
          phase: "Successful",
          count: 2,
          successful: 2,
          error: 1,
          consecutiveError: 0,
          consecutiveSuccess: 1,
          measurements: [
            {
              phase: "Successful",
              value: "1",
              startedAt: "2026-11-21T00:00:00Z",
              finishedAt: "2026-11-21T00:00:00Z",
            },
            {
              phase: "Error",
              message: "boom",
              startedAt: "2026-11-21T00:00:30Z",
              finishedAt: "2026-11-21T00:00:30Z",
            },
            {
              phase: "Successful",
              value: "2",
              startedAt: "2026-11-21T00:00:40Z",
              finishedAt: "2026-11-21T00:00:40Z",
            },
          ],
        },
      ],
    });
    expect(await eventsToldInOrder()).toEqual([
      "AnalysisRunSuccessful: Analysis Completed. Result: Successful",
      "MetricSuccessful: Metric 'm' Completed. Result: Successful",
    ]);
    await world.manager.stop();
  });

  it("writes nothing more once a run has ended", async () => {
    await start();
    await create({ metrics: [{ name: "m", provider: fake(1) }] });
    await until(1);
    const before = (await read())?.metadata.resourceVersion;
    await until(3600);
    expect((await read())?.metadata.resourceVersion).toBe(before);
    await world.manager.stop();
  });

  it("deletes a run whose time to live is over", async () => {
    await start();
    await create({
      metrics: [{ name: "m", provider: fake(1) }],
      ttlStrategy: { secondsAfterCompletion: 60 },
    });
    await until(59);
    expect(await read()).toBeDefined();
    await until(62);
    expect(await read()).toBeUndefined();
    await world.manager.stop();
  });

  it.each([
    [
      "an unknown provider",
      { web2: {} },
      /no valid provider in metric 'm': web2 is not known, did you mean web\?/,
    ],
    [
      "a plugin of Argo's",
      { plugin: { "acme/metrics": {} } },
      /provider\.plugin\["acme\/metrics"\] is an external plugin of Argo Rollouts.*provider\.web.*providers: prometheus, job/,
    ],
  ])(
    "a provider that cannot be built is an Error measurement: %s",
    async (_name, provider, message) => {
      await start();
      await create({ metrics: [{ name: "m", provider, consecutiveErrorLimit: 0 }] });
      await until(1);
      const status = (await read())?.status;
      expect(status?.phase).toBe("Error");
      expect(status?.metricResults?.[0]?.measurements?.[0]?.message).toMatch(message);
      await world.manager.stop();
    },
  );

  it.each([
    ["no metrics", {}, "Analysis spec invalid: spec.metrics: is required"],
    [
      "a condition that is no text must not be left out",
      { metrics: [{ name: "m", provider: fake(9), failureCondition: 5 }] },
      "Analysis spec invalid: spec.metrics[0].failureCondition: must be text, but is 5",
    ],
    [
      "a metric without provider",
      { metrics: [{ name: "m" }] },
      "Analysis spec invalid: spec.metrics[0].provider: is required",
    ],
  ])("a run that cannot be read ends as Error: %s", async (_name, spec, message) => {
    await start();
    await create(spec as unknown as AnalysisRunSpec);
    await until(1);
    expect((await read())?.status).toMatchObject({ phase: "Error", message });
    await world.manager.stop();
  });

  it("reads secrets when it measures, and never shows them", async () => {
    const seen: string[] = [];
    await start((metric) => ({
      type: "Spy",
      measure: async () => {
        seen.push(JSON.stringify(metric.provider));
        return { kind: "error", message: `refused ${JSON.stringify(metric.provider)}` };
      },
    }));
    const secret: Secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "api", namespace: "default" },
      data: { token: toBase64("hunter2") },
    };
    await world.store.create(secret);
    const args = [{ name: "t", valueFrom: { secretKeyRef: { name: "api", key: "token" } } }];
    await create({
      args,
      metrics: [
        { name: "m", provider: { web: { url: "http://x/{{args.t}}" } }, consecutiveErrorLimit: 1 },
      ],
    });
    await until(1);
    await world.store.patch(
      { apiVersion: "v1", kind: "Secret", namespace: "default", name: "api" },
      { type: "merge", body: { data: { token: toBase64("changed") } } },
    );
    await until(11);
    expect(seen).toEqual([
      '{"web":{"url":"http://x/hunter2"}}',
      '{"web":{"url":"http://x/changed"}}',
    ]);
    const text = JSON.stringify((await read())?.status);
    expect(text).not.toMatch(/hunter2|changed/);
    expect(text).toContain("http://x/*****");
    await world.manager.stop();
  });

  it("ends a run whose secret does not exist", async () => {
    await start();
    const args = [{ name: "t", valueFrom: { secretKeyRef: { name: "api", key: "token" } } }];
    await create({ args, metrics: [{ name: "m", provider: fake("{{args.t}}") }] });
    await until(1);
    expect((await read())?.status).toMatchObject({
      phase: "Error",
      message: 'Unable to resolve metric arguments: secrets "api" not found',
      completedAt: "2026-11-21T00:00:00Z",
    });
    await world.manager.stop();
  });

  it("measures side by side: a slow metric does not hold up another of the same pass", async () => {
    let open = 0;
    let most = 0;
    await start(() => ({
      type: "Slow",
      measure: async () => {
        open += 1;
        most = Math.max(most, open);
        await turn();
        open -= 1;
        return { kind: "phase", phase: "Successful" };
      },
    }));
    await create({
      metrics: ["a", "b", "c"].map((name) => ({ name, provider: { web: { url: "http://x" } } })),
    });
    await until(1);
    expect(most).toBe(3);
    expect((await read())?.status?.phase).toBe("Successful");
    await world.manager.stop();
  });

  it("gives up on a provider that never answers", async () => {
    await start(() => ({
      type: "Deaf",
      measure: async () => new Promise<MetricAnswer>(() => undefined),
    }));
    await create({
      metrics: [{ name: "m", provider: { web: { url: "http://x" } }, consecutiveErrorLimit: 0 }],
    });
    await settleWhileBusy();
    world.clock.fireNext(startMs + 301_000);
    await until(302);
    const status = (await read())?.status;
    expect(status?.metricResults?.[0]?.measurements?.[0]?.message).toBe(
      "provider Deaf gave no answer within 5m0s",
    );
    expect(status?.phase).toBe("Error");
    await world.manager.stop();
  });

  it("a run terminated while a provider is at work ends at once, without a measurement", async () => {
    const provider: MetricProvider = {
      type: "Deaf",
      measure: async () => new Promise<MetricAnswer>(() => undefined),
    };
    await start(() => provider);
    await create({ metrics: [{ name: "m", provider: { web: { url: "http://x" } } }] });
    await settleWhileBusy();
    await world.store.patch(ref, { type: "merge", body: { spec: { terminate: true } } });
    await until(1);
    const status = (await read())?.status;
    expect(status).toMatchObject({ phase: "Successful", message: "Run Terminated" });
    expect(status?.metricResults).toBeUndefined();
    await world.manager.stop();
  });

  it("keeps what was measured when the spec changed meanwhile", async () => {
    let isFirst = true;
    await start(() => ({
      type: "Changer",
      measure: async () => {
        if (isFirst)
          await world.store.patch(ref, {
            type: "merge",
            body: { metadata: { labels: { touched: "yes" } } },
          });
        isFirst = false;
        return { kind: "phase", phase: "Successful", text: "1" };
      },
    }));
    await create({ metrics: [{ name: "m", provider: { web: { url: "http://x" } } }] });
    await until(1);
    const run = await read();
    expect(run?.metadata.labels).toEqual({ touched: "yes" });
    expect(run?.status?.metricResults?.[0]?.count).toBe(1);
    await world.manager.stop();
  });

  it("after a crash between measuring and saving, a Job is adopted and not made twice", async () => {
    const { store } = world;
    let crashes = true;
    const crashing = beforePatch(store, (kind) => {
      if (crashes && kind === "AnalysisRun") throw new StoreError("InternalError", "crash");
    });
    await start(undefined, crashing);
    const job = {
      spec: {
        template: { spec: { containers: [{ name: "c", image: "x" }], restartPolicy: "Never" } },
      },
    };
    await create({ metrics: [{ name: "m", provider: { job } }] });
    await settleWhileBusy();
    await world.manager.stop();
    crashes = false;
    await start(undefined, crashing);
    await until(1);
    const { items } = await store.list({ apiVersion: "batch/v1", kind: "Job" });
    const uid = (await read())?.metadata.uid ?? "";
    expect(items.map(({ metadata }) => metadata.name)).toEqual([`${uid}.m.1`]);
    expect((await read())?.status?.metricResults?.[0]?.measurements).toHaveLength(1);

    const jobRef = {
      apiVersion: "batch/v1",
      kind: "Job",
      namespace: "default",
      name: `${uid}.m.1`,
    };
    const conditions = [{ type: "Complete", status: "True" }];
    await store.patch(
      jobRef,
      { type: "merge", body: { status: { conditions } } },
      { subresource: "status" },
    );
    await settle();
    expect((await read())?.status?.phase).toBe("Successful");
    await world.manager.stop();
  });

  it("whichever write is the last before a crash, no measurement is counted twice and no Job made twice", async () => {
    const job = {
      spec: {
        template: { spec: { containers: [{ name: "c", image: "x" }], restartPolicy: "Never" } },
      },
    };
    const spec: AnalysisRunSpec = {
      metrics: [
        { name: "j", provider: { job }, count: 2, interval: "5s" },
        {
          name: "f",
          provider: fake(1, { error: "x" }, 2),
          count: 2,
          interval: "5s",
          successCondition: "result < 5",
        },
      ],
    };
    const endOf = async (crashAt: number) => {
      const clock = new VirtualClock(startMs);
      const store = memoryStore({
        clock,
        rng: createRng(1),
        newUid: () => `uid-${String((uids += 1))}`,
      });
      world = { clock, store, manager: new Manager({ store, clock, log: silentLogger }) };
      let writes = 0;
      const crashing = beforeWrite(store, () => {
        writes += 1;
        if (writes > crashAt) throw new StoreError("InternalError", "crashed");
      });
      await start(undefined, crashing);
      await create(spec);
      for (let second = 1; second <= 60; second += 1) {
        if (second === 30) {
          await world.manager.stop();
          await start();
        }
        await until(second);
        const { items } = await store.list<Job>({ apiVersion: "batch/v1", kind: "Job" });
        for (const { metadata } of items.filter((one) => one.status?.conditions === undefined)) {
          const body = { status: { conditions: [{ type: "Complete", status: "True" }] } };
          const jobRef = {
            apiVersion: "batch/v1",
            kind: "Job",
            namespace: "default",
            name: metadata.name,
          };
          await store.patch(jobRef, { type: "merge", body }, { subresource: "status" });
        }
      }
      await world.manager.stop();
      const run = await read();
      const { items: jobs } = await store.list({ apiVersion: "batch/v1", kind: "Job" });
      const names = jobs
        .map(({ metadata }) => metadata.name.slice((run?.metadata.uid ?? "").length))
        .sort();
      const counts = run?.status?.metricResults?.map(({ name, count, error }) => [
        name,
        count,
        error,
      ]);
      return {
        end: { phase: run?.status?.phase, counts, names, events: await eventsToldInOrder() },
        writes,
      };
    };
    const { end: undisturbed, writes } = await endOf(Infinity);
    expect(undisturbed).toMatchObject({
      phase: "Successful",
      counts: [
        ["j", 2, undefined],
        ["f", 2, 1],
      ],
      names: [".j.1", ".j.2"],
    });
    for (let crashAt = 0; crashAt <= writes; crashAt += 1) {
      expect((await endOf(crashAt)).end, `crash after write ${String(crashAt)}`).toEqual(
        undisturbed,
      );
    }
  });

  it("tells the end of a run that a crashed controller had not told", async () => {
    await start();
    await create({ metrics: [{ name: "m", provider: fake(1) }] });
    await until(1);
    await world.manager.stop();
    const { items } = await world.store.list<KubeEvent>({ apiVersion: "v1", kind: "Event" });
    for (const { metadata } of items) {
      await world.store.delete({
        apiVersion: "v1",
        kind: "Event",
        namespace: "default",
        name: metadata.name,
      });
    }
    await start();
    await until(2);
    expect(await eventsToldInOrder()).toHaveLength(2);
    await world.manager.stop();
  });

  it("leaves runs of another instance alone", async () => {
    await start(() => {
      throw new ProviderError("must not be asked");
    });
    const labels = { "argo-rollouts.argoproj.io/controller-instance-id": "other" };
    const run: AnalysisRun = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name: "run", namespace: "default", labels },
      spec: { metrics: [{ name: "m", provider: fake(1) }] },
    };
    await world.store.create(run);
    await until(1);
    expect((await read())?.status).toBeUndefined();
    await world.manager.stop();
  });
});

/** A pass that waits for a provider is not idle; a few turns bring it there. */
async function settleWhileBusy(): Promise<void> {
  for (let count = 0; count < 20; count += 1) await turn();
}

/** The store with a look at every write before it happens. */
function beforeWrite(store: ObjectStore, look: (kind: string) => void): ObjectStore {
  return {
    ...beforePatch(store, look),
    create: async (object, options) => {
      look(object.kind);
      return store.create(object, options);
    },
    delete: async (ref, options) => {
      look(ref.kind);
      return store.delete(ref, options);
    },
  };
}

/** The store with a look at every patch before it happens. */
function beforePatch(store: ObjectStore, look: (kind: string) => void): ObjectStore {
  return {
    get: async (ref) => store.get(ref),
    list: async (scope, page) => store.list(scope, page),
    create: async (object, options) => store.create(object, options),
    update: async (object, options) => store.update(object, options),
    patch: async (ref, patch, options) => {
      look(ref.kind);
      return store.patch(ref, patch, options);
    },
    delete: async (ref, options) => store.delete(ref, options),
    watch: (scope, options) => store.watch(scope, options),
  };
}
