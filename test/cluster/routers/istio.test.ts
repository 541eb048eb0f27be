// A whole delivery by `haldane controller` whose traffic a VirtualService splits.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VirtualService } from "../../../src/api/istio/networking.ts";
import type { KubeEvent } from "../../../src/api/kubernetes/workloads.ts";
import { isStoreError } from "../../../src/objects/object-store.ts";
import { openCluster, until, type TestCluster } from "../cluster.test-support.ts";
import { startController, stopControllers } from "../controller.test-support.ts";
import { RolloutUnderTest, rolloutYaml, serviceYaml } from "../rollouts.test-support.ts";

const apiVersion = "networking.istio.io/v1alpha3";

const probe = openCluster();
const isServed = await probe.store
  .list({ apiVersion, kind: "VirtualService", namespace: "default" })
  .then(() => true)
  .catch((error: unknown) => {
    if (isStoreError(error, "NotFound")) return false;
    throw error;
  });
await probe.close();

const strategy = `    canary:
      stableService: shop-stable
      canaryService: shop-canary
      abortScaleDownDelaySeconds: 2
      trafficRouting:
        managedRoutes: [{ name: testers }]
        istio: { virtualService: { name: shop } }
      steps:
        - setWeight: 25
        - setHeaderRoute:
            name: testers
            match: [{ headerName: x-canary, headerValue: { exact: "true" } }]
        - pause: {}
`;

const virtualService = `
apiVersion: ${apiVersion}
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop]
  http:
    - name: primary
      timeout: 5s
      route:
        - { destination: { host: shop-stable }, weight: 100 }
        - { destination: { host: shop-canary }, weight: 0 }
`;

describe.skipIf(!isServed)("a canary split by a VirtualService", () => {
  let cluster: TestCluster;
  let namespace: string;

  beforeAll(async () => {
    cluster = openCluster();
    namespace = await cluster.newNamespace();
    await startController({ namespace });
  });

  afterAll(async () => {
    await stopControllers();
    await cluster.close();
  });

  /** `name: host weight, …` of each http route. */
  async function routes(): Promise<readonly string[]> {
    const ref = { apiVersion, kind: "VirtualService", namespace, name: "shop" };
    const { http = [] } = (await cluster.store.get<VirtualService>(ref))?.spec ?? {};
    return http.map(({ name = "", route = [] }) => {
      const shares = route.map(({ destination, weight }) => [destination.host, weight].join(" "));
      return `${name}: ${shares.join(", ")}`;
    });
  }

  async function hasRoutes(...wanted: readonly string[]): Promise<void> {
    const text = wanted.join(" | ");
    const isSo = async (): Promise<boolean> => (await routes()).join(" | ") === text;
    await until(`the routes are ${text}`, isSo, { describe: routes });
  }

  async function switchesOfCanaryService(): Promise<number> {
    const { items } = await cluster.store.list<KubeEvent>({
      apiVersion: "v1",
      kind: "Event",
      namespace,
    });
    const switched = items.filter(({ message }) => message?.includes("'shop-canary'") === true);
    return switched.reduce((sum, { count = 1 }) => sum + count, 0);
  }

  it("waits for it, follows the steps, and is back at once when aborted", async () => {
    const shop = new RolloutUnderTest(cluster, namespace, "shop");
    const services = serviceYaml("shop-stable", "shop") + serviceYaml("shop-canary", "shop");
    const written = rolloutYaml({ name: "shop", replicas: 4, strategy });
    await cluster.apply(services + written, namespace);
    await shop.reaches("Degraded");
    expect((await shop.status())["message"]).toContain('VirtualService "shop" not found');

    await cluster.apply(virtualService, namespace);
    await shop.reaches("Healthy");
    await hasRoutes("primary: shop-stable 100, shop-canary 0");

    await shop.setVersion("v2");
    await shop.reaches("Paused", { currentStepIndex: 2 });
    await hasRoutes("testers: shop-canary 100", "primary: shop-stable 75, shop-canary 25");

    const before = await switchesOfCanaryService();
    await shop.abort();
    await hasRoutes("primary: shop-stable 100, shop-canary 0");
    await shop.hasSizes({ v1: 4 });
    await shop.reaches("Degraded");
    expect(await switchesOfCanaryService()).toBe(before + 1);

    await shop.retry();
    await shop.reaches("Paused", { currentStepIndex: 2 });
    await shop.resume();
    await shop.reaches("Healthy");
    await hasRoutes("primary: shop-stable 100, shop-canary 0");
    expect(await shop.eventReasons()).toContain("Updated VirtualService");
  });
});
