import { describe, expect, it } from "vitest";
import type { TrafficPlan } from "../../api/argo/traffic.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { describeTrafficRouter, headerRoute, mirrorRoute, planOf } from "../conformance.ts";
import { failureOf, routerFor, sheetWorld, shopWorld } from "../sheet-world.test-support.ts";
import type { SplitRoute } from "./route-edit.ts";
import { acknowledgeRoute, routeOf, routeSetting } from "./gateway-api.test-support.ts";

const noManagedRoutes = "connections have no headers to match and cannot be mirrored";
const connections = {
  "sets and removes header routes in order": noManagedRoutes,
  "sets and removes managed routes in order": noManagedRoutes,
} as const;
const skips = {
  GRPCRoute: {
    "sets and removes managed routes in order": "gRPC is not mirrored, as in the plugin",
  },
  TCPRoute: connections,
  TLSRoute: connections,
} as const;

for (const kind of ["GRPCRoute", "TCPRoute", "TLSRoute"] as const) {
  describeTrafficRouter(
    `gateway-api ${kind}`,
    async () => {
      const world = await sheetWorld(routeSetting(kind));
      return { ...world, acknowledge: async () => acknowledgeRoute(world.store, kind, "shop") };
    },
    { skip: skips[kind] },
  );
}

async function routeIn(store: ObjectStore, kind = "HTTPRoute", name = "shop"): Promise<SplitRoute> {
  const apiVersion = routeOf(kind, name).apiVersion;
  const found = await store.get<SplitRoute>({ apiVersion, kind, namespace: "default", name });
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
}

const weights = ({ spec }: SplitRoute): readonly (readonly (number | undefined)[])[] =>
  (spec.rules ?? []).map(({ backendRefs = [] }) => backendRefs.map(({ weight }) => weight));

describe("routes without headers", () => {
  it("a TCPRoute is split, and goes back to stable", async () => {
    const { router, store } = await shopWorld(routeSetting("TCPRoute"));
    await router.apply(planOf(60));
    expect(weights(await routeIn(store, "TCPRoute"))).toEqual([[40, 60]]);
    await router.apply(planOf(0));
    expect(weights(await routeIn(store, "TCPRoute"))).toEqual([[100, 0]]);
  });

  it("a header step, or a mirror step, nobody can carry out is refused before anything is written", async () => {
    const { router, store } = await shopWorld(routeSetting("TCPRoute"));
    for (const route of [headerRoute, mirrorRoute]) {
      const text = await failureOf(async () => router.apply(planOf(10, [route])));
      expect(text).toContain(`${route.name} has no route; `);
    }
    expect(await routeIn(store, "TCPRoute")).toMatchObject(routeOf("TCPRoute", "shop"));
  });
});

describe("header routes over several routes", () => {
  const config = {
    httpRoute: undefined,
    httpRoutes: [{ name: "shop", useHeaderRoutes: true }, { name: "plain" }],
    grpcroutes: [{ name: "calls", useHeaderRoutes: true }],
  } as unknown as JsonObject;
  const setting = {
    ...routeSetting("HTTPRoute"),
    objects: (): readonly KubeObject[] => [
      routeOf("HTTPRoute", "shop"),
      routeOf("HTTPRoute", "plain"),
      routeOf("GRPCRoute", "calls"),
    ],
  };

  it("go where useHeaderRoutes says; mirrors to all that can; the split to all", async () => {
    const { router, store } = await shopWorld(setting, config);
    await router.apply(planOf(10, [headerRoute, mirrorRoute]));
    const namesIn = async (kind: string, name: string): Promise<readonly unknown[]> =>
      ((await routeIn(store, kind, name)).spec.rules ?? []).map((rule) => rule.name);
    const header = "haldane-managed-to-canary.0";
    const mirror = "haldane-managed-shadow.0";
    expect(await namesIn("HTTPRoute", "shop")).toEqual([header, mirror, undefined]);
    expect(await namesIn("HTTPRoute", "plain")).toEqual([mirror, undefined]);
    expect(await namesIn("GRPCRoute", "calls")).toEqual([header, undefined]);
    expect((await router.read()).inForce).toMatchObject({
      canary: { weight: 10 },
      routes: [headerRoute, mirrorRoute],
    });
    const { rules: [, ...rest] = [] } = (await routeIn(store, "GRPCRoute", "calls")).spec;
    await store.update({ ...(await routeIn(store, "GRPCRoute", "calls")), spec: { rules: rest } });
    expect((await router.read()).inForce).toBeUndefined();
  });

  it("of the community plugin, left over from its last pass, are taken over", async () => {
    const { router, store } = await shopWorld(routeSetting("HTTPRoute"));
    const route = await routeIn(store);
    const left = ["to-canary", "to-canary-1"].map((name) => ({
      name,
      matches: [{ headers: [{ name: "x-canary", value: "true" }] }],
      backendRefs: [{ name: "shop-canary", port: 80 }],
    }));
    await store.update({ ...route, spec: { rules: [...(route.spec.rules ?? []), ...left] } });
    await router.apply(planOf(10));
    expect(weights(await routeIn(store))).toEqual([[90, 10]]);
  });
});

describe("which rules are split", () => {
  const backends = (...names: readonly string[]): JsonObject => ({
    backendRefs: names.map((name) => ({ name, port: 80 })),
  });

  const withRules = (...rules: readonly JsonObject[]): typeof setting => {
    const objects = (): readonly KubeObject[] => [
      { ...routeOf("HTTPRoute", "shop"), spec: { rules } } as KubeObject,
    ];
    return { ...setting, objects };
  };
  const setting = routeSetting("HTTPRoute");

  it("those between the two; one that leads to stable alone stays", async () => {
    const rules = [backends("shop-stable", "shop-canary"), backends("shop-stable")];
    const { router, store } = await shopWorld(withRules(...rules));
    await router.apply(planOf(10));
    expect(weights(await routeIn(store))).toEqual([[90, 10], [undefined]]);
  });

  it("only the one that is named", async () => {
    const both = backends("shop-stable", "shop-canary");
    const { router, store } = await shopWorld(withRules(both, { ...both, name: "argo" }), {
      httpRouteRuleName: "argo",
    });
    await router.apply(planOf(10));
    expect(weights(await routeIn(store))).toEqual([
      [undefined, undefined],
      [90, 10],
    ]);
    const { router: other } = await shopWorld(withRules(both), { httpRouteRuleName: "argo" });
    expect(await failureOf(async () => other.read())).toContain(
      "HTTPRoute default/shop has no rule named argo with a backendRef to service shop-stable",
    );
  });

  it("their Services swap with the roles of ping and pong", async () => {
    const { router, store } = await shopWorld(setting);
    await router.apply(planOf(100));
    const { canary, stable, ...rest } = planOf(0);
    const swapped: TrafficPlan = {
      ...rest,
      canary: { ...canary, service: "shop-stable" },
      stable: { ...stable, service: "shop-canary" },
    };
    await router.apply(swapped);
    expect(weights(await routeIn(store))).toEqual([[0, 100]]);
  });
});

describe("the mark for GitOps tools", () => {
  const label = "rollouts.argoproj.io/gatewayapi-canary";
  const annotation = "rollouts.argoproj.io/gatewayapi-active-rollouts";
  const marks = async (store: ObjectStore): Promise<readonly unknown[]> => {
    const { labels, annotations } = (await routeIn(store)).metadata;
    return [labels?.[label], annotations?.[annotation]];
  };

  it("is there while anything may go elsewhere than to stable", async () => {
    const { router, store } = await shopWorld(routeSetting("HTTPRoute"));
    for (const [plan, isThere] of [
      [planOf(0), false],
      [planOf(10), true],
      [planOf(0, [headerRoute]), true],
      [planOf(100), true],
      [planOf(0), false],
    ] as const) {
      await router.apply(plan);
      const expected = isThere ? ["in-progress", "default/shop"] : [undefined, undefined];
      expect(await marks(store)).toEqual(expected);
    }
    expect((await routeIn(store)).metadata.labels).toEqual({ team: "web" });
  });

  it("stays until the last of the rollouts that share the route is done", async () => {
    const { router, store, owner } = await shopWorld(routeSetting("HTTPRoute"));
    const cart = { ...owner, metadata: { ...owner.metadata, name: "cart" } };
    const place = { store, namespace: "default", owner: cart };
    const other = routerFor(routeSetting("HTTPRoute"), place, { httpRoute: "shop" });
    await router.apply(planOf(10));
    await other.apply(planOf(20));
    expect(await marks(store)).toEqual(["in-progress", "default/cart,default/shop"]);
    await router.apply(planOf(0));
    expect(await marks(store)).toEqual(["in-progress", "default/cart"]);
    await other.apply(planOf(0));
    expect(await marks(store)).toEqual([undefined, undefined]);
  });

  it("has the names it is given, or is left out", async () => {
    const config = {
      inProgressLabelKey: "example.com/canary",
      inProgressLabelValue: "yes",
      activeRolloutsAnnotationKey: "example.com/rollouts",
    };
    const { router, store } = await shopWorld(routeSetting("HTTPRoute"), config);
    await router.apply(planOf(10));
    const { labels, annotations } = (await routeIn(store)).metadata;
    expect(labels).toEqual({ team: "web", "example.com/canary": "yes" });
    expect(annotations).toEqual({ "example.com/rollouts": "default/shop" });
    const off = await shopWorld(routeSetting("HTTPRoute"), { disableInProgressLabel: true });
    await off.router.apply(planOf(10));
    expect(await marks(off.store)).toEqual([undefined, undefined]);
  });
});
