// Objects of routers whose rollout is gone, names another one, or cannot be read.
import { beforeEach, describe, expect, it } from "vitest";
import type { Ingress } from "../../api/kubernetes/ingress.ts";
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { albIngress } from "../../routers/alb/alb.test-support.ts";
import { destinationRule, subsetService } from "../../routers/istio/istio.test-support.ts";
import { stableIngress } from "../../routers/nginx/nginx.test-support.ts";
import type { Manager } from "../../runtime/manager.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { deliveryManager } from "./delivery.test-support.ts";

const managedBy = "argo-rollouts.argoproj.io/managed-by-rollouts";
const managedAlb = "rollouts.argoproj.io/managed-alb-annotations";
const albAction = "alb.ingress.kubernetes.io/actions.shop-stable";
const nginxWeight = "nginx.ingress.kubernetes.io/canary-weight";

let clock: VirtualClock;
let store: ObjectStore;
let manager: Manager;

/** Begins a controller's life. */
async function start(): Promise<void> {
  manager = deliveryManager(store, clock);
  await manager.start();
}

async function rest(): Promise<void> {
  for (let calm = 0; calm < 5;) {
    await new Promise((resolve) => setImmediate(resolve));
    calm = manager.isIdle ? calm + 1 : 0;
  }
}

/** Everything that is due within that time. */
async function after(ms: number): Promise<void> {
  const untilMs = clock.now() + ms;
  await rest();
  while (clock.fireNext(untilMs)) await rest();
}

function rollout(trafficRouting: JsonObject, canary: JsonObject = {}): KubeObject {
  const labels = { app: "shop" };
  const services = { canaryService: "shop-canary", stableService: "shop-stable", ...canary };
  const object = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "shop", namespace: "default" },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "app", image: "app:1" }] } },
      strategy: { canary: { ...services, trafficRouting } },
    },
  };
  return object;
}

const shop: ObjectRef = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  namespace: "default",
  name: "shop",
};

async function route(trafficRouting: JsonObject): Promise<void> {
  const body = { spec: { strategy: { canary: { trafficRouting } } } };
  await store.patch(shop, { type: "merge", body });
  await rest();
}

async function annotationsOf(kind: "Ingress" | "DestinationRule", name = "shop") {
  const apiVersion = kind === "Ingress" ? "networking.k8s.io/v1" : "networking.istio.io/v1alpha3";
  const object = await store.get<Ingress>({ apiVersion, kind, namespace: "default", name });
  return object?.metadata.annotations ?? {};
}

const subsets = (name: string): JsonObject => ({
  istio: {
    virtualService: { name: "shop" },
    destinationRule: { name, canarySubsetName: "canary", stableSubsetName: "stable" },
  },
});
const alb = (ingress: string): JsonObject => ({ alb: { ingress, servicePort: 80 } });
const nginx = (name: string): JsonObject => ({ nginx: { stableIngress: name } });

beforeEach(async () => {
  clock = new VirtualClock(Date.parse("2026-11-21T00:00:00Z"));
  store = memoryStore({ clock, rng: createRng(1) });
  for (const name of ["shop-canary", "shop-stable"]) {
    const spec = { selector: { app: "shop" }, ports: [{ port: 80 }] };
    const service = { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" } };
    await store.create({ ...service, spec } as KubeObject);
  }
  await store.create(subsetService("shop"));
  await store.create(destinationRule("shop"));
  await store.create(destinationRule("other"));
  for (const name of ["shop", "other"]) await store.create(albIngress(name));
  await start();
  return async () => manager.stop();
});

const noServices = { canaryService: null, stableService: null };

describe("a DestinationRule", () => {
  it("is given back when its rollout is deleted", async () => {
    await store.create(rollout(subsets("shop"), noServices));
    await rest();
    expect((await annotationsOf("DestinationRule"))[managedBy]).toBe("shop");
    await store.delete(shop);
    await rest();
    expect(await annotationsOf("DestinationRule")).toEqual({});
  });

  it("is given back when its rollout was deleted while nobody led", async () => {
    await store.create(rollout(subsets("shop"), noServices));
    await rest();
    await manager.stop();
    await store.delete(shop);
    await start();
    await rest();
    expect(await annotationsOf("DestinationRule")).toEqual({});
  });

  it("stays as it is while its rollout is invalid, and is given back once it names another", async () => {
    await store.create(rollout(subsets("shop"), noServices));
    await rest();
    await route({ istio: { virtualService: { name: "gone" }, destinationRule: null } });
    await after(120_000);
    expect((await annotationsOf("DestinationRule"))[managedBy]).toBe("shop");
    await route(subsets("other"));
    await after(60_000);
    expect(await annotationsOf("DestinationRule")).toEqual({});
    expect((await annotationsOf("DestinationRule", "other"))[managedBy]).toBe("shop");
  });
});

describe("an Ingress", () => {
  it("of an AWS load balancer leads to its root Service when its rollout names another", async () => {
    await store.create(rollout(alb("shop")));
    await rest();
    expect(await annotationsOf("Ingress")).toHaveProperty([managedAlb]);
    await route(alb("other"));
    const { [albAction]: action = "", ...others } = await annotationsOf("Ingress");
    expect(others).toEqual({ "alb.ingress.kubernetes.io/scheme": "internet-facing" });
    expect(action).toContain(
      '"TargetGroups":[{"ServiceName":"shop-stable","ServicePort":"80","Weight":100}]',
    );
    expect(await annotationsOf("Ingress", "other")).toHaveProperty([managedAlb]);
  });

  it("of NGINX has no share any more when its rollout names another", async () => {
    for (const name of ["web", "api"]) await store.create(stableIngress(name));
    await store.create(rollout(nginx("web")));
    await rest();
    const canary = { ...shop, apiVersion: "networking.k8s.io/v1", kind: "Ingress" };
    const body = { metadata: { annotations: { [nginxWeight]: "30" } } };
    await manager.stop();
    await store.patch({ ...canary, name: "shop-web-canary" }, { type: "merge", body });
    await store.patch(shop, {
      type: "merge",
      body: { spec: { strategy: { canary: { trafficRouting: nginx("api") } } } },
    });
    await start();
    await rest();
    expect((await annotationsOf("Ingress", "shop-web-canary"))[nginxWeight]).toBe("0");
    expect((await annotationsOf("Ingress", "shop-api-canary"))[nginxWeight]).toBe("0");
  });
});
