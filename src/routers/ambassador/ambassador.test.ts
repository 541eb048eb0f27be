import { describe, expect, it } from "vitest";
import { describeTrafficRouter, planOf } from "../conformance.ts";
import { failureOf, routerFor, sheetWorld, shopWorld, skips } from "../sheet-world.test-support.ts";
import { ambassadorRouter } from "./ambassador.ts";
import { ambassadorSetting, mapping } from "./ambassador.test-support.ts";
import { canaryMappingName, type Mapping } from "./canary-mapping.ts";

describe.each(["getambassador.io/v2", "getambassador.io/v3alpha1"])("%s", (apiVersion) => {
  describeTrafficRouter("ambassador", async () => sheetWorld(ambassadorSetting(apiVersion)), {
    skip: { ...skips.experiments, ...skips.headers, ...skips.mirrors },
  });
});

const setting = ambassadorSetting();
const refTo = (name: string) => ({
  apiVersion: "getambassador.io/v2",
  kind: "Mapping",
  namespace: "default",
  name,
});

describe("the canary Mapping", () => {
  it("is a copy led to the canary Service, made once the canary has a share", async () => {
    const { router, store, owner, events } = await shopWorld(setting);
    await router.apply(planOf(0));
    expect(await store.get(refTo("shop-canary"))).toBeUndefined();
    expect((await router.read()).inForce).toMatchObject({
      maxWeight: 100,
      canary: { weight: 0 },
      stable: { weight: 100 },
    });
    for (const weight of [20, 20, 0]) await router.apply(planOf(weight));
    const canary = await store.get<Mapping>(refTo("shop-canary"));
    expect(canary?.spec).toEqual({
      prefix: "/shop/",
      rewrite: "/",
      service: "shop-canary.default:80",
      weight: 0,
    });
    expect(canary?.metadata.labels).toBeUndefined();
    expect(canary?.metadata.ownerReferences).toMatchObject([{ uid: owner.metadata.uid }]);
    expect((await store.get<Mapping>(refTo("shop")))?.spec).toEqual(mapping("shop").spec);
    expect(events.map(({ reason, message }) => `${reason} ${message}`)).toEqual([
      "CanaryMappingWeightUpdate Set canary mapping weight to 20",
      "CanaryMappingWeightUpdate Set canary mapping weight to 0",
    ]);
  });

  it("goes away after five seconds without a share, and not before", async () => {
    const { router, store } = await shopWorld(setting);
    await router.apply(planOf(20));
    expect(await router.tidy?.(1_000_000)).toBeUndefined();
    await router.apply(planOf(0));
    const due = await router.tidy?.(1_000_000);
    expect(due).toBe(1_006_000);
    expect(await router.tidy?.(1_004_900)).toBe(due);
    expect(await store.get(refTo("shop-canary"))).toBeDefined();
    expect(await router.tidy?.(1_006_000)).toBeUndefined();
    expect(await store.get(refTo("shop-canary"))).toBeUndefined();
    expect(await router.tidy?.(1_007_000)).toBeUndefined();
  });

  it("stays if it gets a share again, and its time begins anew", async () => {
    const { router, store } = await shopWorld(setting);
    await router.apply(planOf(20));
    await router.apply(planOf(0));
    await router.tidy?.(1_000_000);
    await router.apply(planOf(30));
    expect(await router.tidy?.(1_090_000)).toBeUndefined();
    expect((await router.read()).inForce?.canary.weight).toBe(30);
    await router.apply(planOf(0));
    expect(await router.tidy?.(1_100_000)).toBe(1_106_000);
    expect(await store.get(refTo("shop-canary"))).toBeDefined();
  });

  it("follows its stable Mapping", async () => {
    const { router, store } = await shopWorld(setting);
    await router.apply(planOf(20));
    await store.patch(refTo("shop"), {
      type: "merge",
      body: { spec: { rewrite: null, timeout_ms: 3000 } },
    });
    expect((await router.read()).inForce).toBeUndefined();
    await router.apply(planOf(20));
    expect((await store.get<Mapping>(refTo("shop-canary")))?.spec).toEqual({
      prefix: "/shop/",
      timeout_ms: 3000,
      service: "shop-canary.default:80",
      weight: 20,
    });
  });

  it("that Argo made, without an owner, is taken over", async () => {
    const { router, store, owner } = await shopWorld(setting);
    const { spec } = mapping("shop");
    const service = "shop-canary.default:80";
    const metadata = { name: "shop-canary", namespace: "default" };
    await store.create({
      ...mapping("shop"),
      metadata,
      spec: { ...spec, service, weight: 10 },
    });
    await router.apply(planOf(40));
    const canary = await store.get<Mapping>(refTo("shop-canary"));
    expect(canary?.metadata.ownerReferences).toMatchObject([{ uid: owner.metadata.uid }]);
    expect(canary?.spec?.weight).toBe(40);
  });

  it("has a name that is one, however long the stable's is", () => {
    expect(canaryMappingName("shop")).toBe("shop-canary");
    expect(canaryMappingName("m".repeat(253))).toBe(`${"m".repeat(246)}-canary`);
  });
});

describe("ambassador says what is wrong", () => {
  it("no mappings, and versions nobody knows", async () => {
    expect(await failureOf(async () => shopWorld(setting, { mappings: [] }))).toBe(
      "TrafficRoutingError: must provide at least one mapping",
    );
    const unknown = { ...setting, settings: { ambassadorApiVersion: "getambassador.io/v9" } };
    expect(await failureOf(async () => routerForUnknown(unknown))).toMatch(
      /getambassador.io\/v9 is not known; use one of getambassador.io\/v1, /,
    );
    expect(ambassadorRouter.watchedKinds(unknown.settings)).toEqual([]);
  });

  it("a mapping that is not there, alone and among others", async () => {
    const { router } = await shopWorld(setting, { mappings: ["gone"] });
    expect(await failureOf(async () => router.read())).toBe(
      'AmbassadorMappingNotFound: Ambassador mapping "gone" not found',
    );
    const both = await shopWorld(setting, { mappings: ["gone", "shop", "lost"] });
    expect(await failureOf(async () => both.router.apply(planOf(10)))).toBe(
      'AmbassadorMappingNotFound: 2 errors found: [Ambassador mapping "gone" not found][Ambassador mapping "lost" not found]',
    );
    expect(await both.store.get(refTo("shop-canary"))).toBeDefined();
  });

  it.each([
    [{ weight: 10 }, 'Ambassador mapping "shop" can not define weight'],
    [
      { service: "elsewhere" },
      'Ambassador mapping "shop" does not lead to service shop-stable: its spec.service is "elsewhere"',
    ],
  ])("a mapping with %j", async (spec, message) => {
    const { router, store } = await shopWorld(setting);
    await store.patch(refTo("shop"), { type: "merge", body: { spec } });
    expect(await failureOf(async () => router.apply(planOf(10)))).toBe(
      `AmbassadorMappingConfigError: ${message}`,
    );
  });

  it("a mapping of somebody else where the canary's should be", async () => {
    const { router, store } = await shopWorld(setting);
    await store.create(mapping("shop-canary"));
    const failure = await failureOf(async () => router.apply(planOf(10)));
    expect(failure).toMatch(/^CanaryMappingUpdateError: .*"shop-canary" is somebody else's/);
    expect(await router.tidy?.(1)).toBeUndefined();
  });

  it("a total other than 100", async () => {
    const { router } = await shopWorld(setting);
    const failure = await failureOf(async () => router.apply({ ...planOf(10), maxWeight: 1000 }));
    expect(failure).toMatch(/maxTrafficWeight is 1000; Ambassador's weights are percentages/);
  });
});

async function routerForUnknown(unknown: typeof setting): Promise<void> {
  const { store, owner } = await shopWorld(setting);
  routerFor(unknown, { store, namespace: "default", owner });
}
