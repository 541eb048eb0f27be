import { describe, expect, it } from "vitest";
import type { ManagedRoute } from "../../api/argo/traffic.ts";
import type { Ingress } from "../../api/kubernetes/ingress.ts";
import type { JsonObject } from "../../lib/json.ts";
import { describeTrafficRouter, headerRoute, planOf } from "../conformance.ts";
import {
  createOwner,
  failureOf,
  newMemoryStore,
  routerFor,
  sheetWorld,
  shopWorld,
  skips,
} from "../sheet-world.test-support.ts";
import { albIngress, albSetting, DescribedBalancers, ingressRef } from "./alb.test-support.ts";
import { releasableIngress } from "./release.ts";

describeTrafficRouter("alb", async () => sheetWorld(albSetting), { skip: skips.mirrors });

describeTrafficRouter(
  "alb with verification",
  async () => {
    const targetGroups = new DescribedBalancers();
    const world = await sheetWorld({ ...albSetting, settings: { targetGroups } });
    return { ...world, acknowledge: async () => targetGroups.follow(world.store, "shop") };
  },
  { skip: skips.mirrors },
);

const prefix = "alb.ingress.kubernetes.io";
const managedKey = "rollouts.argoproj.io/managed-alb-annotations";

async function annotationsOf(store: ReturnType<typeof newMemoryStore>, name = "shop") {
  return (await store.get<Ingress>(ingressRef(name)))?.metadata.annotations ?? {};
}

describe("the action annotation", () => {
  it("has the keys in Argo's order, and says whose it is", async () => {
    const { router, store, events } = await shopWorld(albSetting);
    const extra = { weight: 5, service: "exp", podTemplateHash: "e" };
    const plan = planOf(20);
    const stable = { ...plan.stable, weight: 75 };
    await router.apply({ ...plan, stable, additional: [extra] });
    expect(await annotationsOf(store)).toEqual({
      [`${prefix}/scheme`]: "internet-facing",
      [`${prefix}/actions.shop-stable`]:
        '{"Type":"forward","ForwardConfig":{"TargetGroups":[' +
        '{"ServiceName":"shop-canary","ServicePort":"80","Weight":20},' +
        '{"ServiceName":"exp","ServicePort":"80","Weight":5},' +
        '{"ServiceName":"shop-stable","ServicePort":"80","Weight":75}]}}',
      [managedKey]: `{"shop":["${prefix}/actions.shop-stable"]}`,
    });
    expect(events.map(({ reason, message }) => `${reason} ${message}`)).toEqual([
      "PatchingALBIngress Updating Ingress `shop` to desiredWeight '20'",
    ]);
  });

  it("is for the root Service, with stickiness and another prefix", async () => {
    const store = newMemoryStore();
    const owner = await createOwner(store, "default", "shop");
    const text = JSON.stringify(albIngress("shop")).replace("shop-stable", "root");
    await store.create(JSON.parse(text) as Ingress);
    const config: JsonObject = {
      rootService: "root",
      annotationPrefix: "alb.example.com",
      stickinessConfig: { enabled: true, durationSeconds: 60 },
    };
    const router = routerFor(albSetting, { store, namespace: "default", owner }, config);
    await router.apply(planOf(10));
    expect((await annotationsOf(store))["alb.example.com/actions.root"]).toMatch(
      /,"TargetGroupStickinessConfig":\{"Enabled":true,"DurationSeconds":60\}\}\}$/,
    );
    expect((await router.read()).inForce?.canary.weight).toBe(10);
  });

  it("of another port, or that no longer says whose it is, carries no split", async () => {
    const { router, store, owner } = await shopWorld(albSetting);
    await router.apply(planOf(20));
    const place = { store, namespace: "default", owner };
    const other = routerFor(albSetting, place, { servicePort: 8080 });
    expect((await other.read()).inForce).toBeUndefined();
    const annotations = { [managedKey]: null };
    await store.patch(ingressRef("shop"), { type: "merge", body: { metadata: { annotations } } });
    expect((await router.read()).inForce).toBeUndefined();
    await router.apply(planOf(20));
    expect((await router.read()).inForce?.canary.weight).toBe(20);
  });

  it.each(["no json", '{"Type":"forward"}', '{"ForwardConfig":{"TargetGroups":[{"Weight":1}]}}'])(
    "that says %s is written anew",
    async (text) => {
      const { router, store } = await shopWorld(albSetting);
      const annotations = { [`${prefix}/actions.shop-stable`]: text, [managedKey]: "[]" };
      await store.patch(ingressRef("shop"), { type: "merge", body: { metadata: { annotations } } });
      expect((await router.read()).inForce).toBeUndefined();
      await router.apply(planOf(20));
      expect((await router.read()).inForce?.canary.weight).toBe(20);
    },
  );
});

describe("a header route", () => {
  const matches = [
    ["x-a", "1"],
    ["x-b", "2"],
    ["x-a", "3"],
  ].map(([headerName = "", value = ""]) => ({
    headerName,
    headerValue: { kind: "exact" as const, value },
  }));
  const route: ManagedRoute = { kind: "header", name: "to-canary", match: matches };

  it("is an action, its conditions and a first path where the rule is ours", async () => {
    const { router, store, events } = await shopWorld(albSetting);
    await router.apply(planOf(0));
    await router.apply(planOf(0, [route]));
    const annotations = await annotationsOf(store);
    expect(annotations[`${prefix}/actions.to-canary`]).toBe(
      '{"Type":"forward","ForwardConfig":{"TargetGroups":[{"ServiceName":"shop-canary","ServicePort":"80","Weight":100}]}}',
    );
    expect(annotations[`${prefix}/conditions.to-canary`]).toBe(
      '[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"x-a","values":["1","3"]}},' +
        '{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"x-b","values":["2"]}}]',
    );
    expect(JSON.parse(annotations[managedKey] ?? "")).toEqual({
      shop: ["actions.shop-stable", "actions.to-canary", "conditions.to-canary"].map(
        (key) => `${prefix}/${key}`,
      ),
    });
    const rules = (await store.get<Ingress>(ingressRef("shop")))?.spec?.rules ?? [];
    const [own, admin] = albIngress("shop").spec?.rules ?? [];
    const path = {
      path: "/*",
      pathType: "ImplementationSpecific",
      backend: { service: { name: "to-canary", port: { name: "use-annotation" } } },
    };
    expect(rules).toEqual([
      { ...own, http: { paths: [path, ...(own?.http?.paths ?? [])] } },
      admin,
    ]);
    await router.apply(planOf(0));
    expect((await store.get<Ingress>(ingressRef("shop")))?.spec).toEqual(albIngress("shop").spec);
    expect(Object.keys(await annotationsOf(store))).not.toContain(`${prefix}/conditions.to-canary`);
    expect(events.map(({ message }) => message)).toEqual([
      "Updating Ingress `shop` to desiredWeight '0'",
      "Updating Ingress `shop` to header routes 'to-canary'",
      "Updating Ingress `shop` removing managed routes",
    ]);
  });

  it("whose path somebody took away is not in force", async () => {
    const { router, store } = await shopWorld(albSetting);
    await router.apply(planOf(10, [headerRoute]));
    const rules = JSON.parse(JSON.stringify(albIngress("shop").spec?.rules)) as [];
    await store.patch(ingressRef("shop"), { type: "merge", body: { spec: { rules } } });
    expect((await router.read()).inForce).toBeUndefined();
    await router.apply(planOf(10, [headerRoute]));
    expect((await router.read()).inForce?.routes).toEqual([headerRoute]);
  });

  it("must be exact", async () => {
    const { router } = await shopWorld(albSetting);
    const match = [{ headerName: "x", headerValue: { kind: "prefix" as const, value: "a" } }];
    const prefixed: ManagedRoute = { kind: "header", name: "to-canary", match };
    expect(await failureOf(async () => router.apply(planOf(0, [prefixed])))).toMatch(
      /ALB supports 'exact' value only, header x has 'prefix'/,
    );
  });
});

describe("several Ingresses and several rollouts", () => {
  it("are all split, and in force only together", async () => {
    const { store, owner } = await shopWorld(albSetting);
    await store.create(albIngress("api"));
    const several = {
      ...albSetting,
      config: () => ({ ingresses: ["shop", "api"], servicePort: 80 }),
    };
    const router = routerFor(several, { store, namespace: "default", owner });
    await routerFor(albSetting, { store, namespace: "default", owner }).apply(planOf(30));
    expect((await router.read()).inForce).toBeUndefined();
    await router.apply(planOf(30));
    expect((await router.read()).inForce?.canary.weight).toBe(30);
  });

  it("share an Ingress without touching each other's annotations", async () => {
    const { router, store } = await shopWorld(albSetting);
    const cart = await createOwner(store, "default", "cart");
    const config = { ingress: "shop", rootService: "admin" };
    const other = routerFor(albSetting, { store, namespace: "default", owner: cart }, config);
    await router.apply(planOf(20));
    await other.apply(planOf(70));
    expect((await router.read()).inForce?.canary.weight).toBe(20);
    expect(
      Object.keys(JSON.parse((await annotationsOf(store))[managedKey] ?? "") as object),
    ).toEqual(["cart", "shop"]);
    const release = async (rollout: string): Promise<void> => {
      const ingress = (await store.get(ingressRef("shop")))!;
      await store.update(releasableIngress.without(ingress, rollout));
    };
    await release("shop");
    const annotations = await annotationsOf(store);
    expect(annotations[managedKey]).toBe(`{"cart":["${prefix}/actions.admin"]}`);
    expect(annotations[`${prefix}/actions.shop-stable`]).toBe(
      '{"Type":"forward","ForwardConfig":{"TargetGroups":[{"ServiceName":"shop-stable","ServicePort":"80","Weight":100}]}}',
    );
    await release("cart");
    expect(Object.keys(await annotationsOf(store))).not.toContain(managedKey);
  });
});

describe("verification", () => {
  const verifying = async () => {
    const targetGroups = new DescribedBalancers();
    const setting = { ...albSetting, settings: { targetGroups } };
    const world = await shopWorld(setting);
    return { ...world, targetGroups, setting };
  };

  it("says what it waits for, until the load balancer serves it", async () => {
    const { router, store, targetGroups } = await verifying();
    await router.apply(planOf(20));
    const waitingFor = async () => (await router.read()).waitingFor;
    expect(await waitingFor()).toBe("Ingress shop to get a load balancer");
    await targetGroups.follow(store, "shop");
    expect(await router.read()).toMatchObject({ acknowledged: true, waitingFor: undefined });
    await router.apply(planOf(50));
    expect(await router.read()).toMatchObject({
      acknowledged: false,
      askAgainMs: 10_000,
      waitingFor:
        "load balancer k8s-shop to serve weight 50 of default/shop-shop-canary:80 (serves 20)",
    });
    targetGroups.served.clear();
    expect(await waitingFor()).toMatch(/^load balancer shop-1.elb.amazonaws.com of Ingress shop/);
  });

  it("asks again as often as the installation says", async () => {
    const targetGroups = new DescribedBalancers();
    const settings = { targetGroups, verifyRetryMs: 4000 };
    const { router } = await shopWorld({ ...albSetting, settings });
    await router.apply(planOf(20));
    expect(await router.read()).toMatchObject({ acknowledged: false, askAgainMs: 4000 });
  });

  it("takes no header route for the split", async () => {
    const { router, store, targetGroups } = await verifying();
    await router.apply(planOf(0));
    await targetGroups.follow(store, "shop");
    await router.apply(planOf(100));
    const [hostname, balancer] = [...targetGroups.served][0] ?? [];
    const canary = balancer?.rules[1]?.[0];
    if (!hostname || !balancer || !canary) throw new Error("nothing is served");
    const onlyHeader = [{ ...canary, weight: 100 }];
    targetGroups.served.set(hostname, { ...balancer, rules: [onlyHeader, ...balancer.rules] });
    expect((await router.read()).waitingFor).toMatch(/serve weight 100 .*\(serves 0\)$/);
    targetGroups.served.set(hostname, { ...balancer, rules: [onlyHeader] });
    expect((await router.read()).waitingFor).toMatch(/^load balancer k8s-shop to split between/);
  });

  it("is what the status shows of load balancers", async () => {
    const { router, store, targetGroups } = await verifying();
    await router.apply(planOf(20));
    await targetGroups.follow(store, "shop");
    const group = (service: string) => ({
      name: `k8s-${service}`,
      arn: `arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/k8s-${service}/0a`,
      fullName: `k8s-${service}/0a`,
    });
    expect((await router.read()).albs).toEqual([
      {
        loadBalancer: {
          name: "k8s-shop",
          arn: "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/k8s-shop/0b",
          fullName: "k8s-shop/0b",
        },
        canaryTargetGroup: group("shop-canary"),
        stableTargetGroup: group("shop-stable"),
        ingress: "shop",
      },
    ]);
  });

  it("asks nobody about weights that the status says were found served", async () => {
    const { store, owner, targetGroups, setting, router } = await verifying();
    await router.apply(planOf(20));
    const weights = (verified: boolean) => ({
      canary: { weight: 20, serviceName: "shop-canary", podTemplateHash: "new" },
      stable: { weight: 80, serviceName: "shop-stable", podTemplateHash: "old" },
      verified,
    });
    const read = async (verified: boolean) => {
      const status = { canary: { weights: weights(verified) }, albs: [{ ingress: "shop" }] };
      const place = { store, namespace: "default", owner: { ...owner, status } };
      return routerFor(setting, place).read();
    };
    expect(await read(true)).toMatchObject({ acknowledged: true, albs: [{ ingress: "shop" }] });
    expect(targetGroups.asked).toBe(0);
    await targetGroups.follow(store, "shop");
    await read(false);
    expect(targetGroups.asked).toBe(1);
    await router.apply(planOf(21));
    expect((await read(true)).acknowledged).toBe(false);
  });

  it("that fails is told, and verifies nothing", async () => {
    const { router, store, targetGroups, events } = await verifying();
    await router.apply(planOf(20));
    await targetGroups.follow(store, "shop");
    targetGroups.failure = new Error("AccessDenied: not you");
    expect(await router.read()).toMatchObject({
      acknowledged: false,
      waitingFor: "an answer from AWS: AccessDenied: not you",
    });
    expect(events.at(-1)).toMatchObject({ type: "Warning", reason: "WeightVerifyError" });
  });
});

describe("alb says what is wrong", () => {
  it.each([
    [{ ingress: "" }, "Either Ingress or Ingresses must be configured. Neither are configured."],
    [{ ingresses: ["a"] }, "Either Ingress or Ingresses must be configured. Both are configured."],
    [{ servicePort: "80" }, "spec.strategy.canary.trafficRouting.alb.servicePort must be set"],
    [
      { stickinessConfig: { enabled: true, durationSeconds: 0 } },
      "TargetGroupStickinessConfig's duration must be between 1 and 604800 seconds (7 days)!",
    ],
    [
      { ingress: "gone" },
      'error retrieving Ingress `gone`: ingresses.networking.k8s.io "gone" not found',
    ],
    [{ rootService: "root" }, "ingress does not have service `root` in rules"],
  ])("configuration %j", async (config, message) => {
    const failure = await failureOf(async () => {
      const { router } = await shopWorld(albSetting, config);
      await router.read();
    });
    expect(failure).toBe(`TrafficRoutingError: ${message}`);
  });

  it("a total that no load balancer knows", async () => {
    const { router } = await shopWorld(albSetting);
    const failure = await failureOf(async () => router.apply({ ...planOf(1), maxWeight: 1000 }));
    expect(failure).toMatch(/maxTrafficWeight is 1000; a load balancer's weights go up to 999/);
  });
});
