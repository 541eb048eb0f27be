import { describe, expect, it } from "vitest";
import type { TrafficPlan } from "../../api/argo/traffic.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { describeTrafficRouter, planOf } from "../conformance.ts";
import { failureOf, routerFor, sheetWorld, shopWorld, skips } from "../sheet-world.test-support.ts";
import { appMeshRouter } from "./app-mesh.ts";
import { appMeshSetting, meshObjects } from "./app-mesh.test-support.ts";
import type { VirtualNode, VirtualRouter } from "./mesh-edit.ts";

describeTrafficRouter("app-mesh", async () => sheetWorld(appMeshSetting), {
  skip: { ...skips.experiments, ...skips.headers, ...skips.mirrors },
});

const refTo = (kind: string, name: string) => ({
  apiVersion: "appmesh.k8s.aws/v1beta2",
  kind,
  namespace: "default",
  name,
});
const hashLabel = "rollouts-pod-template-hash";

async function labelsOf(store: ObjectStore, side: string) {
  const node = await store.get<VirtualNode>(refTo("VirtualNode", `shop-${side}`));
  return node?.spec?.podSelector?.matchLabels;
}

function hashed(plan: TrafficPlan, canaryHash: string, stableHash: string): TrafficPlan {
  return {
    ...plan,
    canary: { ...plan.canary, podTemplateHash: canaryHash },
    stable: { ...plan.stable, podTemplateHash: stableHash },
  };
}

/** The store, and what is patched through it, in order. */
function listening(store: ObjectStore): {
  readonly store: ObjectStore;
  readonly patched: string[];
} {
  const patched: string[] = [];
  const patch: ObjectStore["patch"] = async (ref, body, options) => {
    patched.push(ref.name);
    return store.patch(ref, body, options);
  };
  return { patched, store: { ...methodsOf(store), patch } };
}

function methodsOf(store: ObjectStore): ObjectStore {
  return {
    get: async (ref) => store.get(ref),
    list: async (scope, page) => store.list(scope, page),
    watch: (scope, options) => store.watch(scope, options),
    create: async (object, options) => store.create(object, options),
    update: async (object, options) => store.update(object, options),
    patch: async (ref, patch, options) => store.patch(ref, patch, options),
    delete: async (ref, options) => store.delete(ref, options),
  };
}

describe("the mesh", () => {
  it("is weighted in every route between nodes that select a version each", async () => {
    const { router, store } = await shopWorld(appMeshSetting);
    await router.apply(hashed(planOf(20), "new", "old"));
    const live = await store.get<VirtualRouter>(refTo("VirtualRouter", "shop-router"));
    const [http, grpc] = live?.spec?.routes ?? [];
    const weights = [
      { virtualNodeRef: { name: "shop-canary" }, weight: 20 },
      { virtualNodeRef: { name: "shop-stable" }, weight: 80 },
    ];
    expect(http?.httpRoute).toEqual({
      match: { prefix: "/" },
      action: { weightedTargets: weights },
    });
    expect(grpc?.grpcRoute?.action?.weightedTargets).toEqual(weights);
    expect(await labelsOf(store, "canary")).toEqual({ app: "shop", [hashLabel]: "new" });
    expect(await labelsOf(store, "stable")).toEqual({ app: "shop", [hashLabel]: "old" });
    const node = await store.get(refTo("VirtualNode", "shop-canary"));
    expect(node?.metadata.annotations).toEqual({
      "argo-rollouts.argoproj.io/managed-by-rollouts": "shop",
    });
  });

  it("splits the named routes only", async () => {
    const { router, store } = await shopWorld(appMeshSetting, {
      virtualService: { name: "shop", routes: ["grpc"] },
    });
    await router.apply(planOf(20));
    const live = await store.get<VirtualRouter>(refTo("VirtualRouter", "shop-router"));
    const targets = live?.spec?.routes?.map(
      ({ httpRoute, grpcRoute }) => (httpRoute ?? grpcRoute)?.action?.weightedTargets?.[0]?.weight,
    );
    expect(targets).toEqual([0, 20]);
    expect((await router.read()).inForce?.canary.weight).toBe(20);
  });

  it.each([
    ["a version as both", "one", "one", "canary-hash", "one"],
    ["no canary", "", "one", "canary-hash", "one"],
    ["nothing at all", "", "", "canary-hash", "stable-hash"],
  ])("selects nobody for a node without a version: %s", async (_, canary, stable, c, s) => {
    const { router, store } = await shopWorld(appMeshSetting);
    await router.apply(hashed(planOf(0), canary, stable));
    expect(await labelsOf(store, "canary")).toMatchObject({ [hashLabel]: c });
    expect(await labelsOf(store, "stable")).toMatchObject({ [hashLabel]: s });
    const { inForce } = await router.read();
    expect(inForce?.canary.podTemplateHash).toBe(s);
    expect(inForce?.stable.podTemplateHash).toBe(s);
  });

  it("has no split before its nodes select versions, nor where routes differ", async () => {
    const { router, store } = await shopWorld(appMeshSetting);
    expect((await router.read()).inForce).toBeUndefined();
    const [, mesh] = meshObjects("shop");
    await router.apply(planOf(20));
    const live = await store.get<VirtualRouter>(refTo("VirtualRouter", "shop-router"));
    const [http] = live?.spec?.routes ?? [];
    const [, grpc] = (mesh as VirtualRouter).spec?.routes ?? [];
    const routes = JSON.parse(JSON.stringify([http, grpc]));
    const ref = refTo("VirtualRouter", "shop-router");
    await store.patch(ref, { type: "merge", body: { spec: { routes } } });
    expect((await router.read()).inForce).toBeUndefined();
  });

  it.each([
    ["a growing share: pods first", [10, 30], ["new", "newer"], ["shop-canary", "shop-router"]],
    ["a shrinking share: traffic first", [30, 0], ["new", "newer"], ["shop-router", "shop-canary"]],
  ] as const)(
    "changes in the order that serves everybody: %s",
    async (_, weights, hashes, order) => {
      const { router, store, owner } = await shopWorld(appMeshSetting);
      await router.apply(hashed(planOf(weights[0]), hashes[0], "old"));
      const { store: heard, patched } = listening(store);
      const again = routerFor(appMeshSetting, { store: heard, namespace: "default", owner });
      await again.apply(hashed(planOf(weights[1]), hashes[1], "old"));
      expect(patched).toEqual(order);
    },
  );

  it("gets the promoted version on its stable node before that gets all traffic", async () => {
    const { router, store, owner } = await shopWorld(appMeshSetting);
    await router.apply(hashed(planOf(100), "new", "old"));
    const { store: heard, patched } = listening(store);
    const again = routerFor(appMeshSetting, { store: heard, namespace: "default", owner });
    await again.apply(hashed(planOf(0), "new", "new"));
    expect(patched).toEqual(["shop-stable", "shop-router", "shop-canary"]);
  });

  it("is watched with its virtual router once that is known", async () => {
    const { router } = await shopWorld(appMeshSetting);
    await router.read();
    expect(router.watches.map(({ kind, name }) => `${kind}/${name}`)).toEqual([
      "VirtualService/shop",
      "VirtualNode/shop-canary",
      "VirtualNode/shop-stable",
      "VirtualRouter/shop-router",
    ]);
  });
});

describe("app-mesh says what is wrong", () => {
  it.each([
    [{ virtualService: {} }, "must provide virtual-service"],
    [
      { virtualNodeGroup: {} },
      "virtualNodeGroup must name canaryVirtualNodeRef and stableVirtualNodeRef",
    ],
  ])("configuration %j", async (config, message) => {
    expect(await failureOf(async () => shopWorld(appMeshSetting, config))).toBe(
      `TrafficRoutingError: spec.strategy.canary.trafficRouting.appMesh: ${message}`,
    );
  });

  it("a version nobody knows", async () => {
    const settings = { appMeshApiVersion: "v1beta1" };
    const failure = await failureOf(async () => shopWorld({ ...appMeshSetting, settings }));
    expect(failure).toMatch(/API version v1beta1 is not known; use v1beta2/);
    expect(appMeshRouter.watchedKinds(settings)).toEqual([]);
  });

  it.each([
    ["VirtualService", "shop"],
    ["VirtualRouter", "shop-router"],
    ["VirtualNode", "shop-canary"],
  ])("a %s that is not there", async (kind, name) => {
    const { router, store } = await shopWorld(appMeshSetting);
    await store.delete(refTo(kind, name));
    expect(await failureOf(async () => router.read())).toBe(
      `${kind}NotFound: ${kind} \`${name}\` not found in namespace \`default\``,
    );
  });

  const edits: readonly (readonly [string, object, RegExp])[] = [
    [
      "VirtualService/shop",
      { provider: null },
      /Virtual-service is not associated with virtual-router/,
    ],
    [
      "VirtualRouter/shop-router",
      { routes: [] },
      /No routes defined for AppMesh virtual-router shop-router/,
    ],
    [
      "VirtualRouter/shop-router",
      { routes: [{ name: "http" }] },
      /route http: no weighted target leads to virtual-node shop-canary/,
    ],
  ];
  it.each(edits)("%s with %j", async (object, spec, message) => {
    const { router, store } = await shopWorld(appMeshSetting);
    const [kind = "", name = ""] = object.split("/");
    await store.patch<KubeObject>(refTo(kind, name), {
      type: "merge",
      body: { spec: { ...spec } },
    });
    expect(await failureOf(async () => router.apply(planOf(1)))).toMatch(message);
  });

  it("a route that is not there", async () => {
    const { router } = await shopWorld(appMeshSetting, {
      virtualService: { name: "shop", routes: ["tcp"] },
    });
    expect(await failureOf(async () => router.read())).toMatch(/shop-router has no route tcp/);
  });
});
