// Who else changes how many pods there are, or says how many there must be: an autoscaler at the scale
// subresource, and a PodDisruptionBudget that holds a restart back.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { formatTime } from "../../src/lib/time.ts";
import { openCluster, refTo, until, type Loose, type TestCluster } from "./cluster.test-support.ts";
import {
  startController,
  stopControllers,
  type RunningController,
} from "./controller.test-support.ts";
import {
  isSettled,
  ownerOf,
  recordHistory,
  statusOf,
  type RecordedHistory,
} from "./history.test-support.ts";
import { kubectl } from "./kubectl.test-support.ts";
import { RolloutUnderTest, rolloutYaml } from "./rollouts.test-support.ts";

let cluster: TestCluster;
let namespace: string;
let history: RecordedHistory;
let controller: RunningController;

beforeAll(async () => {
  cluster = openCluster();
  namespace = await cluster.newNamespace();
  history = await recordHistory(cluster.store, namespace);
  controller = await startController({ namespace });
});

afterAll(async () => {
  await stopControllers();
  await history.close();
  await cluster.close();
});

const strategy = `    canary:
      maxSurge: 1
      maxUnavailable: 0
      steps: [{ setWeight: 50 }, { pause: {} }]
`;

/** As the horizontal pod autoscaler does it. */
async function scaleTo(name: string, replicas: number): Promise<void> {
  await cluster.patch(refTo("Rollout", namespace, name), { spec: { replicas } }, "scale");
}

/** What the autoscaler reads: the pods there are, and how to find them. */
async function scaleOf(name: string): Promise<JsonObject> {
  const path = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts/${name}/scale`;
  const { spec, status } = (await cluster.client.json({ method: "GET", path })) as JsonObject;
  return { ...(spec as JsonObject), ...(status as JsonObject), spec: spec ?? null };
}

/** spec.replicas in the order in which they were set. */
function replicasSet(name: string): readonly unknown[] {
  const all = history
    .moments()
    .filter(({ kind, object }) => kind === "Rollout" && object.metadata.name === name)
    .map(({ object }) => object.spec?.["replicas"]);
  return all.filter((replicas, index) => replicas !== all[index - 1]);
}

async function hasPods(name: string, replicas: number, selector: string): Promise<void> {
  await until(
    `the scale of ${name} shows ${replicas} pods`,
    async () => {
      const scale = await scaleOf(name);
      return scale["replicas"] === replicas && scale["selector"] === selector;
    },
    { describe: async () => scaleOf(name) },
  );
}

/** The same deliveries, whoever holds the template. */
async function playAutoscaler(shop: RolloutUnderTest, update: () => Promise<void>): Promise<void> {
  const { name } = shop;
  const selector = `app=${name}`;
  await shop.reaches("Healthy", { HPAReplicas: 2, selector });
  await scaleTo(name, 4);
  await shop.reaches("Healthy", { HPAReplicas: 4, selector });
  await shop.hasSizes({ v1: 4 });

  await update();
  await shop.reaches("Paused", { currentStepIndex: 1, HPAReplicas: 4 });
  await shop.hasSizes({ v1: 2, v2: 2 });
  await scaleTo(name, 6);
  await shop.hasSizes({ v1: 3, v2: 3 });
  await shop.reaches("Paused", { currentStepIndex: 1, HPAReplicas: 6 });
  await scaleTo(name, 2);
  await shop.hasSizes({ v1: 1, v2: 1 });
  await hasPods(name, 2, selector);
  await shop.reaches("Paused", { currentStepIndex: 1 });
  await scaleTo(name, 5);
  await shop.resume();
  await shop.reaches("Healthy", { currentStepIndex: 2, HPAReplicas: 5, selector });
  await shop.hasSizes({ v2: 5 });
  expect(replicasSet(name)).toEqual([2, 4, 6, 2, 5]);
}

describe("an autoscaler", () => {
  it("is followed when idle and within a canary, and never fought", async () => {
    await cluster.apply(rolloutYaml({ name: "shop", replicas: 2, strategy }), namespace);
    const shop = new RolloutUnderTest(cluster, namespace, "shop");
    await playAutoscaler(shop, async () => shop.setVersion("v2"));
  });

  it("scales the Rollout, not the Deployment whose template it takes", async () => {
    const deploymentYaml = (version: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  replicas: 0
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - { name: web, image: "registry.k8s.io/pause:3.10", env: [{ name: VERSION, value: ${version} }] }
`;
    const rollout = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: api }
spec:
  replicas: 2
  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: api }
  strategy:
${strategy}`;
    await cluster.apply(deploymentYaml("v1") + "---" + rollout, namespace);
    const api = new RolloutUnderTest(cluster, namespace, "api");
    await playAutoscaler(api, async () => {
      await cluster.apply(deploymentYaml("v2"), namespace);
    });
    const deployment = await cluster.get("Deployment", namespace, "api");
    expect(deployment?.spec?.["replicas"]).toBe(0);
  });
});

describe("a restart under a PodDisruptionBudget", () => {
  const budgetYaml = (minAvailable: number): string => `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: guarded }
spec: { minAvailable: ${minAvailable}, selector: { matchLabels: { app: guarded } } }
`;

  async function budgetAllows(count: number): Promise<void> {
    const path = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/guarded`;
    await until(`the budget allows ${count}`, async () => {
      const { metadata, status = {} } = (await cluster.client.json({
        method: "GET",
        path,
      })) as unknown as Loose;
      const isObserved = status["observedGeneration"] === metadata.generation;
      return isObserved && status["disruptionsAllowed"] === count;
    });
  }

  async function ownPods(): Promise<readonly Loose[]> {
    const pods = await cluster.list("Pod", namespace);
    return pods.filter(({ metadata }) => metadata.labels?.["app"] === "guarded");
  }

  /** The fewest ready pods there ever were once all had been there. */
  function fewestReady(): number {
    const ready = new Set<string>();
    let fewest = Infinity;
    let wasComplete = false;
    for (const { kind, type, object } of history.moments()) {
      if (kind !== "Pod" || !ownerOf(object).startsWith("guarded-")) continue;
      const { name, deletionTimestamp } = object.metadata;
      const conditions = (statusOf(object)["conditions"] ?? []) as unknown as readonly Condition[];
      const isReady = conditions.some((one) => one.type === "Ready" && one.status === "True");
      if (type !== "DELETED" && deletionTimestamp === undefined && isReady) ready.add(name);
      else ready.delete(name);
      wasComplete ||= ready.size === 2;
      if (wasComplete) fewest = Math.min(fewest, ready.size);
    }
    return fewest;
  }

  interface Condition {
    readonly type: string;
    readonly status: string;
  }

  it("waits as long as it must, then replaces the pods one by one", async () => {
    const idle = "    canary: {}\n";
    await cluster.apply(rolloutYaml({ name: "guarded", replicas: 2, strategy: idle }), namespace);
    const guarded = new RolloutUnderTest(cluster, namespace, "guarded");
    await guarded.reaches("Healthy");
    kubectl(["-n", namespace, "apply", "-f", "-"], budgetYaml(2));
    await budgetAllows(0);
    const before = (await ownPods()).map(({ metadata }) => metadata.uid);

    // Pods count as older from the second after they were made.
    await until("a second has passed since the pods were made", async () => {
      const created = (await ownPods()).map(({ metadata }) => metadata.creationTimestamp ?? "");
      return created.every((at) => at < formatTime(Date.now()));
    });
    const restartAt = formatTime(Date.now());
    await guarded.patch({ spec: { restartAt } });
    await until("the controller asked and was refused", async () => {
      const text = await (await fetch(controller.metricsUrl)).text();
      return /^controller_clientset_k8s_request_total\{kind="pods.*status_code="429"\} [1-9]/m.test(
        text,
      );
    });
    expect((await guarded.status())["restartedAt"]).not.toBe(restartAt);
    expect((await ownPods()).map(({ metadata }) => metadata.uid)).toEqual(before);

    kubectl(["-n", namespace, "apply", "-f", "-"], budgetYaml(1));
    await budgetAllows(1);
    await history.becomes(
      "Rollout",
      "guarded",
      (rollout) => isSettled(rollout, "Healthy") && statusOf(rollout)["restartedAt"] === restartAt,
    );
    const after = (await ownPods()).map(({ metadata }) => metadata.uid);
    expect(after.filter((uid) => before.includes(uid))).toEqual([]);
    expect(fewestReady()).toBe(1);
  });
});
