import { afterEach, describe, expect, it } from "vitest";
import type { Pod } from "../../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../../api/kubernetes/workloads.ts";
import { refOf } from "../../../api/meta/object.ts";
import { StoreError } from "../../../objects/object-store.ts";
import type { ObjectStore } from "../../../objects/object-store.ts";
import { podName } from "../pod-names.ts";
import { virtualCluster, withCreate } from "../virtual-cluster.test-support.ts";
import type { VirtualCluster } from "../virtual-cluster.test-support.ts";
import { decideReplicaSet, podsToRemove } from "./decide.ts";

const labels = { app: "web" };

function setOf(replicas: number, more: Partial<ReplicaSet["spec"]> = {}): ReplicaSet {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "app" }] } },
      ...more,
    },
  };
}

let cluster: VirtualCluster;
afterEach(() => cluster.stop());

const ready = () => ({ readyAfterMs: 1_000 });
const stored = () => cluster.get<ReplicaSet>("apps/v1", "ReplicaSet", "web");

async function scaleTo(replicas: number): Promise<void> {
  await cluster.store.patch(refOf(setOf(1)), { type: "merge", body: { spec: { replicas } } });
}

describe("a ReplicaSet", () => {
  it("keeps as many pods as asked for and counts them", async () => {
    cluster = await virtualCluster(ready);
    await cluster.store.create(setOf(3));
    await cluster.pass(500);
    expect((await stored()).status).toMatchObject({
      replicas: 3,
      readyReplicas: 0,
      fullyLabeledReplicas: 3,
      observedGeneration: 1,
    });
    await cluster.pass(1_000);
    expect((await stored()).status).toMatchObject({ readyReplicas: 3, availableReplicas: 3 });
    await scaleTo(1);
    await cluster.pass(100);
    expect(await cluster.pods()).toHaveLength(1);
    await scaleTo(5);
    await cluster.pass(2_000);
    const pods = await cluster.pods();
    expect(pods).toHaveLength(5);
    expect(
      pods.every(
        (pod) => /^web-[a-z0-9]{5}$/.test(pod.metadata.name) && pod.spec.nodeName === "local",
      ),
    ).toBe(true);
    expect((await stored()).status).toMatchObject({ replicas: 5, availableReplicas: 5 });
  });

  it("replaces a deleted pod under another name, and a failed one", async () => {
    cluster = await virtualCluster(ready);
    await cluster.store.create(setOf(2));
    await cluster.pass(2_000);
    const [first] = await cluster.pods();
    await cluster.store.delete(refOf(first!));
    await cluster.pass(2_000);
    const names = (await cluster.pods()).map((pod) => pod.metadata.name);
    expect(names).toHaveLength(2);
    expect(names).not.toContain(first!.metadata.name);
    const [second] = await cluster.pods();
    await cluster.store.update(
      { ...second!, status: { phase: "Failed" } },
      { subresource: "status" },
    );
    await cluster.pass(2_000);
    expect((await cluster.pods()).filter((pod) => pod.status?.phase === "Running")).toHaveLength(2);
  });

  it("counts a pod as available only after minReadySeconds, by time alone", async () => {
    cluster = await virtualCluster(ready);
    await cluster.store.create(setOf(1, { minReadySeconds: 30 }));
    await cluster.pass(20_000);
    expect((await stored()).status).toMatchObject({ readyReplicas: 1, availableReplicas: 0 });
    await cluster.pass(11_500);
    expect((await stored()).status).toMatchObject({ availableReplicas: 1 });
  });

  it("adopts matching orphans and lets go what no longer matches", async () => {
    cluster = await virtualCluster(ready);
    const orphan: Pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "orphan", namespace: "default", labels },
      spec: { containers: [], nodeName: "local" },
    };
    await cluster.store.create(orphan);
    await cluster.store.create(setOf(1));
    await cluster.pass(2_000);
    expect(
      (await cluster.pods()).map((pod) => [
        pod.metadata.name,
        pod.metadata.ownerReferences?.[0]?.name,
      ]),
    ).toEqual([["orphan", "web"]]);
    await cluster.store.patch(refOf(orphan), {
      type: "merge",
      body: { metadata: { labels: { app: "other" } } },
    });
    await cluster.pass(2_000);
    const pods = await cluster.pods();
    expect(pods).toHaveLength(2);
    expect(
      pods.find((pod) => pod.metadata.name === "orphan")?.metadata.ownerReferences ?? [],
    ).toEqual([]);
  });

  it("doubles nothing when the answer to a create is lost, and says what fails", async () => {
    let creates = 0;
    const losing = (store: ObjectStore): ObjectStore =>
      withCreate(store, async (object, options) => {
        const created = await store.create(object, options);
        creates += 1;
        if (creates % 2 === 1) throw new StoreError("Timeout", "the answer was lost");
        return created;
      });
    cluster = await virtualCluster(ready, losing);
    await cluster.store.create(setOf(4));
    await cluster.pass(60_000);
    expect(await cluster.pods()).toHaveLength(4);
    expect((await stored()).status?.conditions ?? []).toEqual([]);
  });

  it("tries few pods when all are refused, and reports ReplicaFailure", async () => {
    let tries = 0;
    const refusing = (store: ObjectStore): ObjectStore =>
      withCreate(store, async (object, options) => {
        if (object.kind !== "Pod") return store.create(object, options);
        tries += 1;
        throw new StoreError("Forbidden", "no pods today");
      });
    cluster = await virtualCluster(ready, refusing);
    await cluster.store.create(setOf(500));
    await cluster.pass(10);
    expect(tries).toBeLessThan(10);
    expect((await stored()).status?.conditions).toMatchObject([
      {
        type: "ReplicaFailure",
        status: "True",
        reason: "FailedCreate",
        message: "Error creating: no pods today",
      },
    ]);
  });

  it("writes nothing more once it is settled, also after a restart", async () => {
    cluster = await virtualCluster(ready);
    await cluster.store.create(setOf(3));
    await cluster.pass(5_000);
    const { resourceVersion } = await cluster.store.list({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
    });
    await cluster.restart();
    await cluster.pass(3_600_000);
    expect(
      (await cluster.store.list({ apiVersion: "apps/v1", kind: "ReplicaSet" })).resourceVersion,
    ).toBe(resourceVersion);
  });
});

describe("deciding", () => {
  const set = { ...setOf(2), metadata: { name: "web", namespace: "default", uid: "u" } };

  it("asks for the same names again on a view that does not show the last pass", async () => {
    cluster = await virtualCluster(ready);
    const once = decideReplicaSet({ set, pods: [] }, 0).create.map((pod) => pod.metadata.name);
    expect(decideReplicaSet({ set, pods: [] }, 0).create.map((pod) => pod.metadata.name)).toEqual(
      once,
    );
    const taken: Pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: podName(set, 1), namespace: "default" },
      spec: { containers: [] },
    };
    expect(
      decideReplicaSet({ set, pods: [taken] }, 0).create.map((pod) => pod.metadata.name),
    ).not.toContain(podName(set, 1));
  });

  it.each([
    { name: "a pending one before a running one", expected: "pending" },
    { name: "an unready one before a ready one", expected: "unready", without: ["pending"] },
    { name: "a cheap one", expected: "cheap", without: ["pending", "unready"] },
    {
      name: "the one that became ready last",
      expected: "young",
      without: ["pending", "unready", "cheap"],
    },
  ])("removes $name", async ({ expected, without = [] }) => {
    cluster = await virtualCluster(ready);
    const pod = (
      name: string,
      status: Pod["status"],
      annotations: Record<string, string> = {},
    ): Pod => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default", annotations },
      spec: { containers: [] },
      ...(status === undefined ? {} : { status }),
    });
    const readyAt = (lastTransitionTime: string): Pod["status"] => ({
      phase: "Running",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime }],
    });
    const all = [
      pod("old", readyAt("2026-01-01T00:00:00Z")),
      pod("young", readyAt("2026-01-01T00:01:00Z")),
      pod("cheap", readyAt("2025-01-01T00:00:00Z"), {
        "controller.kubernetes.io/pod-deletion-cost": "-5",
      }),
      pod("unready", { phase: "Running" }),
      pod("pending", { phase: "Pending" }),
    ].filter((each) => !without.includes(each.metadata.name));
    expect(podsToRemove(all, 1).map((each) => each.metadata.name)).toEqual([expected]);
  });
});
