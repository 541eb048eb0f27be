import { describe, expect, it } from "vitest";
import type { ManagedRoute } from "../../api/argo/traffic.ts";
import { describeTrafficRouter, headerRoute, planOf } from "../conformance.ts";
import { failureOf, sheetWorld, shopWorld, skips } from "../sheet-world.test-support.ts";
import { apisixRoute, apisixSetting } from "./apisix.test-support.ts";
import type { ApisixRoute } from "./route-edit.ts";

describeTrafficRouter("apisix", async () => sheetWorld(apisixSetting), {
  skip: { ...skips.experiments, ...skips.mirrors },
});

const refTo = (name: string) => ({
  apiVersion: "apisix.apache.org/v2",
  kind: "ApisixRoute",
  namespace: "default",
  name,
});

describe("the split of an ApisixRoute", () => {
  it("is two weights in the rule of the route's name; all else stays", async () => {
    const { router, store } = await shopWorld(apisixSetting);
    await router.apply(planOf(20));
    const [admin, rule] = (await store.get<ApisixRoute>(refTo("shop")))?.spec?.http ?? [];
    const [adminBefore, before] = apisixRoute("shop").spec?.http ?? [];
    expect(admin).toEqual(adminBefore);
    const [stable, canary] = before?.backends ?? [];
    expect(rule).toEqual({
      ...before,
      backends: [
        { ...stable, weight: 80 },
        { ...canary, weight: 20 },
      ],
    });
  });

  it("is in force when all listed rules have it", async () => {
    const { router, store } = await shopWorld(apisixSetting, {
      route: { name: "shop", rules: ["shop", "api"] },
    });
    const { spec } = apisixRoute("shop");
    const api = { ...spec?.http?.[1], name: "api" };
    const http = [...(spec?.http ?? []), api];
    await store.patch(refTo("shop"), {
      type: "merge",
      body: { spec: { http: JSON.parse(JSON.stringify(http)) } },
    });
    await router.apply(planOf(20));
    expect((await router.read()).inForce?.canary.weight).toBe(20);
    const live = await store.get<ApisixRoute>(refTo("shop"));
    expect(live?.spec?.http?.map(({ backends }) => backends?.map(({ weight }) => weight))).toEqual([
      [100],
      [80, 20],
      [80, 20],
    ]);
  });
});

describe("a header route", () => {
  it("is an ApisixRoute of the rollout that wins over its base and leads to the canary", async () => {
    const { router, store, owner } = await shopWorld(apisixSetting);
    const spec = { ingressClassName: "apisix", stream: [] };
    await store.patch(refTo("shop"), { type: "merge", body: { spec } });
    await router.apply(planOf(0, [headerRoute]));
    const route = await store.get<ApisixRoute>(refTo("to-canary"));
    expect(route?.metadata.ownerReferences).toMatchObject([{ uid: owner.metadata.uid }]);
    expect(route?.spec).toEqual({
      ingressClassName: "apisix",
      http: [
        {
          name: "shop",
          priority: 1,
          match: {
            hosts: ["shop.example"],
            paths: ["/*"],
            exprs: [{ subject: { scope: "Header", name: "x-canary" }, op: "Equal", value: "true" }],
          },
          backends: [{ serviceName: "shop-canary", servicePort: 80, weight: 100 }],
        },
      ],
    });
  });

  it.each([
    ["exact", "a.b", "Equal", "a.b"],
    ["prefix", "v1", "RegexMatch", "^v1.*"],
    ["prefix", "a.b", "RegexMatch", "^a\\.b.*"],
    ["regex", "^v1.*", "RegexMatch", "^v1.*"],
  ] as const)("matches by %s %s", async (kind, value, op, written) => {
    const { router, store } = await shopWorld(apisixSetting);
    const match = [{ headerName: "x-user", headerValue: { kind, value } }];
    const route: ManagedRoute = { kind: "header", name: "to-canary", match };
    await router.apply(planOf(0, [route]));
    const object = await store.get<ApisixRoute>(refTo("to-canary"));
    expect(object?.spec?.http?.[0]?.match?.exprs).toMatchObject([{ op, value: written }]);
    expect((await router.read()).inForce?.routes).toEqual([route]);
  });

  it("adds to the conditions its base has", async () => {
    const { router, store } = await shopWorld(apisixSetting);
    const own = { subject: { scope: "Query", name: "beta" }, op: "Equal", value: "1" };
    const [admin, rule] = apisixRoute("shop").spec?.http ?? [];
    const http = [admin, { ...rule, priority: 5, match: { ...rule?.match, exprs: [own] } }];
    await store.patch(refTo("shop"), {
      type: "merge",
      body: { spec: { http: JSON.parse(JSON.stringify(http)) } },
    });
    await router.apply(planOf(0, [headerRoute]));
    const [made] = (await store.get<ApisixRoute>(refTo("to-canary")))?.spec?.http ?? [];
    expect(made?.priority).toBe(6);
    expect(made?.match?.exprs).toMatchObject([own, { value: "true" }]);
  });

  it.each(["no json", '{"kind":"header"}', '{"kind":"header","name":"to-canary","match":[{}]}'])(
    "is made anew when it says of itself: %s",
    async (text) => {
      const { router, store } = await shopWorld(apisixSetting);
      await router.apply(planOf(10, [headerRoute]));
      const annotations = { "haldane.dev/managed-route": text };
      await store.patch(refTo("to-canary"), { type: "merge", body: { metadata: { annotations } } });
      expect((await router.read()).inForce?.routes).toEqual([]);
      await router.apply(planOf(10, [headerRoute]));
      expect((await router.read()).inForce?.routes).toEqual([headerRoute]);
    },
  );

  it("follows its base: until it does it is not in force", async () => {
    const { router, store } = await shopWorld(apisixSetting);
    await router.apply(planOf(10, [headerRoute]));
    const text = JSON.stringify((await store.get<ApisixRoute>(refTo("shop")))?.spec?.http);
    const http = JSON.parse(text.replaceAll("shop.example", "new.example"));
    await store.patch(refTo("shop"), { type: "merge", body: { spec: { http } } });
    expect((await router.read()).inForce?.routes).toEqual([]);
    await router.apply(planOf(10, [headerRoute]));
    expect((await router.read()).inForce?.routes).toEqual([headerRoute]);
    expect(JSON.stringify(await store.get(refTo("to-canary")))).toContain("new.example");
  });
});

describe("apisix says what is wrong", () => {
  it.each([
    [{ route: {} }, /^TrafficRoutingError: .*apisix\.route\.name must be set/],
    [{ route: { name: "gone" } }, /apisixroutes\.apisix\.apache\.org "gone" not found/],
    [{ route: { name: "shop", rules: ["x"] } }, /Apisix http route rule x not found/],
    [
      { route: { name: "shop", rules: ["admin"] } },
      /apisix route shop-canary backend was not found/,
    ],
  ])("configuration %j", async (config, message) => {
    const failure = await failureOf(async () => {
      const { router } = await shopWorld(apisixSetting, config);
      await router.read();
    });
    expect(failure).toMatch(message);
  });

  it("a route without spec.http", async () => {
    const { router, store } = await shopWorld(apisixSetting);
    await store.patch(refTo("shop"), { type: "merge", body: { spec: { http: null } } });
    expect(await failureOf(async () => router.apply(planOf(1)))).toBe(
      "TrafficRoutingError: spec.http was not found in Apisix Route manifest",
    );
  });

  it("a header route of that name that somebody else wrote, which stays", async () => {
    const { router, store } = await shopWorld(apisixSetting);
    await store.create(apisixRoute("to-canary"));
    expect(await failureOf(async () => router.apply(planOf(1, [headerRoute])))).toBe(
      "ApisixRouteCreateError: duplicate ApisixRoute [to-canary] already exists",
    );
    await router.apply(planOf(1));
    expect(await store.get(refTo("to-canary"))).toBeDefined();
  });
});
