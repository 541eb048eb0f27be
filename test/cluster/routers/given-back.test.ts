// Objects of routers whose rollout is deleted or names another one, on a real API server: what says
// whose it was is given back, also when that happened while no controller led.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DestinationRule } from "../../../src/api/istio/networking.ts";
import type { KubeObject, ObjectRef } from "../../../src/api/meta/object.ts";
import type { JsonObject } from "../../../src/lib/json.ts";
import { isStoreError } from "../../../src/objects/object-store.ts";
import { albIngress } from "../../../src/routers/alb/alb.test-support.ts";
import { destinationRule, subsetService } from "../../../src/routers/istio/istio.test-support.ts";
import { openCluster, refTo, until, type TestCluster } from "../cluster.test-support.ts";
import { startController, stopControllers } from "../controller.test-support.ts";
import { RolloutUnderTest, rolloutYaml, serviceYaml } from "../rollouts.test-support.ts";

const istioVersion = "networking.istio.io/v1alpha3";
const managedBy = "argo-rollouts.argoproj.io/managed-by-rollouts";
const managedAlb = "rollouts.argoproj.io/managed-alb-annotations";
const albAction = "alb.ingress.kubernetes.io/actions.shop-stable";

const probe = openCluster();
const isIstioServed = await probe.store
  .list({ apiVersion: istioVersion, kind: "DestinationRule", namespace: "default" })
  .then(() => true)
  .catch((error: unknown) => {
    if (isStoreError(error, "NotFound")) return false;
    throw error;
  });
await probe.close();

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = openCluster();
});

afterAll(async () => {
  await stopControllers();
  await cluster.close();
});

const ref = (apiVersion: string, kind: string, name: string): ObjectRef => ({
  apiVersion,
  kind,
  namespace,
  name,
});

async function becomes(
  what: string,
  at: ObjectRef,
  isSo: (object: KubeObject) => boolean,
): Promise<void> {
  const get = async (): Promise<KubeObject | undefined> => cluster.store.get(at);
  await until(what, async () => isSo((await get())!), { describe: get });
}

async function route(shop: RolloutUnderTest, trafficRouting: JsonObject): Promise<void> {
  await shop.patch({ spec: { strategy: { canary: { trafficRouting } } } });
}

const steps = "      steps: [{ setWeight: 25 }, { pause: {} }]\n";

describe.skipIf(!isIstioServed)("a DestinationRule", () => {
  const routing = (name: string): JsonObject => ({
    istio: {
      virtualService: { name: "shop" },
      destinationRule: { name, canarySubsetName: "canary", stableSubsetName: "stable" },
    },
  });
  const strategy = `    canary:\n      trafficRouting: ${JSON.stringify(routing("shop"))}\n${steps}`;
  const isFree = (object: KubeObject): boolean => {
    const { metadata, spec } = object as DestinationRule;
    const isOfAll = (spec.subsets ?? []).every(
      ({ labels }) => labels?.["rollouts-pod-template-hash"] === undefined,
    );
    return metadata.annotations?.[managedBy] === undefined && isOfAll;
  };

  it("is given back when its rollout names another, and when it is deleted while nobody leads", async () => {
    namespace = await cluster.newNamespace();
    const controller = await startController({ namespace });
    const shop = new RolloutUnderTest(cluster, namespace, "shop");
    await cluster.store.create(subsetService("shop", namespace));
    for (const name of ["shop", "other"])
      await cluster.store.create(destinationRule(name, namespace));
    await cluster.apply(rolloutYaml({ name: "shop", replicas: 2, strategy }), namespace);
    await shop.reaches("Healthy");
    await shop.setVersion("v2");
    await shop.reaches("Paused", { currentStepIndex: 1 });
    const rule = (name: string): ObjectRef => ref(istioVersion, "DestinationRule", name);
    await becomes("shop is managed", rule("shop"), (one) => !isFree(one));

    await route(shop, routing("other"));
    await becomes("other is managed", rule("other"), (one) => !isFree(one));
    await becomes("shop is given back", rule("shop"), isFree);

    expect(await controller.stop()).toBe(0);
    await cluster.store.delete(refTo("Rollout", namespace, "shop"));
    await startController({ namespace });
    await becomes("other is given back", rule("other"), isFree);
    const { spec } = (await cluster.store.get<DestinationRule>(rule("other")))!;
    expect(spec).toEqual(destinationRule("other").spec);
  });
});

describe("an Ingress of an AWS load balancer", () => {
  it("leads to its root Service when its rollout is deleted", async () => {
    namespace = await cluster.newNamespace();
    await startController({ namespace });
    const shop = new RolloutUnderTest(cluster, namespace, "shop");
    await cluster.store.create(albIngress("shop", namespace));
    const services = serviceYaml("shop-stable", "shop") + serviceYaml("shop-canary", "shop");
    const strategy = `    canary:
      stableService: shop-stable
      canaryService: shop-canary
      trafficRouting: { alb: { ingress: shop, servicePort: 80 } }
${steps}`;
    const text = rolloutYaml({ name: "shop", replicas: 2, strategy });
    await cluster.apply(services + text, namespace);
    await shop.reaches("Healthy");
    await shop.setVersion("v2");
    await shop.reaches("Paused", { currentStepIndex: 1 });
    const at = ref("networking.k8s.io/v1", "Ingress", "shop");
    const { metadata } = (await cluster.store.get(at))!;
    expect(metadata.annotations?.[albAction]).toContain('"Weight":25');
    await cluster.store.delete(refTo("Rollout", namespace, "shop"));
    await becomes("it is given back", at, ({ metadata: { annotations = {} } }) => {
      const home = '"TargetGroups":[{"ServiceName":"shop-stable","ServicePort":"80","Weight":100}]';
      return (
        annotations[managedAlb] === undefined && annotations[albAction]?.includes(home) === true
      );
    });
  });
});
