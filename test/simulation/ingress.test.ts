// Whole rollouts whose traffic ingress-nginx splits, alone and beside other routers: who is told
// what, and when.
import { describe, expect, it } from "vitest";
import type { Ingress } from "../../src/api/kubernetes/ingress.ts";
import type { KubeObject } from "../../src/api/meta/object.ts";
import type { Json } from "../../src/lib/json.ts";
import { InvariantMonitor } from "../../src/simulator/invariants/monitor.ts";
import { scenarioOf, type ScenarioOverrides } from "../../src/simulator/language.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import type { Monitor } from "../../src/simulator/stage.ts";
import { formatTranscript } from "../../src/simulator/transcript.ts";

const backend = { service: { name: "shop-stable", port: { number: 80 } } };
const ingress = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "web", namespace: "default" },
  spec: {
    ingressClassName: "nginx",
    rules: [
      { host: "shop.example", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } },
    ],
  },
};

const mapping = {
  apiVersion: "getambassador.io/v2",
  kind: "Mapping",
  metadata: { name: "shop", namespace: "default" },
  spec: { prefix: "/", service: "shop-stable:80" },
};

const nginx = { stableIngress: "web" };
const prefix = "nginx.ingress.kubernetes.io";

function spec(object: KubeObject): Readonly<Record<string, Json | undefined>> {
  return (object as KubeObject & { readonly spec?: Readonly<Record<string, Json>> }).spec ?? {};
}

/** Notes each new state of what routers make, and their events. */
class RouterObjects implements Monitor {
  readonly lines: string[] = [];

  changed({ object, type }: Parameters<NonNullable<Monitor["changed"]>>[0], atMs: number): void {
    const text = type === "DELETED" ? `${object.kind} deleted` : this.#textOf(object);
    if (text === undefined) return;
    if (type === "DELETED" && object.kind !== "Mapping") return;
    this.lines.push(`${String(Math.round(atMs / 1000)).padStart(5)}s  ${text}`);
  }

  #textOf(object: KubeObject): string | undefined {
    switch (object.kind) {
      case "Ingress": {
        const { annotations = {} } = object.metadata;
        const weight = annotations[`${prefix}/canary-weight`];
        const total = annotations[`${prefix}/canary-weight-total`] ?? "100";
        const service = (object as Ingress).spec?.rules?.[0]?.http?.paths[0]?.backend.service?.name;
        return weight && `${object.metadata.name} to ${service ?? ""}: ${weight} of ${total}`;
      }
      case "TrafficSplit":
        return `TrafficSplit ${JSON.stringify(spec(object)["backends"])}`;
      case "Mapping":
        return object.metadata.name === "shop"
          ? undefined
          : `${object.metadata.name}: ${JSON.stringify(spec(object)["weight"])}`;
      default:
        return undefined;
    }
  }
}

async function play(line: string, overrides: ScenarioOverrides) {
  const monitor = new InvariantMonitor();
  const objects = new RouterObjects();
  const { ending, lines, lateWrites } = await simulate(scenarioOf(line, overrides), {
    monitors: [monitor, objects],
    faults: {},
    resyncMs: 600_000,
    quietMs: 3_600_000,
  });
  expect({ ending, lateWrites, violations: monitor.violations }).toEqual({
    ending: "settled",
    lateWrites: [],
    violations: [],
  });
  return {
    objects: `\n${objects.lines.join("\n")}\n`,
    transcript: `\n${formatTranscript(lines).join("\n")}\n`,
  };
}

describe("a canary split by ingress-nginx", () => {
  it("goes through its weights and ends with stable having all", async () => {
    const strategy = { trafficRouting: { nginx } };
    const { objects, transcript } = await play("n5 w20 p10m w50 p10m", {
      strategy,
      objects: [ingress],
    });
    expect(objects).toMatchInlineSnapshot(`
      "
          2s  shop-web-canary to shop-canary: 0 of 100
         62s  shop-web-canary to shop-canary: 20 of 100
        664s  shop-web-canary to shop-canary: 50 of 100
       1266s  shop-web-canary to shop-canary: 100 of 100
       1266s  shop-web-canary to shop-canary: 0 of 100
      "
    `);
    expect(transcript).toMatchInlineSnapshot(`
      "
            0m  100%  5+0    Progressing - updated replicas are still becoming available
         0m02s  100%  5+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+5    Progressing - more replicas need to be updated
         1m02s   20%  1+5    Paused - CanaryPauseStep
        11m02s   20%  3+5    Progressing - more replicas need to be updated
        11m04s   50%  3+5    Paused - CanaryPauseStep
        21m04s   50%  5+5    Progressing - waiting for all steps to complete
        21m06s  100%  5+5    Healthy
        21m36s  100%  5+0    Healthy
      "
    `);
  });

  it("is back on stable at the moment of an abort, and goes on from there when tried again", async () => {
    const strategy = { trafficRouting: { nginx } };
    const { objects, transcript } = await play("n5 w20 p10m w50 p10m | abort@3m retry@5m", {
      strategy,
      objects: [ingress],
    });
    expect(objects).toMatchInlineSnapshot(`
      "
          2s  shop-web-canary to shop-canary: 0 of 100
         62s  shop-web-canary to shop-canary: 20 of 100
        180s  shop-web-canary to shop-canary: 0 of 100
        302s  shop-web-canary to shop-canary: 20 of 100
        904s  shop-web-canary to shop-canary: 50 of 100
       1506s  shop-web-canary to shop-canary: 100 of 100
       1506s  shop-web-canary to shop-canary: 0 of 100
      "
    `);
    expect(transcript).toMatchInlineSnapshot(`
      "
            0m  100%  5+0    Progressing - updated replicas are still becoming available
         0m02s  100%  5+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+5    Progressing - more replicas need to be updated
         1m02s   20%  1+5    Paused - CanaryPauseStep
            3m  > abort
            3m    0%  1+5    Degraded - RolloutAborted: Rollout aborted update to revision 2
         3m30s    0%  0+5    Degraded - RolloutAborted: Rollout aborted update to revision 2
            5m  > retry
            5m    0%  1+5    Progressing - more replicas need to be updated
         5m02s   20%  1+5    Paused - CanaryPauseStep
        15m02s   20%  3+5    Progressing - more replicas need to be updated
        15m04s   50%  3+5    Paused - CanaryPauseStep
        25m04s   50%  5+5    Progressing - waiting for all steps to complete
        25m06s  100%  5+5    Healthy
        25m36s  100%  5+0    Healthy
      "
    `);
  });

  it("in thousandths", async () => {
    const strategy = { trafficRouting: { nginx, maxTrafficWeight: 1000 } };
    const { objects } = await play("n5 w5 p1m w200 p1m", { strategy, objects: [ingress] });
    expect(objects).toMatchInlineSnapshot(`
      "
          2s  shop-web-canary to shop-canary: 0 of 1000
         62s  shop-web-canary to shop-canary: 5 of 1000
        122s  shop-web-canary to shop-canary: 200 of 1000
        184s  shop-web-canary to shop-canary: 1000 of 1000
        184s  shop-web-canary to shop-canary: 0 of 1000
      "
    `);
  });

  it("says what is wrong, and starts nothing", async () => {
    const both = { trafficRouting: { nginx: { stableIngress: "a", stableIngresses: ["b"] } } };
    const { transcript } = await play("n2 w50", { strategy: both, objects: [ingress] });
    expect(transcript).toMatchInlineSnapshot(`
      "
            0m    0%  0+0    Degraded - InvalidSpec: The Rollout "shop" is invalid: spec.strategy.canary.trafficRouting.nginx: Internal error: Either StableIngress or StableIngresses must be configured. Both are configured.
            1m  > set image shop:v2
      "
    `);
    const plugin = { trafficRouting: { plugins: { "acme/router": {} } } };
    const { transcript: refused } = await play("n2 w50", { strategy: plugin });
    expect(refused).toMatchInlineSnapshot(`
      "
            0m    0%  0+0    Degraded - InvalidSpec: The Rollout "shop" is invalid: spec.strategy.trafficRouting.plugins[acme/router]: Forbidden: Haldane does not run Argo Rollouts' traffic router plugins, which are programs of their own. Use a router it has built in: argoproj-labs/gatewayAPI, istio, nginx, alb, traefik, smi, ambassador, appMesh, apisix. Most proxies that have a plugin (Contour, Gloo, Kong, Consul) are reached through the Gateway API: plugins[argoproj-labs/gatewayAPI]
            1m  > set image shop:v2
      "
    `);
  });
});

describe("a canary split by several routers", () => {
  it("has the same share in all of them", async () => {
    const strategy = { trafficRouting: { smi: {}, nginx } };
    const { objects } = await play("n5 w20 p10m w50 | abort@3m", { strategy, objects: [ingress] });
    expect(objects).toMatchInlineSnapshot(`
      "
          2s  shop-web-canary to shop-canary: 0 of 100
          2s  TrafficSplit [{"service":"shop-canary","weight":"0"},{"service":"shop-stable","weight":"100"}]
         62s  shop-web-canary to shop-canary: 20 of 100
         62s  TrafficSplit [{"service":"shop-canary","weight":"20"},{"service":"shop-stable","weight":"80"}]
        180s  shop-web-canary to shop-canary: 0 of 100
        180s  TrafficSplit [{"service":"shop-canary","weight":"0"},{"service":"shop-stable","weight":"100"}]
      "
    `);
  });
});

describe("a canary split by Ambassador", () => {
  it("leaves its canary Mapping without a share for a while, then takes it away", async () => {
    const strategy = { trafficRouting: { ambassador: { mappings: ["shop"] } } };
    const { objects } = await play("n5 w20 p10m | abort@3m", { strategy, objects: [mapping] });
    expect(objects).toMatchInlineSnapshot(`
      "
         62s  shop-canary: 20
        180s  shop-canary: 0
        180s  shop-canary: 0
        186s  Mapping deleted
      "
    `);
  });
});
