// spec.restartAt: pods go by the Eviction API, and a PodDisruptionBudget that says "not now" is waited for.
import { afterAll, beforeAll, expect, it } from "vitest";
import { formatTime } from "../../src/lib/time.ts";
import { openCluster, until, type TestCluster } from "./cluster.test-support.ts";
import { startController, stopControllers } from "./controller.test-support.ts";
import { RolloutUnderTest, rolloutYaml } from "./rollouts.test-support.ts";

let cluster: TestCluster;

beforeAll(() => {
  cluster = openCluster();
});

afterAll(async () => {
  await stopControllers();
  await cluster.close();
});

interface Budget {
  readonly status?: { readonly expectedPods?: number; readonly disruptionsAllowed?: number };
}

it("pods are restarted once their disruption budget allows it, and not before", async () => {
  const namespace = await cluster.newNamespace();
  const budgets = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`;
  const budget = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "all" },
    spec: { minAvailable: "100%", selector: { matchLabels: { app: "shop" } } },
  };
  await cluster.client.json({ method: "POST", path: budgets, body: budget });
  const controller = await startController({ namespace });
  const strategy = "    canary: { maxUnavailable: 1 }\n";
  await cluster.apply(rolloutYaml({ name: "shop", replicas: 2, strategy }), namespace);
  const rollout = new RolloutUnderTest(cluster, namespace, "shop");
  await rollout.reaches("Healthy");
  const uids = async (): Promise<readonly unknown[]> =>
    (await cluster.list("Pod", namespace)).map(({ metadata }) => metadata.uid);
  const before = await uids();
  await until("the budget covers both pods", async () => {
    const found = (await cluster.client.json({ method: "GET", path: `${budgets}/all` })) as Budget;
    return found.status?.expectedPods === 2 && found.status.disruptionsAllowed === 0;
  });
  // Whole seconds: what was made in this one is not older than it.
  await rollout.patch({ spec: { restartAt: formatTime(Date.now() + 1000) } });
  const refused = /kind="pods".*verb="Create",status_code="429"/;
  await until("an eviction was refused", async () =>
    refused.test(await (await fetch(controller.metricsUrl)).text()),
  );
  expect(await uids()).toEqual(before);
  expect((await rollout.status())["restartedAt"]).toBeUndefined();
  await cluster.client.json({ method: "DELETE", path: `${budgets}/all` });
  await until(
    "all pods are new",
    async () => {
      const now = await uids();
      return now.length === 2 && now.every((uid) => !before.includes(uid));
    },
    { withinMs: 110_000 },
  );
  await until(
    "it is written down",
    async () => (await rollout.status())["restartedAt"] !== undefined,
    { withinMs: 60_000 },
  );
  expect(controller.log()).not.toMatch(/level=(warn|error)/);
  expect(await controller.stop()).toBe(0);
}, 240_000);
