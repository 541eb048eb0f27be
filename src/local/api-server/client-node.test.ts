// The official JavaScript client as a second reader of what we serve.
import {
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  Metrics,
  PatchStrategy,
  setHeaderOptions,
  Watch,
  type V1ConfigMap,
  type V1Deployment,
  type V1Pod,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "./api-server.test-support.ts";

let api: TestServer;
const config = new KubeConfig();

beforeAll(async () => {
  api = await startTestServer({
    podUsage: async () => [
      {
        namespace: "default",
        name: "p",
        measuredAtMs: 0,
        windowMs: 15_000,
        containers: [{ name: "c", cpuMillicores: 1, memoryBytes: 1024 }],
      },
    ],
  });
  config.loadFromFile(api.server.kubeconfigPath);
});
afterAll(() => api.close());

const namespace = "default";
const containers = [{ name: "c", image: "i" }];
const template = { metadata: { labels: { a: "b" } }, spec: { containers } };
const spec = { replicas: 1, selector: { matchLabels: { a: "b" } }, template };

/** The client's types are classes, but what it sends is plain data. */
function configMap(name: string, data: Record<string, string> = {}): V1ConfigMap {
  const object: unknown = { metadata: { name, labels: { test: name } }, data };
  return object as V1ConfigMap;
}

describe("@kubernetes/client-node", () => {
  it("creates, reads, lists, replaces, patches and deletes", async () => {
    const core = config.makeApiClient(CoreV1Api);
    const created = await core.createNamespacedConfigMap({
      namespace,
      body: configMap("c", { k: "1" }),
    });
    expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date);
    const list = await core.listNamespacedConfigMap({
      namespace,
      labelSelector: "test=c",
      limit: 10,
    });
    expect(list.items.map(({ metadata }) => metadata?.name)).toEqual(["c"]);
    const changed = Object.assign(structuredClone(created), { data: { k: "2" } });
    await core.replaceNamespacedConfigMap({ namespace, name: "c", body: changed });
    const stale = core.replaceNamespacedConfigMap({ namespace, name: "c", body: created });
    await expect(stale).rejects.toMatchObject({ code: 409 });
    const patched = await core.patchNamespacedConfigMap(
      { namespace, name: "c", body: { data: { l: "3" } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
    expect(patched.data).toEqual({ k: "2", l: "3" });
    const deleted = await core.deleteNamespacedConfigMap({ namespace, name: "c" });
    expect(deleted.status).toBe("Success");
    await expect(core.readNamespacedConfigMap({ namespace, name: "c" })).rejects.toMatchObject({
      code: 404,
    });
  });

  it("scales and reads kinds that are not its own", async () => {
    const apps = config.makeApiClient(AppsV1Api);
    const body = { metadata: { name: "d" }, spec } as unknown as V1Deployment;
    await apps.createNamespacedDeployment({ namespace, body });
    const scale = await apps.readNamespacedDeploymentScale({ namespace, name: "d" });
    const wanted = Object.assign(scale, { spec: { replicas: 4 } });
    const scaled = await apps.replaceNamespacedDeploymentScale({
      namespace,
      name: "d",
      body: wanted,
    });
    expect(scaled.spec?.replicas).toBe(4);

    const custom = config.makeApiClient(CustomObjectsApi);
    const kind = { group: "argoproj.io", version: "v1alpha1", plural: "rollouts", namespace };
    const rollout = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: "r" },
      spec: { ...spec, strategy: { canary: {} } },
    };
    await custom.createNamespacedCustomObject({ ...kind, body: rollout });
    expect(await custom.listNamespacedCustomObject(kind)).toMatchObject({
      items: [{ metadata: { name: "r" } }],
    });
  });

  it("finds kinds by discovery and applies", async () => {
    const objects = KubernetesObjectApi.makeApiClient(config);
    const body = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisTemplate",
      metadata: { name: "t", namespace },
      spec: { metrics: [] },
    };
    const applied = await objects.patch(
      body,
      undefined,
      undefined,
      "me",
      undefined,
      PatchStrategy.ServerSideApply,
    );
    expect(applied).toMatchObject({
      metadata: { managedFields: [{ manager: "me", operation: "Apply" }] },
    });
  });

  it("watches", async () => {
    const events: string[] = [];
    const aborter = await new Watch(config).watch(
      "/api/v1/namespaces/default/configmaps",
      { allowWatchBookmarks: true, labelSelector: "test=watched" },
      (type: string, object: V1ConfigMap) => events.push(`${type} ${object.metadata?.name ?? ""}`),
      () => undefined,
    );
    const core = config.makeApiClient(CoreV1Api);
    await core.createNamespacedConfigMap({ namespace, body: configMap("watched") });
    await core.deleteNamespacedConfigMap({ namespace, name: "watched" });
    await expect.poll(() => events).toEqual(["ADDED watched", "DELETED watched"]);
    aborter.abort();
  });

  it("keeps an informer's cache", async () => {
    const core = config.makeApiClient(CoreV1Api);
    const path = "/api/v1/namespaces/default/configmaps";
    const informer = makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace }));
    await informer.start();
    await core.createNamespacedConfigMap({ namespace, body: configMap("cached") });
    await expect.poll(() => informer.get("cached", namespace)?.metadata?.name).toBe("cached");
    await informer.stop();
  });

  it("reads what pods use", async () => {
    const body = { metadata: { name: "p" }, spec: { containers } } as unknown as V1Pod;
    await config.makeApiClient(CoreV1Api).createNamespacedPod({ namespace, body });
    const { items } = await new Metrics(config).getPodMetrics(namespace);
    expect(items[0]?.containers[0]?.usage).toEqual({ cpu: "1000000n", memory: "1Ki" });
  });
});
