import { describe, expect, it } from "vitest";
import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import { isControlledBy, refOf, type KubeObject, type ObjectRef } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { VirtualService } from "../../api/istio/networking.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { sleep } from "../../runtime/clock.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { pass } from "../../runtime/virtual-world.test-support.ts";
import { withOld } from "../old-view.test-support.ts";
import { deliveryManager } from "./delivery.test-support.ts";
import { readingLive } from "./second-look.ts";

const lender: ObjectRef = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace: "default",
  name: "web",
};

const deployment = (image: string): KubeObject & { readonly spec: JsonObject } => ({
  apiVersion: lender.apiVersion,
  kind: lender.kind,
  metadata: { namespace: "default", name: lender.name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image }] },
    },
  },
});

const borrower: KubeObject & { readonly spec: object } = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { namespace: "default", name: "web" },
  spec: {
    replicas: 1,
    workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    strategy: { canary: {} },
  },
};

describe("a template borrowed from an object seen as it was", () => {
  it("begins no revision until the view has caught up", async () => {
    const clock = new VirtualClock(Date.parse("2026-11-21T00:00:00Z"));
    const store = memoryStore({ clock, rng: createRng(1) });
    const old = await store.create(deployment("web:v1"));
    const body = { spec: deployment("web:v2").spec };
    await store.patch(lender, { type: "merge", body });
    await store.create(borrower);
    const manager = deliveryManager(withOld(store, "Deployment", [old]), clock);
    await manager.start();
    const images = async (): Promise<readonly (string | undefined)[]> => {
      const { items } = await store.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" });
      const rollout = await store.get(refOf(borrower));
      return items
        .filter((set) => rollout !== undefined && isControlledBy(set, rollout))
        .map(({ spec }) => spec.template.spec.containers[0]?.image);
    };
    await pass(clock, 2000);
    expect(await images()).toEqual([]);
    // The next change of the Deployment reaches the view.
    await store.patch(lender, { type: "merge", body: { metadata: { labels: { seen: "yes" } } } });
    await pass(clock, 60_000);
    expect(await images()).toEqual(["web:v2"]);
    await manager.stop();
  });
});

const argo = "argoproj.io/v1alpha1";
const judged: ObjectRef = { apiVersion: argo, kind: "Rollout", namespace: "default", name: "web" };
const replicaSets = { apiVersion: "apps/v1", kind: "ReplicaSet" };

const template = (image: string): JsonObject => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image }] },
});

async function worldOf(objects: readonly KubeObject[]) {
  const clock = new VirtualClock(Date.parse("2026-11-21T00:00:00Z"));
  const store = memoryStore({ clock, rng: createRng(1) });
  for (const object of objects) await store.create(object);
  return { clock, store };
}

/** Time passes, and all pods become available. */
async function untilReady(clock: VirtualClock, store: ObjectStore): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) {
    await pass(clock, 2000);
    const { items } = await store.list<ReplicaSet>(replicaSets);
    for (const set of items) {
      const replicas = set.spec.replicas ?? 1;
      const counts = { replicas, readyReplicas: replicas, availableReplicas: replicas };
      const body = { status: { ...counts, observedGeneration: set.metadata.generation ?? 1 } };
      await store.patch(refOf(set), { type: "merge", body }, { subresource: "status" });
    }
  }
}

async function statusOf(store: ObjectStore): Promise<RolloutStatus> {
  const found = await store.get<KubeObject & { readonly status?: RolloutStatus }>(judged);
  return found?.status ?? {};
}

const judgedObjects = [
  {
    apiVersion: argo,
    kind: "AnalysisTemplate",
    metadata: { namespace: "default", name: "check" },
    // Nobody measures in the time of the test: the verdict is written by hand.
    spec: { metrics: [{ name: "m", initialDelay: "10h", provider: { web: { url: "http://x" } } }] },
  },
  {
    apiVersion: argo,
    kind: "Rollout",
    metadata: { namespace: "default", name: "web" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: "web" } },
      template: template("web:v1"),
      strategy: {
        canary: {
          steps: [
            { setWeight: 50 },
            { analysis: { templates: [{ templateName: "check" }] } },
            { pause: {} },
          ],
        },
      },
    },
  },
] as unknown as readonly KubeObject[];

describe("a question of a version that is tried again", () => {
  it("is not taken for answered by the run of the first attempt, which the view does not show", async () => {
    const { clock, store } = await worldOf(judgedObjects);
    const settled = async (): Promise<void> => untilReady(clock, store);
    const write = async (ref: ObjectRef, status: JsonObject): Promise<void> => {
      const options = ref.kind === "Rollout" ? ({ subresource: "status" } as const) : {};
      await store.patch(ref, { type: "merge", body: { status } }, options);
      await settled();
    };
    const status = async (): Promise<RolloutStatus> => statusOf(store);
    const runs = async (): Promise<readonly KubeObject[]> =>
      (await store.list({ apiVersion: argo, kind: "AnalysisRun" })).items;

    const first = deliveryManager(store, clock);
    await first.start();
    await settled();
    const body = { spec: { template: template("web:v2") } };
    await store.patch(judged, { type: "merge", body });
    await settled();
    const [answered] = await runs();
    if (answered === undefined) throw new Error("nothing was asked");
    await write(refOf(answered), { phase: "Successful" });
    expect(await status()).toMatchObject({ currentStepIndex: 2 });
    await write(judged, { abort: true });
    await first.stop();

    const second = deliveryManager(withOld(store, "AnalysisRun", []), clock);
    await second.start();
    await settled();
    await write(judged, { abort: false });
    const asking = await status();
    expect(asking.abort).toBeUndefined();
    expect(asking.canary?.currentStepAnalysisRunStatus).toBeUndefined();
    expect(await runs()).toHaveLength(1);
    // The next change of the run reaches the view.
    const seen = { metadata: { labels: { seen: "yes" } } };
    await store.patch(refOf(answered), { type: "merge", body: seen });
    await settled();
    await settled();
    expect((await runs()).map(({ metadata }) => metadata.name)).toEqual([
      answered.metadata.name,
      `${answered.metadata.name}.1`,
    ]);
    expect(await status()).toMatchObject({
      currentStepIndex: 1,
      canary: { currentStepAnalysisRunStatus: { name: `${answered.metadata.name}.1` } },
    });
    await second.stop();
  });
});

describe("an abort", () => {
  const routed = [
    ...["stable", "canary"].map((name) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "default", name },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
    })),
    {
      apiVersion: "networking.istio.io/v1alpha3",
      kind: "VirtualService",
      metadata: { namespace: "default", name: "web" },
      spec: {
        hosts: ["web"],
        http: [
          {
            name: "primary",
            route: ["stable", "canary"].map((host, at) => ({
              destination: { host },
              weight: at === 0 ? 100 : 0,
            })),
          },
        ],
      },
    },
    {
      apiVersion: argo,
      kind: "Rollout",
      metadata: { namespace: "default", name: "web" },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "web" } },
        template: template("web:v1"),
        strategy: {
          canary: {
            canaryService: "canary",
            stableService: "stable",
            trafficRouting: { istio: { virtualService: { name: "web" } } },
            steps: [{ setWeight: 30 }, { pause: {} }],
          },
        },
      },
    },
  ] as unknown as readonly KubeObject[];

  it("gives all weight back before anything is looked up once more", async () => {
    const { clock, store } = await worldOf(routed);
    let delayMs = 0;
    const slow: ObjectStore = {
      ...readingLive(store, store),
      get: async (ref) => {
        if (delayMs > 0) await sleep(clock, delayMs);
        return store.get(ref);
      },
    };
    const manager = deliveryManager(slow, clock);
    await manager.start();
    const settled = async (): Promise<void> => untilReady(clock, store);
    const weights = async (): Promise<readonly (number | undefined)[]> => {
      const { items } = await store.list<VirtualService>({
        apiVersion: "networking.istio.io/v1alpha3",
        kind: "VirtualService",
      });
      return items.flatMap(({ spec }) => spec.http?.[0]?.route ?? []).map(({ weight }) => weight);
    };
    await settled();
    const body = { spec: { template: template("web:v2") } };
    await store.patch(judged, { type: "merge", body });
    await settled();
    expect(await weights()).toEqual([70, 30]);
    delayMs = 10_000;
    const abort = { status: { abort: true } };
    await store.patch(judged, { type: "merge", body: abort }, { subresource: "status" });
    await pass(clock, 100);
    expect(await weights()).toEqual([100, 0]);
    const told = await store.list<KubeObject & { readonly message: string }>({
      apiVersion: "v1",
      kind: "Event",
    });
    await pass(clock, 60_000);
    expect(await weights()).toEqual([100, 0]);
    expect((await statusOf(store)).phase).toBe("Degraded");
    expect(told.items.filter(({ message }) => message.includes("desiredWeight '0'"))).toHaveLength(
      1,
    );
    await manager.stop();
  });
});
