// Whole deliveries by `haldane controller` whose traffic Ingresses split: ingress-nginx beside a
// service mesh, and an AWS load balancer that is asked what it serves.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ingress } from "../../../src/api/kubernetes/ingress.ts";
import { loopback, type Loopback } from "../../../src/metrics/loopback.test-support.ts";
import { albIngress } from "../../../src/routers/alb/alb.test-support.ts";
import { stableIngress } from "../../../src/routers/nginx/nginx.test-support.ts";
import { openCluster, until, type Loose, type TestCluster } from "../cluster.test-support.ts";
import { startController, stopControllers } from "../controller.test-support.ts";
import { RolloutUnderTest, rolloutYaml, serviceYaml } from "../rollouts.test-support.ts";
import { createMissingDefinitions } from "./definitions.test-support.ts";

const strategy = (routers: string): string => `    canary:
      stableService: shop-stable
      canaryService: shop-canary
      abortScaleDownDelaySeconds: 2
      trafficRouting: ${routers}
      steps: [{ setWeight: 25 }, { pause: {} }]
`;

const services = serviceYaml("shop-stable", "shop") + serviceYaml("shop-canary", "shop");
const ingressRef = (namespace: string, name: string) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  namespace,
  name,
});

let cluster: TestCluster;

beforeAll(async () => {
  cluster = openCluster();
  await createMissingDefinitions(cluster);
});

afterAll(async () => {
  await stopControllers();
  await cluster.close();
});

describe("a canary split by ingress-nginx and by SMI", () => {
  it("waits for its Ingress, follows the steps in both, and is back at once when aborted", async () => {
    const namespace = await cluster.newNamespace();
    await startController({ namespace, args: ["--traffic-split-api-version", "v1alpha4"] });
    const shop = new RolloutUnderTest(cluster, namespace, "shop");
    const shares = async (): Promise<string> => {
      const ref = ingressRef(namespace, "shop-shop-canary");
      const { annotations = {} } = (await cluster.store.get<Ingress>(ref))?.metadata ?? {};
      const { apiVersion, kind } = {
        apiVersion: "split.smi-spec.io/v1alpha4",
        kind: "TrafficSplit",
      };
      const split = await cluster.store.get<Loose>({ apiVersion, kind, namespace, name: "shop" });
      const backends = split?.spec?.["backends"];
      return `${annotations["nginx.ingress.kubernetes.io/canary-weight"] ?? ""} ${JSON.stringify(backends)}`;
    };
    const hasShare = async (weight: number): Promise<void> => {
      const backends = [
        { service: "shop-canary", weight },
        { service: "shop-stable", weight: 100 - weight },
      ];
      const wanted = `${weight} ${JSON.stringify(backends)}`;
      await until(`the shares are ${wanted}`, async () => (await shares()) === wanted, {
        describe: shares,
      });
    };
    const routers = "{ nginx: { stableIngress: shop }, smi: {} }";
    const text = rolloutYaml({ name: "shop", replicas: 4, strategy: strategy(routers) });
    await cluster.apply(services + text, namespace);
    await shop.reaches("Degraded");
    expect((await shop.status())["message"]).toContain('ingress "shop" not found');

    await cluster.store.create(stableIngress("shop", namespace));
    await shop.reaches("Healthy");
    await hasShare(0);

    await shop.setVersion("v2");
    await shop.reaches("Paused", { currentStepIndex: 1 });
    await hasShare(25);

    await shop.abort();
    await hasShare(0);
    await shop.hasSizes({ v1: 4 });
    await shop.reaches("Degraded");

    await shop.retry();
    await shop.reaches("Paused", { currentStepIndex: 1 });
    await shop.resume();
    await shop.reaches("Healthy");
    await hasShare(0);
    expect(await shop.eventReasons()).toEqual(
      expect.arrayContaining([
        "CreatingCanaryIngress",
        "PatchingCanaryIngress",
        "TrafficSplitCreated",
      ]),
    );
  });
});

describe("a canary split by an AWS load balancer", () => {
  const hostname = "k8s-shop.elb.amazonaws.com";
  const arnOf = (kind: string, name: string): string =>
    `arn:aws:elasticloadbalancing:eu-west-1:1:${kind}/${name}/0a`;
  const weights = { canary: 0, stable: 100 };
  let server: Loopback;

  const page = (action: string, list: string, member: string): string =>
    `<${action}Response><${action}Result><${list}>${member}</${list}></${action}Result></${action}Response>`;
  const memberOf = (text: string): string => `<member>${text}</member>`;

  /** Elastic Load Balancing, as far as it is asked: what it serves, a test says. */
  function answer(namespace: string, body: string): string {
    const action = new URLSearchParams(body).get("Action") ?? "";
    const sides = ["canary", "stable"] as const;
    const arns = { canary: arnOf("targetgroup", "canary"), stable: arnOf("targetgroup", "stable") };
    switch (action) {
      case "DescribeLoadBalancers": {
        const arn = arnOf("loadbalancer/app", "shop");
        const text = `<LoadBalancerName>shop</LoadBalancerName><LoadBalancerArn>${arn}</LoadBalancerArn><DNSName>${hostname}</DNSName>`;
        return page(action, "LoadBalancers", memberOf(text));
      }
      case "DescribeListeners":
        return page(action, "Listeners", memberOf("<ListenerArn>l</ListenerArn>"));
      case "DescribeRules": {
        const groups = sides.map((side) =>
          memberOf(
            `<TargetGroupArn>${arns[side]}</TargetGroupArn><Weight>${weights[side]}</Weight>`,
          ),
        );
        const config = `<ForwardConfig><TargetGroups>${groups.join("")}</TargetGroups></ForwardConfig>`;
        const rule = `<Actions>${memberOf(`<Type>forward</Type>${config}`)}</Actions>`;
        return page(action, "Rules", memberOf(rule));
      }
      default: {
        const tagged = sides.map((side) => {
          const value = `${namespace}/shop-shop-${side}:80`;
          const tag = memberOf(`<Key>ingress.k8s.aws/resource</Key><Value>${value}</Value>`);
          return memberOf(`<ResourceArn>${arns[side]}</ResourceArn><Tags>${tag}</Tags>`);
        });
        return page(action, "TagDescriptions", tagged.join(""));
      }
    }
  }

  afterAll(async () => server.close());

  it("goes on only when it serves the weight", async () => {
    const namespace = await cluster.newNamespace();
    server = await loopback(({ body }) => ({ body: answer(namespace, body) }));
    await startController({
      namespace,
      args: ["--aws-verify-target-group"],
      env: {
        AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2: server.url,
        AWS_ACCESS_KEY_ID: "AK",
        AWS_SECRET_ACCESS_KEY: "SK",
        AWS_REGION: "eu-west-1",
      },
    });
    const shop = new RolloutUnderTest(cluster, namespace, "shop");
    await cluster.store.create(albIngress("shop", namespace));
    const status = { loadBalancer: { ingress: [{ hostname }] } };
    await cluster.patch(ingressRef(namespace, "shop"), { status }, "status");
    const routers = "{ alb: { ingress: shop, servicePort: 80 } }";
    const text = rolloutYaml({ name: "shop", replicas: 4, strategy: strategy(routers) });
    await cluster.apply(services + text, namespace);
    await shop.reaches("Healthy");
    expect(await shop.status()).toMatchObject({
      alb: { ingress: "shop", loadBalancer: { name: "shop" } },
      canary: { weights: { verified: true } },
    });
    const asked = server.heard.length;

    await shop.setVersion("v2");
    const verified = async (): Promise<unknown> => (await shop.status())["canary"];
    await until(
      "weight 25 is written and not verified",
      async () => {
        const { weights: live } = (await verified()) as {
          weights: { verified: boolean; canary: { weight: number } };
        };
        return live.canary.weight === 25 && !live.verified && server.heard.length > asked;
      },
      { describe: verified },
    );
    expect((await shop.status())["currentStepIndex"]).toBe(0);

    Object.assign(weights, { canary: 25, stable: 75 });
    await shop.reaches("Paused", { currentStepIndex: 1 });
    // The turn to the next step is written with the weights as they are served.
    expect(await verified()).toMatchObject({ weights: { verified: true } });
  });
});
