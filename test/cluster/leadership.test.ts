// Two controllers and one lease: who leads when the leader is killed, frozen, or not alone; and an API
// server that goes away in the middle of a delivery.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readKubeconfig } from "../../src/objects/kubernetes/kubeconfig.ts";
import { openCluster, refTo, until, type TestCluster } from "./cluster.test-support.ts";
import { startController, stopControllers } from "./controller.test-support.ts";
import { controllerKubeconfig } from "./kubeconfig.test-support.ts";
import { recordingProxy } from "./proxy.test-support.ts";
import { RolloutUnderTest, rolloutYaml } from "./rollouts.test-support.ts";

const lock = "argo-rollouts-controller-lock";
const quick = [
  "--leader-election-lease-duration=4s",
  "--leader-election-renew-deadline=3s",
  "--leader-election-retry-period=500ms",
];

let cluster: TestCluster;
let namespace: string;

beforeAll(() => {
  cluster = openCluster();
});

beforeEach(async () => {
  namespace = await cluster.newNamespace();
});

afterEach(stopControllers);

afterAll(async () => {
  await cluster.close();
});

async function holder(): Promise<string> {
  const lease = await cluster.get("Lease", namespace, lock);
  const identity = lease?.spec?.["holderIdentity"];
  return typeof identity === "string" ? identity : "";
}

function identityIn(log: string): string {
  return /identity=(\S+)/.exec(log)?.[1] ?? "";
}

async function pausedRollout(): Promise<RolloutUnderTest> {
  const strategy = "    canary: { maxSurge: 1, steps: [{ setWeight: 50 }, { pause: {} }] }\n";
  await cluster.apply(rolloutYaml({ name: "shop", replicas: 2, strategy }), namespace);
  const rollout = new RolloutUnderTest(cluster, namespace, "shop");
  await rollout.reaches("Healthy");
  await rollout.setVersion("v2");
  await rollout.reaches("Paused", { currentStepIndex: 1 });
  return rollout;
}

describe("two controllers", () => {
  it("one works; the other takes over when it is killed, and finishes what was begun", async () => {
    const first = await startController({ namespace, args: quick });
    const second = await startController({ namespace, args: quick, isStandby: true });
    const rollout = await pausedRollout();
    expect(await holder()).toBe(identityIn(first.log()));
    expect(second.log()).not.toContain("msg=leading");
    first.signal("SIGKILL");
    await first.ended;
    await rollout.resume();
    await rollout.reaches("Healthy");
    await rollout.hasSizes({ v2: 2 });
    expect(await holder()).toBe(identityIn(second.log()));
    expect(await second.stop()).toBe(0);
  });

  it("the other takes over at once when the first is stopped in good order", async () => {
    const first = await startController({ namespace });
    const second = await startController({ namespace, isStandby: true });
    await until("the second waits", async () => second.log().includes("waiting for the lease"));
    expect(await first.stop()).toBe(0);
    // Far sooner than the 15 s it would have had to wait for a leader that vanished.
    await until("the second leads", async () => second.log().includes('msg="leading"'), {
      withinMs: 6_000,
    });
  });

  it("one that was frozen and lost the lease meanwhile writes nothing, and ends with an error", async () => {
    const proxy = await recordingProxy(readKubeconfig({ files: [controllerKubeconfig()] }));
    try {
      const { kubeconfig } = proxy;
      const first = await startController({ namespace, args: quick, kubeconfig });
      const second = await startController({ namespace, args: quick, isStandby: true });
      const rollout = await pausedRollout();
      first.signal("SIGSTOP");
      await until("the second leads", async () => (await holder()) === identityIn(second.log()));
      const asked = proxy.recorded.length;
      await rollout.resume();
      first.signal("SIGCONT");
      expect(await first.ended).toBe(1);
      const written = proxy.recorded
        .slice(asked)
        .filter(({ method, path }) => method !== "GET" && !path.includes("/leases/"));
      expect(written).toEqual([]);
      expect(first.log()).toContain("writing nothing any more");
      await rollout.reaches("Healthy");
      expect(await second.stop()).toBe(0);
    } finally {
      await proxy.close();
    }
  });
});

describe("a lease that somebody else holds", () => {
  it("keeps a controller waiting until it has run out, as Argo Rollouts' would", async () => {
    const ref = refTo("Lease", namespace, lock);
    await cluster.store.create({
      apiVersion: ref.apiVersion,
      kind: ref.kind,
      metadata: { namespace, name: lock },
      ...{ spec: { holderIdentity: "argo-rollouts-1_x", leaseDurationSeconds: 6 } },
    });
    const waiting = await startController({ namespace, args: quick, isStandby: true });
    await until("it waits", async () => waiting.log().includes("held by argo-rollouts-1_x"));
    await until("it leads", async () => waiting.log().includes("the controllers run"));
    expect(await waiting.stop()).toBe(0);
  });
});
