import { expect, it } from "vitest";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { Manager } from "../../runtime/manager.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { pass } from "../../runtime/virtual-world.test-support.ts";
import { deliveryManager } from "./delivery.test-support.ts";

const hashLabel = "rollouts-pod-template-hash";
const rollouts = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" };
const sets = { apiVersion: "apps/v1", kind: "ReplicaSet", namespace: "default" };

const rollout = {
  ...rollouts,
  metadata: { namespace: "default", name: "web" },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "web:1" }] },
    },
    strategy: { canary: {} },
  },
};

/** Its cache holds the ReplicaSets of rollouts alone. */
function managerOf(store: ObjectStore, clock: VirtualClock): Manager {
  return deliveryManager(store, clock, {
    policyOf: (_apiVersion, kind) =>
      kind === "ReplicaSet"
        ? { labelSelector: { matchExpressions: [{ key: hashLabel, operator: "Exists" }] } }
        : {},
  });
}

it("a ReplicaSet of the name that is somebody else's, and not in the cache, is got round", async () => {
  const clock = new VirtualClock(Date.parse("2026-11-21T06:48:00Z"));
  const first = memoryStore({ clock });
  const naming = managerOf(first, clock);
  await first.create(rollout);
  await naming.start();
  await pass(clock, 1000);
  const name = (await first.list(sets)).items[0]?.metadata.name ?? "";
  await naming.stop();

  const store = memoryStore({ clock });
  const { template } = rollout.spec;
  const foreign = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { namespace: "default", name },
    spec: { replicas: 0, selector: { matchLabels: { app: "web" } }, template },
  } as ReplicaSet;
  await store.create(foreign);
  await store.create(rollout);
  const manager = managerOf(store, clock);
  await manager.start();
  await pass(clock, 1000);
  const names = (await store.list(sets)).items.map(({ metadata }) => metadata.name);
  expect(names).toHaveLength(2);
  expect(names).toContain(name);
  const { items } = await store.list<KubeObject & { status?: { collisionCount?: number } }>(
    rollouts,
  );
  expect(items[0]?.status?.collisionCount).toBe(1);
  await manager.stop();
});
