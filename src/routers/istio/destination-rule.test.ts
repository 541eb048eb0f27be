import { describe, expect, it } from "vitest";
import type { TrafficPlan } from "../../api/argo/traffic.ts";
import type { DestinationRule } from "../../api/istio/networking.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { headerRoute, planOf } from "../conformance.ts";
import { routerFor, shopWorld, type RouterSetting } from "../sheet-world.test-support.ts";
import { releasableRule } from "./destination-rule.ts";
import {
  destinationRule,
  destinations,
  serviceIn,
  subsetService,
  subsetSetting,
} from "./istio.test-support.ts";

const apiVersion = "networking.istio.io/v1alpha3";
const hashLabel = "rollouts-pod-template-hash";
const managedBy = "argo-rollouts.argoproj.io/managed-by-rollouts";

async function ruleIn(store: ObjectStore, name = "shop"): Promise<DestinationRule | undefined> {
  const ref = { apiVersion, kind: "DestinationRule", namespace: "default", name };
  return store.get<DestinationRule>(ref);
}

describe("subsets of a DestinationRule", () => {
  const subsetsOf = (rule: DestinationRule | undefined): readonly string[] =>
    (rule?.spec.subsets ?? []).map(({ name, labels }) => `${name} ${labels?.[hashLabel] ?? "-"}`);

  it("follow the versions by label; other subsets, labels and policies stay", async () => {
    const { router, store, events } = await shopWorld(subsetSetting);
    expect((await router.read()).inForce).toBeUndefined();
    await router.apply(planOf(0));
    const rule = await ruleIn(store);
    const written = destinationRule("shop").spec;
    const [canary, stable, other] = written.subsets ?? [];
    expect(rule?.metadata.annotations).toEqual({ [managedBy]: "shop" });
    expect(rule?.spec).toEqual({
      ...written,
      subsets: [
        { ...canary, labels: { app: "shop", [hashLabel]: "new" } },
        { ...stable, labels: { app: "shop", [hashLabel]: "old" } },
        other,
      ],
    });
    expect((await router.read()).inForce?.stable.podTemplateHash).toBe("old");
    expect(events).toMatchObject([
      {
        reason: "UpdatedDestinationRule",
        message: "DestinationRule shop subset updated (canary: new, stable: old)",
      },
    ]);
  });

  it("of experiments come and go by the name of their Service", async () => {
    const { router, store } = await shopWorld(subsetSetting);
    const extra = { weight: 10, service: "shop-experiment", podTemplateHash: "exp" };
    const plan = planOf(20);
    await router.apply({ ...plan, stable: { ...plan.stable, weight: 70 }, additional: [extra] });
    expect(subsetsOf(await ruleIn(store))).toContain("shop-experiment exp");
    expect(destinations((await serviceIn(store)).http?.[0])).toContain("shop-experiment 10");
    expect((await router.read()).inForce?.additional).toEqual([extra]);
    await router.apply(plan);
    expect(subsetsOf(await ruleIn(store))).toEqual(["canary new", "stable old", "v0 -"]);
  });

  it("named in additionalSubsetNames keep their weight, which is taken from stable's", async () => {
    const service = subsetService("shop");
    const route = [
      ...(service.spec.http?.[0]?.route ?? []),
      { destination: { host: "shop", subset: "v0" }, weight: 15 },
    ];
    const setting: RouterSetting = {
      ...subsetSetting,
      objects: () => [
        { ...service, spec: { hosts: ["shop"], http: [{ route }] } },
        destinationRule("shop"),
      ],
    };
    const destinationRuleBlock = {
      name: "shop",
      canarySubsetName: "canary",
      stableSubsetName: "stable",
      additionalSubsetNames: ["v0"],
    };
    const { router, store } = await shopWorld(setting, { destinationRule: destinationRuleBlock });
    for (const [weight, stable] of [
      [20, 65],
      [95, 0],
    ] as const) {
      await router.apply(planOf(weight));
      expect(destinations((await serviceIn(store)).http?.[0])).toEqual([
        `shop/stable ${String(stable)}`,
        `shop/canary ${String(weight)}`,
        "shop/v0 15",
      ]);
      expect((await router.read()).inForce).toMatchObject({
        canary: { weight },
        stable: { weight: 100 - weight },
      });
    }
  });

  /** What one apply does to the objects, in order: subsets and weights after each write. */
  async function steps(from: TrafficPlan, to: TrafficPlan): Promise<readonly string[]> {
    const { router, store, owner } = await shopWorld(subsetSetting);
    await router.apply(from);
    const seen: string[] = [];
    const watching: ObjectStore = {
      ...store,
      get: async (ref) => store.get(ref),
      patch: async (ref, patch, options) => {
        const answer = await store.patch(ref, patch, options);
        const [canary, stable] = subsetsOf(await ruleIn(store));
        const weights = destinations((await serviceIn(store)).http?.[0]);
        seen.push([canary, stable, ...weights].join(", "));
        return answer as never;
      },
    };
    const place = { store: watching, namespace: "default", owner };
    await routerFor(subsetSetting, place).apply(to);
    return seen;
  }

  it("are never led to before they have their version: a promotion", async () => {
    const promoted = { ...planOf(0), stable: { ...planOf(0).stable, podTemplateHash: "new" } };
    expect(await steps(planOf(100), promoted)).toEqual([
      "canary new, stable new, shop/stable 0, shop/canary 100",
      "canary new, stable new, shop/stable 100, shop/canary 0",
    ]);
  });

  it("are left by the traffic before they change: another version in the middle", async () => {
    const third = { ...planOf(0), canary: { ...planOf(0).canary, podTemplateHash: "third" } };
    expect(await steps(planOf(50), third)).toEqual([
      "canary new, stable old, shop/stable 100, shop/canary 0",
      "canary third, stable old, shop/stable 100, shop/canary 0",
    ]);
    expect(await steps(planOf(0, [headerRoute]), third)).toEqual([
      "canary new, stable old, shop/stable 100, shop/canary 0",
      "canary third, stable old, shop/stable 100, shop/canary 0",
    ]);
  });

  it("are given back: of all versions, and nobody's", async () => {
    const { router, store } = await shopWorld(subsetSetting);
    await router.apply(planOf(60, [headerRoute]));
    const { usersOf, without } = releasableRule(apiVersion);
    const rule = (await ruleIn(store))!;
    expect(usersOf(rule)).toEqual(["shop"]);
    const given = without(rule, "shop");
    expect(given).toMatchObject({ spec: destinationRule("shop").spec });
    expect(given.metadata.annotations).toEqual({});
    expect(usersOf(given)).toEqual([]);
  });

  it("had no labels but ours: they have none again", () => {
    const managed = { "argo-rollouts.argoproj.io/managed-by-rollouts": "shop", note: "kept" };
    const labels = { "rollouts-pod-template-hash": "abc" };
    const rule = {
      ...destinationRule("shop"),
      metadata: { name: "shop", annotations: managed },
      spec: { host: "shop", subsets: [{ name: "stable", labels }] },
    };
    expect(releasableRule(apiVersion).without(rule, "shop")).toMatchObject({
      metadata: { annotations: { note: "kept" } },
      spec: { host: "shop", subsets: [{ name: "stable" }] },
    });
  });
});
