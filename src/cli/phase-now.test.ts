import { describe, expect, it } from "vitest";
import type { KubeObject } from "../api/meta/object.ts";
import { memoryStore } from "../objects/memory/memory.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";
import { phaseNow } from "./phase-now.ts";

function rollout(status: object, spec: object = {}): KubeObject {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "shop", namespace: "default", generation: 1 },
    spec,
    status: { observedGeneration: "1", ...status },
  } as KubeObject;
}

const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "shop" };

async function storeWithDeployment(): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore({ clock: new VirtualClock(0) });
  const template = {
    metadata: { labels: { a: "b" } },
    spec: { containers: [{ name: "app", image: "v1" }] },
  };
  const spec = { selector: { matchLabels: { a: "b" } }, template };
  const metadata = { name: "shop", namespace: "default" };
  await store.create({ apiVersion: "apps/v1", kind: "Deployment", metadata, spec } as KubeObject);
  return store;
}

describe("the phase right after a command", () => {
  it("is no verdict about an abort that has been retried", async () => {
    const store = memoryStore({ clock: new VirtualClock(0) });
    const status = {
      phase: "Degraded",
      message: "RolloutAborted: Rollout aborted update to revision 2",
    };
    expect((await phaseNow(store, rollout({ ...status, abort: true }))).phase).toBe("Degraded");
    expect(await phaseNow(store, rollout({ ...status, abort: false }))).toEqual({
      phase: "Progressing",
      message: "waiting for rollout to be retried",
    });
  });

  it("is not healthy while a change of the workload has not been seen", async () => {
    const store = await storeWithDeployment();
    const healthy = rollout({ phase: "Healthy", workloadObservedGeneration: "1" }, { workloadRef });
    const annotated = {
      ...healthy,
      metadata: {
        ...healthy.metadata,
        annotations: { "rollout.argoproj.io/workload-generation": "1" },
      },
    };
    expect((await phaseNow(store, annotated)).phase).toBe("Healthy");
    await store.patch(
      { ...workloadRef, namespace: "default" },
      { type: "merge", body: { spec: { replicas: 3 } } },
    );
    expect(await phaseNow(store, annotated)).toEqual({
      phase: "Progressing",
      message: "waiting for rollout spec update to be observed for the reference workload",
    });
  });
});
