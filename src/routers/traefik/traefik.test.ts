import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { StoreError } from "../../objects/object-store.ts";
import { describeTrafficRouter, planOf } from "../conformance.ts";
import {
  createOwner,
  failureOf,
  newMemoryStore,
  routerFor,
  sheetWorld,
  shopWorld,
  skips,
} from "../sheet-world.test-support.ts";
import { traefikService, traefikSetting } from "./traefik.test-support.ts";
import type { TraefikService } from "./weighted-service.ts";

describeTrafficRouter("traefik", async () => sheetWorld(traefikSetting), {
  skip: { ...skips.experiments, ...skips.headers, ...skips.mirrors },
});

const ref = {
  apiVersion: "traefik.io/v1alpha1",
  kind: "TraefikService",
  namespace: "default",
  name: "shop",
};

describe("the TraefikService", () => {
  it("gets the two weights and keeps all else", async () => {
    const { router, store } = await shopWorld(traefikSetting);
    await router.apply(planOf(15));
    const stored = await store.get<TraefikService>(ref);
    const { spec, metadata } = traefikService("shop");
    const [stable, canary, landingPage] = spec?.weighted?.services ?? [];
    expect(stored?.spec).toEqual({
      weighted: {
        ...spec?.weighted,
        services: [{ ...stable, weight: 85 }, { ...canary, weight: 15 }, landingPage],
      },
    });
    expect(stored?.metadata).toMatchObject(metadata);
  });

  it("carries no split before anybody wrote one", async () => {
    const { router } = await shopWorld(traefikSetting);
    expect((await router.read()).inForce).toMatchObject({ maxWeight: 0, stable: { weight: 0 } });
  });

  it("is found in the API group Traefik 2 had", async () => {
    const settings = { traefikApiVersion: "traefik.containo.us/v1alpha1" };
    const setting = { ...traefikSetting, settings };
    const store = newMemoryStore();
    const owner = await createOwner(store, "default", "shop");
    await store.create({ ...traefikService("shop"), apiVersion: settings.traefikApiVersion });
    const router = routerFor(setting, { store, namespace: "default", owner });
    await router.apply(planOf(15));
    expect((await router.read()).inForce?.canary.weight).toBe(15);
    const watched = { apiVersion: settings.traefikApiVersion, kind: "TraefikService" };
    expect(setting.factory.watchedKinds(settings)).toEqual([watched]);
    expect(router.watches).toMatchObject([watched]);
  });
});

describe("what is wrong is said", () => {
  const withSpec = async (spec: JsonObject): Promise<string> => {
    const objects = (): readonly TraefikService[] => [{ ...traefikService("shop"), spec }];
    const { router } = await shopWorld({ ...traefikSetting, objects });
    return failureOf(async () => router.apply(planOf(10)));
  };
  const service = (name: string): JsonObject => ({ name, port: 80 });
  const weighted = (...names: readonly string[]): JsonObject => ({
    weighted: { services: names.map(service) },
  });

  it.each([
    [{}, "spec.weighted.services was not found in traefik service manifest"],
    [weighted("shop-stable"), "traefik canary service was not found"],
    [weighted("shop-canary"), "traefik stable service was not found"],
    [
      weighted("shop-stable", "shop-canary", "shop-canary"),
      "traefik canary service shop-canary is listed twice; list it once",
    ],
  ])("%j", async (spec, text) => {
    const place = "(TraefikService default/shop)";
    expect(await withSpec(spec)).toBe(`TrafficRoutingError: ${text} ${place}`);
  });

  it("a missing object", async () => {
    const { router } = await shopWorld({ ...traefikSetting, objects: () => [] });
    expect(await failureOf(async () => router.read())).toBe(
      'TrafficRoutingError: traefikservices.traefik.io "shop" not found',
    );
  });

  it("a missing name", async () => {
    const text = await failureOf(async () =>
      shopWorld(traefikSetting, { weightedTraefikServiceName: "" }),
    );
    expect(text).toContain("weightedTraefikServiceName: name the TraefikService to split");
  });

  it("what the API server refuses, with Argo's reason; a conflict is left to the next pass", async () => {
    const { store, owner } = await shopWorld(traefikSetting);
    const refusing = (error: StoreError): typeof store => ({
      ...store,
      get: async (asked) => store.get(asked),
      patch: async () => Promise.reject(error),
    });
    const applyWith = async (error: StoreError): Promise<void> =>
      routerFor(traefikSetting, {
        store: refusing(error),
        namespace: "default",
        owner,
      }).apply(planOf(10));
    expect(await failureOf(async () => applyWith(new StoreError("Forbidden", "no")))).toBe(
      'TraefikServiceUpdateError: Error updating traefik service "shop": no',
    );
    const conflict = new StoreError("Conflict", "somebody was quicker");
    await expect(applyWith(conflict)).rejects.toBe(conflict);
  });
});
