// What a controller asks of the API server, written down by a proxy in between: nothing outside the
// namespace it is confined to, nothing for rollouts at rest, and no storm for kinds that are not there.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster, until, type TestCluster } from "./cluster.test-support.ts";
import {
  startController,
  stopControllers,
  type RunningController,
} from "./controller.test-support.ts";
import { controllerKubeconfig } from "./kubeconfig.test-support.ts";
import { readKubeconfig } from "../../src/objects/kubernetes/kubeconfig.ts";
import { recordingProxy, type Recorded, type RecordingProxy } from "./proxy.test-support.ts";
import { RolloutUnderTest, rolloutYaml } from "./rollouts.test-support.ts";

const quietMs = 20_000;

let cluster: TestCluster;
let namespace: string;
let proxy: RecordingProxy;
let controller: RunningController;

beforeAll(async () => {
  cluster = openCluster();
  namespace = await cluster.newNamespace();
  proxy = await recordingProxy(readKubeconfig({ files: [controllerKubeconfig()] }));
  controller = await startController({ namespace, kubeconfig: proxy.kubeconfig });
});

afterAll(async () => {
  await stopControllers();
  await proxy.close();
  await cluster.close();
});

const strategy = "    canary: { steps: [{ setWeight: 50 }] }\n";

function isLease({ path }: Recorded): boolean {
  return path.includes("/leases/");
}

function lines(recorded: readonly Recorded[]): readonly string[] {
  return recorded.map(({ method, path }) => `${method} ${path}`);
}

describe("a namespaced controller", () => {
  it("brings rollouts to life and asks for nothing outside its namespace", async () => {
    for (const name of ["one", "two", "three"])
      await cluster.apply(rolloutYaml({ name, replicas: 2, strategy }), namespace);
    for (const name of ["one", "two", "three"])
      await new RolloutUnderTest(cluster, namespace, name).reaches("Healthy");
    const outside = proxy.recorded.filter(
      ({ path }) => !path.includes(`/namespaces/${namespace}/`),
    );
    expect(lines(outside)).toEqual([]);
  });

  it("reads nothing whole that no rollout names: no pods, Deployments, ConfigMaps, routes", () => {
    const read = proxy.recorded.filter(
      ({ method, path }) => method === "GET" && !isLease({ method, path }),
    );
    const kinds = read.map(({ path }) => path.replace(/[?].*/, "").split("/").at(-1));
    expect([...new Set(kinds)].sort()).toEqual([
      "analysisruns",
      "analysistemplates",
      "destinationrules",
      "experiments",
      "ingresses",
      "jobs",
      "replicasets",
      "rollouts",
      "services",
    ]);
    // Once, when it begins: what rollouts have left behind is given back.
    const once = kinds.filter((kind) => ["destinationrules", "ingresses"].includes(kind ?? ""));
    expect(once).toHaveLength(2);
  });

  it("costs nothing while its rollouts rest: the lease alone is renewed", async () => {
    let from = proxy.recorded.length;
    const sinceMs = { last: Date.now() };
    // At rest once nothing but the lease was asked for in a while; then that while is the measurement.
    await until(
      `${quietMs} ms without a request`,
      async () => {
        const others = proxy.recorded.slice(from).filter((one) => !isLease(one));
        if (others.length > 0) {
          from = proxy.recorded.length;
          sinceMs.last = Date.now();
        }
        return Date.now() - sinceMs.last >= quietMs;
      },
      { withinMs: 90_000, describe: async () => lines(proxy.recorded.slice(from)) },
    );
    const renewals = proxy.recorded.slice(from).filter(isLease);
    expect(renewals.length).toBeGreaterThan(quietMs / 2_000 - 3);
    expect(renewals.length).toBeLessThan(quietMs / 2_000 + 3);
  });
});

describe("a kind that is not served", () => {
  it("is asked for only when a rollout names it, seldom, and used once it is there", async () => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    const asked = (): number => proxy.recorded.filter((one) => one.path.startsWith(path)).length;
    const warnings = (): number =>
      (controller.log().match(/level=warn.*kind=Deployment/g) ?? []).length;
    expect(asked()).toBe(0);
    proxy.hide(/\/deployments/);
    await cluster.apply(deploymentAndRollout, namespace);
    const rollout = new RolloutUnderTest(cluster, namespace, "borrowed");
    await rollout.reaches("Degraded");
    expect(JSON.stringify(await rollout.status())).toContain("not found");
    // Others are not held up by it.
    await cluster.apply(rolloutYaml({ name: "four", strategy }), namespace);
    await new RolloutUnderTest(cluster, namespace, "four").reaches("Healthy");
    expect([asked(), warnings()]).toEqual([1, 1]);
    proxy.hide(undefined);
    await rollout.reaches("Healthy");
  });
});

const deploymentAndRollout = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: lender }
spec:
  replicas: 0
  selector: { matchLabels: { app: borrowed } }
  template:
    metadata: { labels: { app: borrowed } }
    spec:
      containers: [{ name: web, image: "registry.k8s.io/pause:3.10" }]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: borrowed }
spec:
  replicas: 1
  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: lender }
  strategy: { canary: { steps: [{ setWeight: 50 }] } }
`;
