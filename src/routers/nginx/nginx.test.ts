import { describe, expect, it } from "vitest";
import type { Ingress } from "../../api/kubernetes/ingress.ts";
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
import { canaryIngressName } from "./canary-ingress.ts";
import { nginxSetting, stableIngress } from "./nginx.test-support.ts";

describeTrafficRouter("nginx", async () => sheetWorld(nginxSetting), {
  skip: { ...skips.experiments, ...skips.headers, ...skips.mirrors },
});

const refTo = (name: string) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  namespace: "default",
  name,
});
const canaryRef = refTo("shop-shop-canary");
const prefix = "nginx.ingress.kubernetes.io";

describe("the canary Ingress", () => {
  it("is made from the stable one: its class, its TLS, the rules that lead to the stable Service", async () => {
    const { router, store, owner, events } = await shopWorld(nginxSetting);
    await router.apply(planOf(0));
    const canary = await store.get<Ingress>(canaryRef);
    const stable = stableIngress("shop");
    const [rule] = stable.spec?.rules ?? [];
    const [files, shop] = rule?.http?.paths ?? [];
    expect(canary?.spec).toEqual({
      ingressClassName: "nginx",
      tls: stable.spec?.tls,
      rules: [
        {
          ...rule,
          http: {
            paths: [
              files,
              { ...shop, backend: { service: { name: "shop-canary", port: { number: 80 } } } },
            ],
          },
        },
      ],
    });
    expect(canary?.metadata.annotations).toEqual({
      [`${prefix}/canary`]: "true",
      [`${prefix}/canary-weight`]: "0",
    });
    expect(canary?.metadata.labels).toBeUndefined();
    expect(canary?.metadata.ownerReferences).toMatchObject([
      { kind: "Rollout", name: "shop", uid: owner.metadata.uid, controller: true },
    ]);
    expect(events).toMatchObject([
      {
        type: "Normal",
        reason: "CreatingCanaryIngress",
        message: "Creating canary ingress `shop-shop-canary` with weight `0`",
      },
    ]);
  });

  it("says each new weight in an event", async () => {
    const { router, events } = await shopWorld(nginxSetting);
    for (const weight of [0, 20, 20, 0]) await router.apply(planOf(weight));
    expect(events.map(({ reason, message }) => `${reason} ${message}`)).toEqual([
      "CreatingCanaryIngress Creating canary ingress `shop-shop-canary` with weight `0`",
      "PatchingCanaryIngress Updating Ingress `shop-shop-canary` to desiredWeight '20'",
      "PatchingCanaryIngress Updating Ingress `shop-shop-canary` to desiredWeight '0'",
    ]);
    expect(new Set(events.map(({ cause }) => cause)).size).toBe(3);
  });

  it("has the additional annotations with the prefix and its own as they are", async () => {
    const { router, store } = await shopWorld(nginxSetting, {
      annotationPrefix: "ingress.example.com",
      additionalIngressAnnotations: {
        "canary-by-header": "x-canary",
        "ingress.example.com/canary-by-header-value": "always",
      },
      canaryIngressAnnotations: {
        "cert.example/issuer": "none",
        "ingress.example.com/canary": "no",
      },
    });
    await router.apply({ ...planOf(20), maxWeight: 1000 });
    expect((await store.get<Ingress>(canaryRef))?.metadata.annotations).toEqual({
      "ingress.example.com/canary-by-header": "x-canary",
      "ingress.example.com/canary-by-header-value": "always",
      "cert.example/issuer": "none",
      "ingress.example.com/canary": "true",
      "ingress.example.com/canary-weight": "20",
      "ingress.example.com/canary-weight-total": "1000",
    });
    expect((await router.read()).inForce).toMatchObject({
      maxWeight: 1000,
      canary: { weight: 20 },
      stable: { weight: 980 },
    });
    await router.apply(planOf(20));
    const again = await store.get<Ingress>(canaryRef);
    expect(again?.metadata.annotations?.["ingress.example.com/canary-weight-total"]).toBe("100");
  });

  it("takes the old class annotation over", async () => {
    const store = newMemoryStore();
    const owner = await createOwner(store, "default", "shop");
    const { spec, metadata } = stableIngress("shop");
    const { ingressClassName: _class, ...withoutClass } = spec ?? {};
    await store.create({
      ...stableIngress("shop"),
      metadata: { ...metadata, annotations: { "kubernetes.io/ingress.class": "nginx" } },
      spec: withoutClass,
    });
    await routerFor(nginxSetting, { store, namespace: "default", owner }).apply(planOf(5));
    const canary = await store.get<Ingress>(canaryRef);
    expect(canary?.metadata.annotations?.["kubernetes.io/ingress.class"]).toBe("nginx");
    expect(canary?.spec?.ingressClassName).toBeUndefined();
  });

  it("follows its stable Ingress and keeps what others wrote", async () => {
    const { router, store } = await shopWorld(nginxSetting);
    await router.apply(planOf(20));
    const others = { labels: { seen: "yes" }, annotations: { "audit.example/by": "me" } };
    await store.patch(canaryRef, { type: "merge", body: { metadata: others } });
    expect((await router.read()).inForce?.canary.weight).toBe(20);
    const stable = await store.get<Ingress>(refTo("shop"));
    const rules = [...(stable?.spec?.rules ?? [])].map((rule) => ({
      ...rule,
      host: "new.example",
    }));
    await store.patch(refTo("shop"), {
      type: "merge",
      body: { spec: { rules: JSON.parse(JSON.stringify(rules)), tls: null } },
    });
    expect((await router.read()).inForce).toBeUndefined();
    await router.apply(planOf(20));
    const canary = await store.get<Ingress>(canaryRef);
    expect(canary?.spec?.rules?.map(({ host }) => host)).toEqual(["new.example"]);
    expect(canary?.spec?.tls).toBeUndefined();
    expect(canary?.metadata).toMatchObject(others);
  });

  it("has a name that is one, however long the others are", () => {
    expect(canaryIngressName("shop", "web")).toBe("shop-web-canary");
    const long = canaryIngressName("a".repeat(200), `${"b".repeat(44)}.c`);
    expect(long).toBe(`${"a".repeat(200)}-${"b".repeat(44)}-canary`);
    expect(canaryIngressName("a".repeat(253), "web")).toHaveLength(253);
  });
});

describe("several stable Ingresses", () => {
  it("are split alike, and in force only together", async () => {
    const { store, owner } = await shopWorld(nginxSetting);
    await store.create(stableIngress("api"));
    const several = { ...nginxSetting, config: () => ({ stableIngresses: ["shop", "api"] }) };
    const router = routerFor(several, { store, namespace: "default", owner });
    await router.apply(planOf(30));
    expect((await router.read()).inForce?.canary.weight).toBe(30);
    const weight = { [`${prefix}/canary-weight`]: "90" };
    const body = { metadata: { annotations: weight } };
    await store.patch(refTo("shop-api-canary"), { type: "merge", body });
    expect((await router.read()).inForce).toBeUndefined();
    await router.apply(planOf(30));
    expect((await router.read()).inForce?.canary.weight).toBe(30);
    expect(router.watches.map(({ name }) => name)).toEqual([
      "shop",
      "shop-shop-canary",
      "api",
      "shop-api-canary",
    ]);
  });
});

describe("nginx says what is wrong", () => {
  it.each([
    [{ stableIngress: "" }, "Neither are configured."],
    [{ stableIngresses: ["a"] }, "Both are configured."],
  ])("configuration %j", async (config, message) => {
    expect(await failureOf(async () => shopWorld(nginxSetting, config))).toBe(
      `TrafficRoutingError: Either StableIngress or StableIngresses must be configured. ${message}`,
    );
  });

  it("a stable Ingress that is not there", async () => {
    const { router } = await shopWorld(nginxSetting, { stableIngress: "gone" });
    expect(await failureOf(async () => router.read())).toBe(
      'TrafficRoutingError: error retrieving stableIngress `gone` from cache: ingresses.networking.k8s.io "gone" not found',
    );
  });

  it("a stable Ingress that leads elsewhere", async () => {
    const { store, owner } = await shopWorld(nginxSetting);
    const rules = [{ host: "shop.example" }];
    await store.patch(refTo("shop"), { type: "merge", body: { spec: { rules } } });
    const router = routerFor(nginxSetting, { store, namespace: "default", owner });
    expect(await failureOf(async () => router.apply(planOf(1)))).toBe(
      "TrafficRoutingError: ingress `shop` has no rules using service shop-stable backend",
    );
  });

  it("a canary Ingress of somebody else", async () => {
    const { router, store } = await shopWorld(nginxSetting);
    await store.create(stableIngress("shop-shop-canary"));
    const foreign =
      "TrafficRoutingError: canary ingress `shop-shop-canary` controlled by different object";
    expect(await failureOf(async () => router.apply(planOf(1)))).toBe(foreign);
    expect(await failureOf(async () => router.read())).toBe(foreign);
  });
});
