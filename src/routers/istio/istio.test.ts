import { describe, expect, it } from "vitest";
import type { TrafficPlan } from "../../api/argo/traffic.ts";
import type {
  DestinationRule,
  IstioHttpRoute,
  VirtualService,
} from "../../api/istio/networking.ts";
import type { JsonObject } from "../../lib/json.ts";
import { describeTrafficRouter, headerRoute, mirrorRoute, planOf } from "../conformance.ts";
import {
  createOwner,
  failureOf,
  newMemoryStore,
  routerFor,
  sheetWorld,
  shopWorld,
  type RouterSetting,
} from "../sheet-world.test-support.ts";
import {
  destinationRule,
  destinations,
  istioSetting,
  serviceIn,
  subsetService,
  subsetSetting,
  virtualService,
} from "./istio.test-support.ts";

describeTrafficRouter("istio", async () => sheetWorld(istioSetting));
describeTrafficRouter("istio with subsets", async () => sheetWorld(subsetSetting));

function withSpec(setting: RouterSetting, spec: JsonObject): RouterSetting {
  const objects = (): readonly VirtualService[] => [{ ...virtualService("shop"), spec }];
  return { ...setting, objects };
}

const split = [
  { destination: { host: "shop-stable" }, weight: 100 },
  { destination: { host: "shop-canary" }, weight: 0 },
];

describe("the weighted routes of a VirtualService", () => {
  it("get the two weights and keep all else", async () => {
    const { router, store, events } = await shopWorld(istioSetting);
    await router.apply(planOf(20));
    const written = virtualService("shop").spec;
    const [admin, primary] = written.http ?? [];
    const [stable, canary] = primary?.route ?? [];
    expect(await serviceIn(store)).toEqual({
      ...written,
      http: [
        admin,
        {
          ...primary,
          route: [
            { ...stable, weight: 80 },
            { ...canary, weight: 20 },
          ],
        },
      ],
    });
    const message = "VirtualService `shop` set to desiredWeight '20'";
    expect(events).toMatchObject([{ type: "Normal", reason: "Updated VirtualService", message }]);
  });

  it("are the only one there is when none is named, whatever managed routes stand beside it", async () => {
    const config = { virtualService: { name: "shop" } };
    const spec = { hosts: ["shop"], http: [{ name: "main", route: split }] };
    const { router, store } = await shopWorld(withSpec(istioSetting, spec), config);
    await router.apply(planOf(10, [headerRoute, mirrorRoute]));
    await router.apply(planOf(30, [mirrorRoute]));
    const { http = [] } = await serviceIn(store);
    expect(http.map((route) => [route.name, ...destinations(route)])).toEqual([
      ["shadow", "shop-stable 70", "shop-canary 30"],
      ["main", "shop-stable 70", "shop-canary 30"],
    ]);
  });

  it("may be TLS routes by SNI hosts and TCP routes by port", async () => {
    const spec = {
      hosts: ["shop"],
      http: [{ route: split }],
      tls: [
        { match: [{ port: 443, sniHosts: ["b.example", "a.example"] }], route: split },
        { match: [{ port: 443, sniHosts: ["c.example"] }], route: split },
      ],
      tcp: [
        { match: [{ port: 3306 }], route: split },
        { match: [{ port: 3307 }], route: split },
      ],
    };
    const virtualServiceBlock = {
      name: "shop",
      tlsRoutes: [{ port: 443, sniHosts: ["a.example", "b.example"] }],
      tcpRoutes: [{ port: 3307 }],
    };
    const config = { virtualService: virtualServiceBlock };
    const { router, store } = await shopWorld(withSpec(istioSetting, spec), config);
    await router.apply(planOf(25));
    const { http = [], tls = [], tcp = [] } = await serviceIn(store);
    const canaryWeights = [...http, ...tls, ...tcp].map((route) => route.route?.[1]?.weight);
    expect(canaryWeights).toEqual([0, 25, 0, 0, 25]);
    expect((await router.read()).inForce?.canary.weight).toBe(25);
  });

  it("are told by a host's first label; a third destination with weight goes, one without stays", async () => {
    const route = [
      { destination: { host: "shop-stable.default.svc.cluster.local" }, weight: 60 },
      { destination: { host: "shop-canary.default.svc.cluster.local" }, weight: 30 },
      { destination: { host: "left-over" }, weight: 10 },
      { destination: { host: "asleep" }, weight: 0 },
    ];
    const { router, store } = await shopWorld(
      withSpec(istioSetting, { hosts: ["shop"], http: [{ name: "primary", route }] }),
    );
    expect((await router.read()).inForce?.additional).toMatchObject([{ service: "left-over" }]);
    const extra = { weight: 5, service: "shop-experiment", podTemplateHash: "exp" };
    await router.apply({
      ...planOf(20),
      stable: { ...planOf(20).stable, weight: 75 },
      additional: [extra],
    });
    expect(destinations((await serviceIn(store)).http?.[0])).toEqual([
      "shop-stable.default.svc.cluster.local 75",
      "shop-canary.default.svc.cluster.local 20",
      "asleep 0",
      "shop-experiment 5",
    ]);
  });

  it("may be in several VirtualServices, of other namespaces too: in force only when all agree", async () => {
    const store = newMemoryStore();
    const owner = await createOwner(store, "default", "shop");
    await store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "edge" } });
    await store.create(virtualService("inside"));
    await store.create(virtualService("outside", "edge"));
    const names = ["inside", "outside.edge.svc.cluster.local"];
    const config = {
      virtualService: undefined,
      virtualServices: names.map((name) => ({ name, routes: ["primary"] })),
    } as unknown as JsonObject;
    const router = routerFor(istioSetting, { store, namespace: "default", owner }, config);
    await router.apply(planOf(40));
    expect(destinations((await serviceIn(store, "outside", "edge")).http?.[1])).toEqual([
      "shop-stable 60",
      "shop-canary 40",
    ]);
    expect((await router.read()).inForce?.canary.weight).toBe(40);
    const single = { virtualService: { name: "outside.edge", routes: ["primary"] } };
    await routerFor(istioSetting, { store, namespace: "default", owner }, single).apply(planOf(50));
    expect((await router.read()).inForce).toBeUndefined();
    expect(router.watches.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([
      "default/inside",
      "edge/outside",
    ]);
  });

  it("swap their Services with the roles of ping and pong", async () => {
    const { router, store } = await shopWorld(istioSetting);
    await router.apply(planOf(100));
    const { canary, stable, ...rest } = planOf(0);
    const swapped: TrafficPlan = {
      ...rest,
      canary: { ...canary, service: "shop-stable" },
      stable: { ...stable, service: "shop-canary" },
    };
    await router.apply(swapped);
    expect(destinations((await serviceIn(store)).http?.[1])).toEqual([
      "shop-stable 0",
      "shop-canary 100",
    ]);
  });
});

describe("managed routes of a VirtualService", () => {
  it("lead to the canary, stand before all others, and carry what the steps say", async () => {
    const { router, store, events } = await shopWorld(istioSetting);
    await router.apply(planOf(10, [headerRoute, mirrorRoute]));
    const canary = { host: "shop-canary", port: { number: 80 } };
    const { http = [] } = await serviceIn(store);
    expect(http.map(({ name }) => name)).toEqual(["to-canary", "shadow", "admin", "primary"]);
    expect(http.slice(0, 2)).toEqual([
      {
        name: "to-canary",
        match: [{ headers: { "x-canary": { exact: "true" } } }],
        route: [{ destination: canary, weight: 100 }],
      },
      {
        name: "shadow",
        match: [{ method: { exact: "GET" }, uri: { prefix: "/api" } }],
        route: http[3]?.route,
        mirror: canary,
        mirrorPercentage: { value: 35 },
      },
    ]);
    await router.apply(planOf(10));
    expect((await serviceIn(store)).http?.map(({ name }) => name)).toEqual(["admin", "primary"]);
    expect(events.map(({ message }) => message)).toEqual([
      "VirtualService `shop` set to desiredWeight '10'",
      "VirtualService `shop` set headerRoute 'to-canary'",
      "VirtualService `shop` set mirrorRoute 'shadow'",
      "VirtualService `shop` set to desiredWeight '10'",
      "VirtualService `shop` removed all managed routes.",
    ]);
  });

  it.each([
    ["leads elsewhere", (http) => [{ ...http[0], route: split }, ...http.slice(1)]],
    ["stands behind another", (http) => [http[1], http[0], ...http.slice(2)]],
  ] as [string, (http: readonly IstioHttpRoute[]) => readonly (IstioHttpRoute | undefined)[]][])(
    "are written anew when one %s",
    async (_title, edit) => {
      const { router, store } = await shopWorld(istioSetting);
      await router.apply(planOf(10, [headerRoute]));
      const wanted = await serviceIn(store);
      const object = {
        ...virtualService("shop"),
        spec: { ...wanted, http: edit(wanted.http ?? []) },
      };
      await store.update(object as VirtualService);
      expect((await router.read()).inForce).toBeUndefined();
      await router.apply(planOf(10, [headerRoute]));
      expect(await serviceIn(store)).toEqual(wanted);
    },
  );

  it("need an http route", async () => {
    const spec = { hosts: ["shop"], tcp: [{ route: split }] };
    const config = { virtualService: { name: "shop" } };
    const { router } = await shopWorld(withSpec(istioSetting, spec), config);
    expect(await failureOf(async () => router.apply(planOf(10, [headerRoute])))).toBe(
      "TrafficRoutingError: VirtualService default/shop: managed route 'to-canary' needs an http route that is split",
    );
  });
});

describe("what is wrong is said", () => {
  const primary = (...hosts: readonly string[]): JsonObject => ({
    hosts: ["shop"],
    http: [{ name: "primary", route: hosts.map((host) => ({ destination: { host } })) }],
  });
  const at = "VirtualService default/shop";
  const omitted = "spec.strategy.canary.trafficRouting.istio.virtualService.routes";

  it.each([
    [primary("shop-stable"), `${at} spec.http[0]: Canary Service 'shop-canary' not found in route`],
    [primary("shop-canary"), `${at} spec.http[0]: Stable Service 'shop-stable' not found in route`],
    [primary("shop-stable", ""), `${at} spec.http[0]: a destination has no host; give it one`],
    [
      primary("shop-stable", "shop-canary", "shop-canary.default"),
      `${at} spec.http[0]: Canary Service 'shop-canary' is found twice in route; keep one destination for it`,
    ],
    [
      { hosts: ["shop"], http: [{ name: "other", route: split }] },
      `${at}: HTTP Route 'primary' is not found in the defined Virtual Service.`,
    ],
  ])("%j", async (spec, text) => {
    const { router } = await shopWorld(withSpec(istioSetting, spec));
    expect(await failureOf(async () => router.read())).toBe(`TrafficRoutingError: ${text}`);
  });

  it.each([
    [
      { http: [{ route: split }, { route: split }] },
      `spec.http[] should be set in VirtualService and it must have exactly one route when omitting ${omitted}`,
    ],
    [{ hosts: ["shop"] }, "it has no http, tls or tcp routes to split"],
  ])("without names: %j", async (spec, text) => {
    const config = { virtualService: { name: "shop" } };
    const { router } = await shopWorld(withSpec(istioSetting, spec), config);
    expect(await failureOf(async () => router.read())).toBe(`TrafficRoutingError: ${at}: ${text}`);
  });

  it("missing objects, with Argo's reasons", async () => {
    const { router } = await shopWorld({ ...istioSetting, objects: () => [] });
    expect(await failureOf(async () => router.read())).toBe(
      "VirtualServiceNotFound: VirtualService `shop` not found",
    );
    const objects = (): readonly VirtualService[] => [subsetService("shop")];
    const { router: other } = await shopWorld({ ...subsetSetting, objects });
    expect(await failureOf(async () => other.read())).toBe(
      "DestinationRuleNotFound: DestinationRule `shop` not found",
    );
  });

  it("a DestinationRule without the subset", async () => {
    const rule = destinationRule("shop");
    const spec = { ...rule.spec, subsets: rule.spec.subsets?.slice(1) ?? [] };
    const objects = (): readonly (VirtualService | DestinationRule)[] => [
      subsetService("shop"),
      { ...rule, spec },
    ];
    const { router } = await shopWorld({ ...subsetSetting, objects });
    expect(await failureOf(async () => router.read())).toContain(
      "DestinationRule default/shop has no subset 'canary'; it needs one of that name",
    );
  });

  const name = "shop";
  it.each([
    [{}, "either VirtualService or VirtualServices must be configured"],
    [
      { virtualService: { name }, virtualServices: [{ name }] },
      "either VirtualService or VirtualServices must be configured",
    ],
    [{ virtualService: {} }, "every VirtualService needs a name"],
    [
      { virtualServices: [{ name }, { name: "shop.default" }] },
      "VirtualService default/shop is listed twice; list it once",
    ],
    [
      {
        virtualService: { name },
        destinationRule: { name, canarySubsetName: "a", stableSubsetName: "a" },
      },
      "destinationRule needs two different names: canarySubsetName and stableSubsetName",
    ],
  ])("configuration %j", async (config, text) => {
    const setting = { ...istioSetting, config: () => config as JsonObject };
    expect(await failureOf(async () => shopWorld(setting))).toBe(
      `TrafficRoutingError: spec.strategy.canary.trafficRouting.istio: ${text}`,
    );
  });
});
