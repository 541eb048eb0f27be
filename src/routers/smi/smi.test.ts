import { describe, expect, it } from "vitest";
import { describeTrafficRouter, planOf } from "../conformance.ts";
import { failureOf, sheetWorld, shopWorld, skips } from "../sheet-world.test-support.ts";
import { smiRouter } from "./smi.ts";
import { smiSetting } from "./smi.test-support.ts";
import type { TrafficSplit } from "./traffic-split.ts";

describe.each(["v1alpha1", "v1alpha2", "split.smi-spec.io/v1alpha3", "v1alpha4"])(
  "%s",
  (version) => {
    describeTrafficRouter("smi", async () => sheetWorld(smiSetting(version)), {
      skip: { ...skips.headers, ...skips.mirrors },
    });
  },
);

const refTo = (name: string, version = "v1alpha1") => ({
  apiVersion: `split.smi-spec.io/${version}`,
  kind: "TrafficSplit",
  namespace: "default",
  name,
});

describe("the TrafficSplit", () => {
  it("is made for the stable Service, belongs to the rollout, and its weights are quantities", async () => {
    const { router, store, owner, events } = await shopWorld(smiSetting());
    const extra = { weight: 5, service: "exp-1", podTemplateHash: "e" };
    const { stable, ...plan } = planOf(20);
    await router.apply({ ...plan, stable: { ...stable, weight: 75 }, additional: [extra] });
    const split = await store.get<TrafficSplit>(refTo("shop"));
    expect(split?.spec).toEqual({
      service: "shop-stable",
      backends: [
        { service: "shop-canary", weight: "20" },
        { service: "exp-1", weight: "5" },
        { service: "shop-stable", weight: "75" },
      ],
    });
    expect(split?.metadata.ownerReferences).toMatchObject([{ uid: owner.metadata.uid }]);
    expect(events).toMatchObject([
      { type: "Normal", reason: "TrafficSplitCreated", message: "TrafficSplit `shop` created" },
    ]);
  });

  it.each(["v1alpha2", "v1alpha3"])("has whole numbers in %s", async (version) => {
    const { router, store } = await shopWorld(smiSetting(version));
    await router.apply(planOf(20));
    const split = await store.get<TrafficSplit>(refTo("shop", version));
    expect(split?.spec?.backends?.map(({ weight }) => weight)).toEqual([20, 80]);
    expect(smiRouter.watchedKinds({ trafficSplitApiVersion: version })).toEqual([
      { apiVersion: `split.smi-spec.io/${version}`, kind: "TrafficSplit" },
    ]);
  });

  it("has the name and the root service it is given, and keeps the rest", async () => {
    const config = { rootService: "shop", trafficSplitName: "split" };
    const { router, store } = await shopWorld(smiSetting("v1alpha3"), config);
    await router.apply(planOf(10));
    const ref = refTo("split", "v1alpha3");
    const matches = [{ kind: "HTTPRouteGroup", name: "ab" }];
    await store.patch(ref, { type: "merge", body: { spec: { matches } } });
    await router.apply(planOf(20));
    expect(await store.get<TrafficSplit>(ref)).toMatchObject({
      spec: { service: "shop", matches, backends: [{ weight: 20 }, { weight: 80 }] },
    });
  });

  it("carries no split when it is for another Service or says no number", async () => {
    const { router, store } = await shopWorld(smiSetting());
    await router.apply(planOf(20));
    const patch = async (spec: { readonly service: string; readonly backends?: [] }) =>
      store.patch(refTo("shop"), { type: "merge", body: { spec } });
    await patch({ service: "elsewhere" });
    expect((await router.read()).inForce).toBeUndefined();
    await patch({ service: "shop-stable", backends: [] });
    const backends = [{ service: "shop-canary", weight: "500m" }];
    await store.patch(refTo("shop"), { type: "merge", body: { spec: { backends } } });
    expect((await router.read()).inForce).toBeUndefined();
    await router.apply(planOf(20));
    expect((await router.read()).inForce?.canary.weight).toBe(20);
  });
});

describe("smi says what is wrong", () => {
  it("a TrafficSplit of somebody else", async () => {
    const { router, store } = await shopWorld(smiSetting());
    const { apiVersion, kind, namespace, name } = refTo("shop");
    await store.create({ apiVersion, kind, metadata: { namespace, name } });
    expect(await failureOf(async () => router.apply(planOf(20)))).toBe(
      "TrafficRoutingError: Rollout does not own TrafficSplit `shop`",
    );
  });

  it("a version nobody knows", async () => {
    expect(await failureOf(async () => shopWorld(smiSetting("v2")))).toMatch(
      /Unsupported TrafficSplit API version `v2`; use v1alpha1/,
    );
  });

  it("a creation that is refused, also in an event", async () => {
    const { router, events } = await shopWorld(smiSetting(), { trafficSplitName: "Not A Name" });
    const failure = await failureOf(async () => router.apply(planOf(20)));
    expect(failure).toMatch(/^TrafficRoutingError: TrafficSplit `Not A Name` failed creation: /);
    expect(events).toMatchObject([{ type: "Normal", reason: "TrafficSplitNotCreated" }]);
  });
});
