// A whole delivery by `haldane controller` whose traffic a VirtualService splits.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IstioHttpRoute, VirtualService } from "../../../src/api/istio/networking.ts";
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

const withMirror = `    canary:
      stableService: mirrored-stable
      canaryService: mirrored-canary
      trafficRouting:
        managedRoutes: [{ name: shadow }]
        istio: { virtualService: { name: mirrored } }
      steps:
        - setWeight: 25
        - setMirrorRoute:
            name: shadow
            percentage: 40
            match: [{ method: { exact: GET }, path: { prefix: /shop } }]
        - pause: {}
        - setMirrorRoute: { name: shadow }
        - setWeight: 50
        - pause: {}
`;

const withSizes = `    canary:
      stableService: sized-stable
      canaryService: sized-canary
      minPodsPerReplicaSet: 2
      replicaProgressThreshold: { type: Percent, value: 50 }
      trafficRouting:
        istio: { virtualService: { name: sized } }
      steps:
        - setCanaryScale: { replicas: 1 }
        - pause: {}
        - setWeight: 10
        - setCanaryScale: { weight: 75 }
        - pause: {}
        - setCanaryScale: { matchTrafficWeight: true }
        - pause: {}
        - experiment:
            duration: 3s
            scaleDownDelaySeconds: 0
            templates: [{ name: baseline, specRef: stable, weight: 5 }]
        - setWeight: 50
        - pause: {}
`;

const virtualService = (name: string): string => `
apiVersion: ${apiVersion}
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}]
  http:
    - name: primary
      timeout: 5s
      route:
        - { destination: { host: ${name}-stable, port: { number: 80 } }, weight: 100 }
        - { destination: { host: ${name}-canary, port: { number: 80 } }, weight: 0 }
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

  async function httpRoutes(name: string): Promise<readonly IstioHttpRoute[]> {
    const ref = { apiVersion, kind: "VirtualService", namespace, name };
    return (await cluster.store.get<VirtualService>(ref))?.spec.http ?? [];
  }

  /** `name: host weight, … -> host percentage` of each http route. */
  async function routes(of: string): Promise<readonly string[]> {
    return (await httpRoutes(of)).map(({ name = "", route = [], mirror, mirrorPercentage }) => {
      const shares = route.map(({ destination, weight }) => [destination.host, weight].join(" "));
      const copies = mirror ? ` -> ${mirror.host} ${mirrorPercentage?.value}%` : "";
      return `${name}: ${shares.join(", ")}${copies}`;
    });
  }

  async function hasRoutes(name: string, ...wanted: readonly string[]): Promise<void> {
    const text = wanted.join(" | ");
    const isSo = async (): Promise<boolean> => (await routes(name)).join(" | ") === text;
    await until(`the routes are ${text}`, isSo, { describe: async () => routes(name) });
  }

  /** What the rollout was told of the VirtualService, in order. */
  async function toldOf(rollout: string): Promise<readonly string[]> {
    const scope = { apiVersion: "v1", kind: "Event", namespace };
    const { items } = await cluster.store.list<KubeEvent>(scope);
    const own = items.filter(({ involvedObject }) => involvedObject.name === rollout);
    const told = own.filter(({ reason }) => reason === "Updated VirtualService");
    return told.map(({ message = "" }) => message);
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

    await cluster.apply(virtualService("shop"), namespace);
    await shop.reaches("Healthy");
    await hasRoutes("shop", "primary: shop-stable 100, shop-canary 0");

    await shop.setVersion("v2");
    await shop.reaches("Paused", { currentStepIndex: 2 });
    await hasRoutes("shop", "testers: shop-canary 100", "primary: shop-stable 75, shop-canary 25");

    const before = await switchesOfCanaryService();
    await shop.abort();
    await hasRoutes("shop", "primary: shop-stable 100, shop-canary 0");
    await shop.hasSizes({ v1: 4 });
    await shop.reaches("Degraded");
    expect(await switchesOfCanaryService()).toBe(before + 1);

    await shop.retry();
    await shop.reaches("Paused", { currentStepIndex: 2 });
    await shop.resume();
    await shop.reaches("Healthy");
    await hasRoutes("shop", "primary: shop-stable 100, shop-canary 0");
    expect(await shop.eventReasons()).toContain("Updated VirtualService");
  });

  it("mirrors to the canary from the step that says so until the one that takes it back", async () => {
    const name = "mirrored";
    const stable = `${name}-stable`;
    const canary = `${name}-canary`;
    const services = serviceYaml(stable, name) + serviceYaml(canary, name);
    const written = rolloutYaml({ name, replicas: 4, strategy: withMirror });
    await cluster.apply(`${services}${written}---${virtualService(name)}`, namespace);
    const shop = new RolloutUnderTest(cluster, namespace, name);
    await shop.reaches("Healthy");
    await hasRoutes(name, `primary: ${stable} 100, ${canary} 0`);

    await shop.setVersion("v2");
    await shop.reaches("Paused", { currentStepIndex: 2 });
    await hasRoutes(
      name,
      `shadow: ${stable} 75, ${canary} 25 -> ${canary} 40%`,
      `primary: ${stable} 75, ${canary} 25`,
    );
    const [shadow, primary] = await httpRoutes(name);
    const port = { number: 80 };
    expect(shadow).toEqual({
      name: "shadow",
      match: [{ method: { exact: "GET" }, uri: { prefix: "/shop" } }],
      route: primary?.route,
      mirror: { host: canary, port },
      mirrorPercentage: { value: 40 },
    });
    expect(primary).toMatchObject({ timeout: "5s", route: [{ destination: { port } }, {}] });
    await shop.hasSizes({ v1: 4, v2: 1 });

    await shop.resume();
    await shop.reaches("Paused", { currentStepIndex: 5 });
    await hasRoutes(name, `primary: ${stable} 50, ${canary} 50`);
    await shop.resume();
    await shop.reaches("Healthy", { currentStepIndex: 6 });
    await hasRoutes(name, `primary: ${stable} 100, ${canary} 0`);
    const { currentPodHash, stableRS } = await shop.status();
    expect(stableRS).toBe(currentPodHash);
    const told = await toldOf(name);
    expect(told).toContain(`VirtualService \`${name}\` set mirrorRoute 'shadow'`);
    expect(told).toContain(`VirtualService \`${name}\` removed all managed routes.`);
  });

  it("scales the canary apart from its weight, and gives an experiment a share of its own", async () => {
    const name = "sized";
    const services = serviceYaml("sized-stable", name) + serviceYaml("sized-canary", name);
    // An experiment's Service has the ports of its containers.
    const written = rolloutYaml({ name, replicas: 4, strategy: withSizes }).replace(
      "{ name: web,",
      "{ name: web, ports: [{ containerPort: 80 }],",
    );
    await cluster.apply(`${services}${written}---${virtualService(name)}`, namespace);
    const shop = new RolloutUnderTest(cluster, namespace, name);
    await shop.reaches("Healthy");

    await shop.setVersion("v2");
    await shop.reaches("Paused", { currentStepIndex: 1 });
    await shop.hasSizes({ v1: 4, v2: 1 });
    await hasRoutes(name, "primary: sized-stable 100, sized-canary 0");

    await shop.resume();
    await shop.reaches("Paused", { currentStepIndex: 4 });
    await shop.hasSizes({ v1: 4, v2: 3 });
    await hasRoutes(name, "primary: sized-stable 90, sized-canary 10");

    await shop.resume();
    await shop.reaches("Paused", { currentStepIndex: 6 });
    // A tenth of four pods would be one: minPodsPerReplicaSet asks for two.
    await shop.hasSizes({ v1: 4, v2: 2 });

    await shop.resume();
    const shared = /^primary: sized-stable 85, sized-canary 10, \S*baseline\S* 5$/;
    await until(
      "the experiment has its share",
      async () => shared.test((await routes(name)).join(" | ")),
      { describe: async () => routes(name) },
    );
    await shop.reaches("Paused", { currentStepIndex: 9 });
    await hasRoutes(name, "primary: sized-stable 50, sized-canary 50");
    await shop.hasSizes({ v1: 4, v2: 2 });

    await shop.resume();
    await shop.reaches("Healthy", { currentStepIndex: 10 });
    await hasRoutes(name, "primary: sized-stable 100, sized-canary 0");
  });
});
