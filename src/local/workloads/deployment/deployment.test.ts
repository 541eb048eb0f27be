import { afterEach, describe, expect, it } from "vitest";
import type { Condition, Pod } from "../../../api/kubernetes/pod.ts";
import { isPodReady } from "../../../api/kubernetes/pod.ts";
import type { Deployment, ReplicaSet } from "../../../api/kubernetes/workloads.ts";
import { asJson } from "../../../api/meta/wire.ts";
import { virtualCluster } from "../virtual-cluster.test-support.ts";
import type { Fate, VirtualCluster } from "../virtual-cluster.test-support.ts";
import { rollingLimits } from "./decide.ts";

const labels = { app: "web" };

function deploymentOf(
  image: string,
  replicas: number,
  more: Partial<Deployment["spec"]> = {},
): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "app", image }] } },
      ...more,
    },
  };
}

let cluster: VirtualCluster;
afterEach(() => cluster.stop());

const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" };
const stored = () => cluster.get<Deployment>("apps/v1", "Deployment", "web");
const imageOf = (object: Pod | ReplicaSet): string | undefined =>
  (object.kind === "Pod" ? object.spec : object.spec.template.spec).containers[0]?.image;

async function change(spec: object): Promise<void> {
  await cluster.store.patch(ref, { type: "merge", body: asJson({ spec }) });
}
const setImage = (image: string) =>
  change({ template: { spec: { containers: [{ name: "app", image }] } } });

async function setSizes(): Promise<Record<string, number>> {
  const { items } = await cluster.store.list<ReplicaSet>({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
  });
  return Object.fromEntries(items.map((set) => [imageOf(set) ?? "", set.spec.replicas ?? 1]));
}

async function condition(type: string): Promise<Condition | undefined> {
  return (await stored()).status?.conditions?.find((each) => each.type === type);
}

/** The least and the most pods there were at any moment while time passed. */
async function watchPods(
  ms: number,
): Promise<{ leastReady: number; most: number; mixed: boolean }> {
  let leastReady = Infinity;
  let most = 0;
  let mixed = false;
  for (let passed = 0; passed < ms; passed += 250) {
    await cluster.pass(250);
    const pods = (await cluster.pods()).filter(
      (pod) => pod.metadata.deletionTimestamp === undefined,
    );
    leastReady = Math.min(leastReady, pods.filter((pod) => isPodReady(pod)).length);
    most = Math.max(most, pods.length);
    mixed ||= new Set((await cluster.pods()).map((pod) => imageOf(pod))).size > 1;
  }
  return { leastReady, most, mixed };
}

const ready = (): Fate => ({ readyAfterMs: 1_000, stopMs: 500 });

describe("rolling update", () => {
  it.each([
    { replicas: 4, maxSurge: 1, maxUnavailable: 0, leastReady: 4, most: 5 },
    { replicas: 4, maxSurge: 0, maxUnavailable: 1, leastReady: 3, most: 4 },
    { replicas: 4, maxSurge: "50%", maxUnavailable: "50%", leastReady: 2, most: 6 },
    { replicas: 1, maxSurge: "25%", maxUnavailable: "25%", leastReady: 1, most: 2 },
  ])(
    "of $replicas with surge $maxSurge and unavailable $maxUnavailable stays within its limits",
    async (row) => {
      cluster = await virtualCluster(ready);
      const { maxSurge, maxUnavailable } = row;
      const strategy = {
        type: "RollingUpdate",
        rollingUpdate: { maxSurge, maxUnavailable },
      } as const;
      await cluster.store.create(deploymentOf("v1", row.replicas, { strategy }));
      await cluster.pass(5_000);
      await setImage("v2");
      const seen = await watchPods(20_000);
      expect(seen.leastReady).toBeGreaterThanOrEqual(row.leastReady);
      expect(seen.most).toBeLessThanOrEqual(row.most);
      expect(await setSizes()).toEqual({ v1: 0, v2: row.replicas });
      expect((await cluster.pods()).map((pod) => imageOf(pod))).toEqual(
        Array.from({ length: row.replicas }, () => "v2"),
      );
      expect((await stored()).status).toMatchObject({
        replicas: row.replicas,
        updatedReplicas: row.replicas,
        availableReplicas: row.replicas,
        unavailableReplicas: 0,
        observedGeneration: 2,
      });
      expect(await condition("Progressing")).toMatchObject({
        status: "True",
        reason: "NewReplicaSetAvailable",
      });
      expect(await condition("Available")).toMatchObject({ status: "True" });
    },
  );

  it("stops at a version that never becomes ready, keeps the old one, and says so after the deadline", async () => {
    cluster = await virtualCluster((pod) => (imageOf(pod) === "bad" ? {} : ready()));
    await cluster.store.create(deploymentOf("v1", 4, { progressDeadlineSeconds: 60 }));
    await cluster.pass(5_000);
    await setImage("bad");
    const seen = await watchPods(30_000);
    expect(seen.leastReady).toBeGreaterThanOrEqual(3);
    expect(await condition("Progressing")).toMatchObject({
      status: "True",
      reason: "ReplicaSetUpdated",
    });
    await cluster.pass(60_000);
    expect(await condition("Progressing")).toMatchObject({
      status: "False",
      reason: "ProgressDeadlineExceeded",
    });
    await setImage("v1");
    await cluster.pass(20_000);
    expect(await setSizes()).toEqual({ v1: 4, bad: 0 });
    expect((await stored()).metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("3");
    expect(await condition("Progressing")).toMatchObject({
      status: "True",
      reason: "NewReplicaSetAvailable",
    });
  });

  it("goes on after a crash in the middle", async () => {
    cluster = await virtualCluster(ready);
    await cluster.store.create(deploymentOf("v1", 3));
    await cluster.pass(5_000);
    await setImage("v2");
    await cluster.pass(1_200);
    await cluster.restart();
    await cluster.pass(20_000);
    expect(await setSizes()).toEqual({ v1: 0, v2: 3 });
    expect(await cluster.pods()).toHaveLength(3);
  });

  it("keeps a limited history", async () => {
    cluster = await virtualCluster(ready);
    await cluster.store.create(deploymentOf("v1", 1, { revisionHistoryLimit: 1 }));
    for (const image of ["v2", "v3", "v4"]) {
      await cluster.pass(10_000);
      await setImage(image);
    }
    await cluster.pass(10_000);
    expect(await setSizes()).toEqual({ v3: 0, v4: 1 });
  });

  it("does not roll while paused, but scales; and rolls on when resumed", async () => {
    cluster = await virtualCluster(ready);
    await cluster.store.create(deploymentOf("v1", 2));
    await cluster.pass(5_000);
    await change({ paused: true, replicas: 3 });
    await setImage("v2");
    await cluster.pass(10_000);
    expect(await setSizes()).toEqual({ v1: 3 });
    expect(await condition("Progressing")).toMatchObject({
      status: "Unknown",
      reason: "DeploymentPaused",
    });
    await change({ paused: false });
    await cluster.pass(20_000);
    expect(await setSizes()).toEqual({ v1: 0, v2: 3 });
  });

  it("writes nothing more once it is settled", async () => {
    cluster = await virtualCluster(ready);
    await cluster.store.create(deploymentOf("v1", 2));
    await cluster.pass(10_000);
    const { resourceVersion } = await cluster.store.list({
      apiVersion: "apps/v1",
      kind: "Deployment",
    });
    await cluster.restart();
    await cluster.pass(3_600_000);
    expect(
      (await cluster.store.list({ apiVersion: "apps/v1", kind: "Deployment" })).resourceVersion,
    ).toBe(resourceVersion);
  });
});

describe("recreate", () => {
  it("never runs two versions side by side", async () => {
    cluster = await virtualCluster(ready);
    await cluster.store.create(deploymentOf("v1", 3, { strategy: { type: "Recreate" } }));
    await cluster.pass(5_000);
    await setImage("v2");
    const seen = await watchPods(10_000);
    expect(seen.mixed).toBe(false);
    expect(seen.leastReady).toBe(0);
    expect(await setSizes()).toEqual({ v1: 0, v2: 3 });
    expect((await stored()).status).toMatchObject({ availableReplicas: 3, updatedReplicas: 3 });
  });
});

describe("limits", () => {
  it.each([
    { replicas: 10, maxSurge: "25%", maxUnavailable: "25%", surge: 3, unavailable: 2 },
    { replicas: 1, maxSurge: 0, maxUnavailable: 0, surge: 0, unavailable: 1 },
    { replicas: 3, maxSurge: "0%", maxUnavailable: "10%", surge: 0, unavailable: 1 },
    { replicas: 2, maxSurge: 5, maxUnavailable: 9, surge: 5, unavailable: 2 },
  ])(
    "$maxSurge and $maxUnavailable of $replicas",
    async ({ replicas, maxSurge, maxUnavailable, surge, unavailable }) => {
      cluster = await virtualCluster(ready);
      const deployment = deploymentOf("v1", replicas, {
        strategy: { rollingUpdate: { maxSurge, maxUnavailable } },
      });
      expect(rollingLimits(deployment)).toEqual({ surge, unavailable });
    },
  );
});
