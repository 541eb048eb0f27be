import { describe, expect, it } from "vitest";
import type { ManagedRoute } from "../../api/argo/traffic.ts";
import type { HTTPRoute, HttpRouteRule } from "../../api/gateway/http-route.ts";
import type { JsonObject } from "../../lib/json.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import {
  describeTrafficRouter,
  headerRoute,
  mirrorRoute,
  planOf,
  type RouterWorld,
} from "../conformance.ts";
import type { RouterError, TrafficRouter } from "../router.ts";
import { gatewayApiRouter } from "./gateway-api.ts";

const routeRef = (name: string) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  namespace: "default",
  name,
});

function routeOf(name: string, rules: readonly HttpRouteRule[]): HTTPRoute {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace: "default" },
    spec: { parentRefs: [{ name: "web" }], rules },
  };
}

const plainRule: HttpRouteRule = {
  backendRefs: [
    { name: "shop-stable", port: 80, weight: 100 },
    { name: "shop-canary", port: 80, weight: 0 },
  ],
};

function newStore() {
  let uids = 0;
  return memoryStore({
    clock: new VirtualClock(0),
    rng: createRng(1),
    newUid: () => `uid-${(uids += 1)}`,
  });
}

type Store = ReturnType<typeof newStore>;

function routerFor(store: Store, name: string, config: JsonObject): TrafficRouter {
  const owner = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name, namespace: "default", uid: name },
  };
  const rollout = {
    namespace: "default",
    name,
    owner,
    canaryService: "shop-canary",
    stableService: "shop-stable",
    managedRoutes: ["to-canary", "shadow"],
  };
  return gatewayApiRouter.create(
    { kind: "argoproj-labs/gatewayAPI", isPlugin: true, config },
    { store, rollout },
  );
}

async function acknowledge(store: Store, name: string): Promise<void> {
  const route = await store.get<HTTPRoute>(routeRef(name));
  const observedGeneration = route?.metadata.generation ?? 0;
  const conditions = [{ type: "Programmed", status: "True", observedGeneration }];
  const status = { parents: [{ parentRef: { name: "web" }, controllerName: "test", conditions }] };
  await store.patch(routeRef(name), { type: "merge", body: { status } }, { subresource: "status" });
}

async function makeWorld(): Promise<RouterWorld> {
  const store = newStore();
  await store.create(routeOf("shop", [plainRule]));
  await store.create(routeOf("cart", [plainRule]));
  return {
    router: routerFor(store, "shop", { httpRoute: "shop" }),
    other: routerFor(store, "cart", { httpRoute: "cart" }),
    store,
    writes: () => Number(store.version()),
    acknowledge: async () => acknowledge(store, "shop"),
  };
}

describeTrafficRouter("gateway-api", makeWorld);

describe("gateway-api keeps what others wrote", () => {
  it("leaves other rules, filters, matches and unknown fields of the route alone", async () => {
    const store = newStore();
    const other: HttpRouteRule = {
      matches: [{ path: { type: "Exact", value: "/admin" } }],
      backendRefs: [{ name: "admin", port: 80 }],
    };
    const filtered: HttpRouteRule = {
      ...plainRule,
      name: "main",
      filters: [
        {
          type: "RequestHeaderModifier",
          requestHeaderModifier: { set: [{ name: "x-env", value: "prod" }] },
        },
      ],
      timeouts: { request: "10s" },
    };
    await store.create(routeOf("shop", [other, filtered]));
    const router = routerFor(store, "shop", { httpRoute: "shop" });
    await router.apply(planOf(40, [headerRoute]));
    const rules = (await store.get<HTTPRoute>(routeRef("shop")))?.spec.rules ?? [];
    expect(rules.slice(1)).toEqual([
      other,
      {
        ...filtered,
        backendRefs: [
          { name: "shop-stable", port: 80, weight: 60 },
          { name: "shop-canary", port: 80, weight: 40 },
        ],
      },
    ]);
    await router.apply(planOf(40));
    expect((await store.get<HTTPRoute>(routeRef("shop")))?.spec.rules).toEqual(rules.slice(1));
  });

  it("adds the canary where only the stable Service is written", async () => {
    const store = newStore();
    await store.create(routeOf("shop", [{ backendRefs: [{ name: "shop-stable", port: 8080 }] }]));
    await routerFor(store, "shop", { httpRoute: "shop" }).apply(planOf(5));
    const [rule] = (await store.get<HTTPRoute>(routeRef("shop")))?.spec.rules ?? [];
    expect(rule?.backendRefs).toEqual([
      { name: "shop-stable", port: 8080, weight: 95 },
      { name: "shop-canary", port: 8080, weight: 5 },
    ]);
  });
});

describe("gateway-api managed routes", () => {
  it("sends a header match of every weighted rule to the canary, before all other rules", async () => {
    const store = newStore();
    const paths = ["/a", "/b"].map((value): HttpRouteRule => ({
      ...plainRule,
      matches: [{ path: { type: "PathPrefix", value } }],
    }));
    await store.create(routeOf("shop", paths));
    await routerFor(store, "shop", { httpRoute: "shop" }).apply(planOf(0, [headerRoute]));
    const rules = (await store.get<HTTPRoute>(routeRef("shop")))?.spec.rules ?? [];
    const header = { type: "Exact", name: "x-canary", value: "true" };
    expect(rules.slice(0, 2).map(({ matches, backendRefs }) => ({ matches, backendRefs }))).toEqual(
      ["/a", "/b"].map((value) => ({
        matches: [{ path: { type: "PathPrefix", value }, headers: [header] }],
        backendRefs: [{ name: "shop-canary", port: 80, weight: 100 }],
      })),
    );
    expect(rules).toHaveLength(4);
  });

  it("mirrors a percentage and keeps the split of the mirrored rule", async () => {
    const { router, store } = await makeWorld();
    await router.apply(planOf(10, [mirrorRoute]));
    const [rule] = (await store.get<HTTPRoute>(routeRef("shop")))?.spec.rules ?? [];
    expect(rule?.filters).toEqual([
      {
        type: "RequestMirror",
        requestMirror: { backendRef: { name: "shop-canary", port: 80 }, percent: 35 },
      },
    ]);
    expect(rule?.backendRefs?.map(({ weight }) => weight)).toEqual([90, 10]);
  });

  it.each([
    ["exact", "a.b"],
    ["prefix", "a.b*c\\d"],
    ["regex", "^a(b|c)$"],
  ] as const)("reads a header match by %s back as it was written", async (kind, value) => {
    const { router } = await makeWorld();
    const match = [{ headerName: "x-user", headerValue: { kind, value } }];
    const route: ManagedRoute = { kind: "header", name: "to-canary", match };
    await router.apply(planOf(0, [route]));
    expect((await router.read()).inForce?.routes).toEqual([route]);
  });
});

describe("gateway-api over several routes", () => {
  it("is in force and acknowledged only when all agree", async () => {
    const store = newStore();
    await store.create(routeOf("shop", [plainRule]));
    await store.create(routeOf("api", [plainRule]));
    const router = routerFor(store, "shop", { httpRoutes: [{ name: "shop" }, { name: "api" }] });
    await router.apply(planOf(25));
    await acknowledge(store, "shop");
    expect(await router.read()).toMatchObject({
      acknowledged: false,
      inForce: { canary: { weight: 25 } },
    });
    await acknowledge(store, "api");
    expect((await router.read()).acknowledged).toBe(true);
    await routerFor(store, "api", { httpRoute: "api" }).apply(planOf(30));
    expect((await router.read()).inForce).toBeUndefined();
  });
});

describe("gateway-api says what is wrong", () => {
  const failure = async (work: () => Promise<unknown>): Promise<RouterError> => {
    try {
      await work();
    } catch (error) {
      return error as RouterError;
    }
    throw new Error("nothing was wrong");
  };

  it.each([
    [{}, /httpRoute is required/],
    [{ grpcRouteSelector: {} }, /grpcRouteSelector is not carried out; name the routes/],
    [{ httpRoute: "a", httpRoutes: [{ name: "a" }] }, /HTTPRoute a is named twice/],
    [{ httpRoutes: [{}] }, /every entry of httpRoutes needs a name/],
  ])("configuration %j", async (config, message) => {
    const error = await failure(async () => routerFor(newStore(), "shop", config));
    expect(error.message).toMatch(message);
    expect(error.reason).toBe("TrafficRoutingError");
  });

  it("a missing route", async () => {
    const error = await failure(async () =>
      routerFor(newStore(), "shop", { httpRoute: "shop" }).read(),
    );
    expect(error.message).toBe("HTTPRoute default/shop not found");
  });

  it("a route that leads to neither Service", async () => {
    const store = newStore();
    await store.create(routeOf("shop", [{ backendRefs: [{ name: "elsewhere", port: 80 }] }]));
    const error = await failure(async () => routerFor(store, "shop", { httpRoute: "shop" }).read());
    expect(error.message).toContain("has no rule with a backendRef to service shop-stable");
  });

  it.each([
    [
      { type: "Accepted", status: "False", message: "no such parent", observedGeneration: 1 },
      "Accepted is False: no such parent",
    ],
    [{ type: "Programmed", status: "True", observedGeneration: 0 }, "it serves generation 0"],
  ] as const)("waits: %j", async (condition, text) => {
    const { router, store } = await makeWorld();
    const status = {
      parents: [{ parentRef: { name: "web" }, controllerName: "test", conditions: [condition] }],
    };
    await store.patch(
      routeRef("shop"),
      { type: "merge", body: { status } },
      { subresource: "status" },
    );
    expect((await router.read()).waitingFor).toContain(text);
  });
});
