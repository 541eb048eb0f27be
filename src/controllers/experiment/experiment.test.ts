import { beforeEach, describe, expect, it } from "vitest";
import type { AnalysisRun, AnalysisTemplate } from "../../api/argo/analysis.ts";
import type { Experiment, ExperimentSpec, ExperimentTemplate } from "../../api/argo/experiment.ts";
import type { KubeEvent, ReplicaSet, Service } from "../../api/kubernetes/workloads.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { createRng } from "../../lib/rng.ts";
import { fakeProvider } from "../../metrics/fake/fake.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { StoreError, type ObjectStore } from "../../objects/object-store.ts";
import { storeEventRecorder } from "../../runtime/events.ts";
import { silentLogger } from "../../runtime/log.ts";
import { Manager } from "../../runtime/manager.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { analysisRunController } from "../analysis-run/analysis-run.ts";
import { withOld } from "../old-view.test-support.ts";
import { experimentController } from "./experiment.ts";

const startMs = Date.parse("2026-11-21T00:00:00Z");
const argo = "argoproj.io/v1alpha1";

interface World {
  readonly clock: VirtualClock;
  readonly store: ObjectStore;
  manager: Manager;
}

let world: World;
let uids = 0;

const turn = async () => new Promise<void>((resolve) => setImmediate(resolve));

async function settle(): Promise<void> {
  for (let calm = 0; calm < 5;) {
    await turn();
    calm = world.manager.isIdle ? calm + 1 : 0;
  }
}

/** What a ReplicaSet controller does, at once: as many pods as asked for, all available. */
async function bringUpPods(): Promise<boolean> {
  const { items } = await world.store.list<ReplicaSet>({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
  });
  let isChanged = false;
  for (const { metadata, spec, status } of items) {
    const replicas = spec.replicas ?? 1;
    if (status?.availableReplicas === replicas) continue;
    const body = { status: { replicas, readyReplicas: replicas, availableReplicas: replicas } };
    const ref = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      namespace: metadata.namespace ?? "",
      name: metadata.name,
    };
    await world.store.patch(ref, { type: "merge", body }, { subresource: "status" });
    isChanged = true;
  }
  return isChanged;
}

async function until(second: number): Promise<void> {
  for (;;) {
    await settle();
    if (await bringUpPods()) continue;
    if (!world.clock.fireNext(startMs + second * 1000)) break;
  }
  await settle();
}

async function start(store: ObjectStore = world.store): Promise<void> {
  const { clock } = world;
  const manager = new Manager({ store, clock, log: silentLogger });
  const events = storeEventRecorder({ store, clock, component: "rollouts-controller" });
  const context = { store, env: {}, traffic: undefined };
  manager.add(experimentController({ manager, store, live: store, clock, events }));
  manager.add(
    analysisRunController({
      manager,
      store,
      clock,
      events,
      log: silentLogger,
      providerOf: (metric) => fakeProvider.create(metric, context),
    }),
  );
  world.manager = manager;
  await manager.start();
}

const template = (name: string, over: Partial<ExperimentTemplate> = {}): ExperimentTemplate => ({
  name,
  selector: { matchLabels: { app: name } },
  template: {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: "c", image: "x", ports: [{ containerPort: 80 }] }] },
  },
  ...over,
});

async function create(spec: ExperimentSpec): Promise<void> {
  const experiment: Experiment = {
    apiVersion: argo,
    kind: "Experiment",
    metadata: { name: "exp", namespace: "default" },
    spec,
  };
  await world.store.create(experiment);
}

async function createTemplate(...answers: readonly unknown[]): Promise<void> {
  const provider = {
    plugin: { "haldane.dev/fake": { answers } },
  } as AnalysisRun["spec"]["metrics"][number]["provider"];
  const object: AnalysisTemplate = {
    apiVersion: argo,
    kind: "AnalysisTemplate",
    metadata: { name: "t", namespace: "default" },
    spec: {
      metrics: [{ name: "m", provider, interval: "5s", count: 3, successCondition: "result < 5" }],
    },
  };
  await world.store.create(object);
}

const read = async () =>
  world.store.get<Experiment>({
    apiVersion: argo,
    kind: "Experiment",
    namespace: "default",
    name: "exp",
  });
const listed = async <T extends KubeObject>(apiVersion: string, kind: string) =>
  (await world.store.list<T>({ apiVersion, kind })).items;

beforeEach(() => {
  const clock = new VirtualClock(startMs);
  const store = memoryStore({
    clock,
    rng: createRng(1),
    newUid: () => `uid-${String((uids += 1))}`,
  });
  world = { clock, store, manager: new Manager({ store, clock, log: silentLogger }) };
});

const analyses = [{ name: "check", templateName: "t", requiredForCompletion: true }];

describe("the Experiment controller", () => {
  it("plays an experiment with Services and a required analysis to its end, then writes nothing more", async () => {
    await start();
    await createTemplate(1, 2, 3);
    await create({
      templates: [template("a", { replicas: 2, service: {} }), template("b")],
      analyses,
      scaleDownDelaySeconds: 5,
    });
    await until(8);
    expect((await read())?.status).toMatchObject({
      phase: "Running",
      templateStatuses: [
        { name: "a", status: "Running", availableReplicas: 2, serviceName: "exp-a" },
        { name: "b", status: "Running", availableReplicas: 1 },
      ],
      analysisRuns: [{ name: "check", analysisRun: "exp-check", phase: "Running" }],
    });
    expect(await listed<Service>("v1", "Service")).toHaveLength(1);
    await until(60);
    const done = await read();
    expect(done?.status).toMatchObject({
      phase: "Successful",
      message: "Required AnalysisRuns completed",
      templateStatuses: [
        { status: "Successful", availableReplicas: 0 },
        { status: "Successful", availableReplicas: 0 },
      ],
      analysisRuns: [{ phase: "Successful" }],
    });
    expect(await listed<Service>("v1", "Service")).toEqual([]);
    expect(
      (await listed<ReplicaSet>("apps/v1", "ReplicaSet")).map(({ spec }) => spec.replicas),
    ).toEqual([0, 0]);
    await until(3600);
    expect((await read())?.metadata.resourceVersion).toBe(done?.metadata.resourceVersion);
    await world.manager.stop();
  });

  it("a failed analysis takes the pods away", async () => {
    await start();
    await createTemplate(1, 9);
    await create({ templates: [template("a")], analyses, scaleDownDelaySeconds: 0 });
    await until(30);
    expect((await read())?.status).toMatchObject({
      phase: "Failed",
      message: 'Metric "m" assessed Failed due to failed (1) > failureLimit (0)',
      templateStatuses: [{ availableReplicas: 0 }],
    });
    const reasons = (await listed<KubeEvent>("v1", "Event"))
      .filter(({ involvedObject }) => involvedObject.kind === "Experiment")
      .map(({ reason }) => reason)
      .sort();
    expect(reasons).toEqual([
      "AnalysisRunFailed",
      "AnalysisRunPending",
      "AnalysisRunRunning",
      "ExperimentFailed",
      "ExperimentPending",
      "ExperimentRunning",
      "ScalingReplicaSet",
      "ScalingReplicaSet",
      "TemplateProgressing",
      "TemplateRunning",
      "TemplateSuccessful",
    ]);
    await world.manager.stop();
  });

  it("a template that the view does not show yet is not missing", async () => {
    await createTemplate(1, 2, 3);
    await start(withOld(world.store, "AnalysisTemplate", []));
    await create({ templates: [template("a")], analyses, scaleDownDelaySeconds: 0 });
    await until(20);
    expect((await read())?.status).toBeUndefined();
    // The next change of the template reaches the view.
    const ref = { apiVersion: argo, kind: "AnalysisTemplate", namespace: "default", name: "t" };
    const body = { metadata: { labels: { seen: "yes" } } };
    await world.store.patch(ref, { type: "merge", body });
    await until(600);
    expect((await read())?.status).toMatchObject({ phase: "Successful" });
    await world.manager.stop();
  });

  it("a template that is not there ends it before there are pods", async () => {
    await start();
    await create({ templates: [template("a")], analyses });
    await until(5);
    expect((await read())?.status).toMatchObject({
      phase: "Error",
      analysisRuns: [
        {
          phase: "Error",
          message:
            "AnalysisTemplate verification failed for analysis 'check': AnalysisTemplate 't' not found",
        },
      ],
    });
    expect(await listed<ReplicaSet>("apps/v1", "ReplicaSet")).toEqual([]);
    await world.manager.stop();
  });

  it("terminating it ends its runs", async () => {
    await start();
    await createTemplate(1);
    await create({ templates: [template("a")], analyses, scaleDownDelaySeconds: 0 });
    await until(6);
    const ref = { apiVersion: argo, kind: "Experiment", namespace: "default", name: "exp" };
    await world.store.patch(ref, { type: "merge", body: { spec: { terminate: true } } });
    await until(7);
    expect((await read())?.status).toMatchObject({
      phase: "Successful",
      analysisRuns: [{ phase: "Successful", message: "Run Terminated" }],
    });
    await world.manager.stop();
  });

  it.each([
    [{}, "spec.templates: is required"],
    [
      { templates: [{ ...template("a"), replicas: "two" }] },
      'spec.templates[0].replicas: must be a whole number, but is "two"',
    ],
  ])("a spec that cannot be read is told: %j", async (spec, problem) => {
    await start();
    await create(spec as unknown as ExperimentSpec);
    await until(5);
    expect((await read())?.status?.conditions).toMatchObject([
      { type: "InvalidSpec", message: `The Experiment "exp" is invalid: ${problem}` },
    ]);
    expect(await listed("apps/v1", "ReplicaSet")).toEqual([]);
    await world.manager.stop();
  });

  it("a ReplicaSet the store refuses for good is the experiment's error", async () => {
    const { store } = world;
    const refusing = intercepted(store, (operation, kind) => {
      if (operation === "create" && kind === "ReplicaSet")
        throw new StoreError("Invalid", "spec.template.spec.containers: Required value");
    });
    await start(refusing);
    await create({ templates: [template("a")] });
    await until(5);
    expect((await read())?.status).toMatchObject({
      phase: "Error",
      message:
        "Failed to create ReplicaSet for template 'a': spec.template.spec.containers: Required value",
    });
    await world.manager.stop();
  });

  it("a ReplicaSet of that name that is somebody else's stays as it is", async () => {
    const { spec } = template("a").template;
    const foreign: ReplicaSet = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: "exp-a", namespace: "default", labels: { mine: "yes" } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { mine: "yes" } },
        template: { metadata: { labels: { mine: "yes" } }, spec },
      },
    };
    await world.store.create(foreign);
    await start();
    await create({ templates: [template("a")] });
    await until(5);
    expect((await read())?.status).toMatchObject({
      phase: "Error",
      message: expect.stringMatching(
        /^Failed to create ReplicaSet for template 'a': .*already exists/,
      ),
    });
    expect(
      (await listed<ReplicaSet>("apps/v1", "ReplicaSet")).map(({ spec: { replicas } }) => replicas),
    ).toEqual([1]);
    await world.manager.stop();
  });

  it("whichever write is the last before a crash, the next controller finishes to the same end", async () => {
    const endOf = async (crashAt: number) => {
      const clock = new VirtualClock(startMs);
      const store = memoryStore({
        clock,
        rng: createRng(1),
        newUid: () => `uid-${String((uids += 1))}`,
      });
      world = { clock, store, manager: new Manager({ store, clock, log: silentLogger }) };
      let writes = 0;
      let isDown = false;
      const crashing = intercepted(store, (operation) => {
        if (operation === "get" || operation === "list") return;
        if (isDown) throw new StoreError("InternalError", "crashed");
        writes += 1;
        if (writes === crashAt) isDown = true;
      });
      await createTemplate(1, 2, 3);
      await start(crashing);
      await create({
        templates: [template("a", { service: {} })],
        analyses,
        scaleDownDelaySeconds: 2,
      });
      await until(40);
      await world.manager.stop();
      await start();
      await until(120);
      await world.manager.stop();
      const status = (await read())?.status;
      const runs = await listed<AnalysisRun>(argo, "AnalysisRun");
      const sets = await listed<ReplicaSet>("apps/v1", "ReplicaSet");
      const counts = runs.flatMap(
        ({ status: of }) => of?.metricResults?.map(({ count }) => count) ?? [],
      );
      const end = {
        phase: status?.phase,
        message: status?.message,
        runs: runs.map(({ metadata }) => metadata.name),
        counts,
        sizes: sets.map(({ spec }) => spec.replicas),
      };
      return { end, writes };
    };
    const { end: undisturbed, writes } = await endOf(Infinity);
    expect(writes).toBeGreaterThan(15);
    expect(undisturbed).toEqual({
      phase: "Successful",
      message: "Required AnalysisRuns completed",
      runs: ["exp-check"],
      counts: [3],
      sizes: [0],
    });
    for (let crashAt = 1; crashAt <= writes; crashAt += 1) {
      expect((await endOf(crashAt)).end, `crash after write ${String(crashAt)}`).toEqual(
        undisturbed,
      );
    }
  });
});

type Operation = "get" | "list" | "create" | "update" | "patch" | "delete";

/** The store with a look at every call before it happens; a write after which it crashed has happened. */
function intercepted(
  store: ObjectStore,
  before: (operation: Operation, kind: string) => void,
): ObjectStore {
  return {
    get: async (ref) => {
      before("get", ref.kind);
      return store.get(ref);
    },
    list: async (scope, page) => {
      before("list", scope.kind);
      return store.list(scope, page);
    },
    create: async (object, options) => {
      before("create", object.kind);
      return store.create(object, options);
    },
    update: async (object, options) => {
      before("update", object.kind);
      return store.update(object, options);
    },
    patch: async (ref, patch, options) => {
      before("patch", ref.kind);
      return store.patch(ref, patch, options);
    },
    delete: async (ref, options) => {
      before("delete", ref.kind);
      return store.delete(ref, options);
    },
    watch: (scope, options) => store.watch(scope, options),
  };
}
