// Whole rollouts whose traffic a VirtualService splits: who is told what, and when.
import { describe, expect, it } from "vitest";
import type { DestinationRule, VirtualService } from "../../src/api/istio/networking.ts";
import type { Service } from "../../src/api/kubernetes/workloads.ts";
import type { KubeObject } from "../../src/api/meta/object.ts";
import type { Json } from "../../src/lib/json.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import {
  allFaultsOf,
  failureText,
  play as playFault,
  playAllFaults,
  playUndisturbed,
} from "../../src/simulator/faults.ts";
import { InvariantMonitor } from "../../src/simulator/invariants/monitor.ts";
import { scenarioOf, type ScenarioOverrides } from "../../src/simulator/language.ts";
import type { OperatorPlan } from "../../src/simulator/scenario.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import type { Monitor } from "../../src/simulator/stage.ts";
import { formatTranscript } from "../../src/simulator/transcript.ts";

const apiVersion = "networking.istio.io/v1alpha3";

function virtualService(
  destinations: readonly object[],
  metadata: Partial<KubeObject["metadata"]> = {},
): VirtualService {
  const spec = { hosts: ["shop"], http: [{ name: "primary", route: destinations }] };
  const named = { name: "shop", namespace: "default", ...metadata };
  return { apiVersion, kind: "VirtualService", metadata: named, spec } as VirtualService;
}

const byHost = virtualService([
  { destination: { host: "shop-stable" }, weight: 100 },
  { destination: { host: "shop-canary" }, weight: 0 },
]);

const istio = { virtualService: { name: "shop" } };

function seconds(atMs: number): string {
  return `${String(Math.round(atMs / 1000)).padStart(5)}s`;
}

/** Notes each new state of the router's objects. */
class RouterObjects implements Monitor {
  readonly lines: string[] = [];

  changed({ object }: Parameters<NonNullable<Monitor["changed"]>>[0], atMs: number): void {
    const text = this.#textOf(object);
    if (text !== undefined) this.lines.push(`${seconds(atMs)}  ${text}`);
  }

  #textOf(object: KubeObject): string | undefined {
    if (object.kind === "VirtualService") {
      const { http = [] } = (object as VirtualService).spec;
      const routes = http.map(({ name = "", route = [] }) => {
        const shares = route.map(
          ({ destination: { host, subset }, weight }) => `${subset ?? host} ${String(weight)}`,
        );
        return `${name}: ${shares.join(", ")}`;
      });
      return routes.join(" | ");
    }
    if (object.kind === "Service" && object.metadata.name === "shop-canary") {
      const hash = (object as Service).spec.selector?.["rollouts-pod-template-hash"];
      return `shop-canary leads to ${hash === undefined ? "all" : this.#versionOf(hash)}`;
    }
    if (object.kind !== "DestinationRule") return undefined;
    const { subsets = [] } = (object as DestinationRule).spec;
    const labelled = subsets.map(({ name, labels = {} }) => {
      const hash = labels["rollouts-pod-template-hash"];
      return `${name} ${hash === undefined ? "-" : this.#versionOf(hash)}`;
    });
    return `subsets: ${labelled.join(", ")}`;
  }

  readonly #hashes: string[] = [];

  /** v1, v2 … in the order they are met. */
  #versionOf(hash: string): string {
    if (!this.#hashes.includes(hash)) this.#hashes.push(hash);
    return `v${String(this.#hashes.indexOf(hash) + 1)}`;
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

const withHeaderRoute: Readonly<Record<string, Json>> = {
  trafficRouting: { managedRoutes: [{ name: "testers" }, { name: "shadow" }], istio },
  steps: [
    { setCanaryScale: { replicas: 1 } },
    {
      setHeaderRoute: {
        name: "testers",
        match: [{ headerName: "x-canary", headerValue: { exact: "true" } }],
      },
    },
    { pause: { duration: "1m" } },
    { setCanaryScale: { matchTrafficWeight: true } },
    { setWeight: 40 },
    { setMirrorRoute: { name: "shadow", percentage: 50, match: [{ path: { prefix: "/" } }] } },
    { pause: { duration: "1m" } },
    { setHeaderRoute: { name: "testers" } },
    { setMirrorRoute: { name: "shadow" } },
    { pause: { duration: "1m" } },
  ],
};

describe("a canary split by a VirtualService", () => {
  it("goes through its weights and ends with stable having all", async () => {
    const strategy = { trafficRouting: { istio } };
    const { objects, transcript } = await play("n5 w20 p10m w50 p10m", {
      strategy,
      objects: [byHost],
    });
    expect(objects).toMatchInlineSnapshot(`
      "
          0s  primary: shop-stable 100, shop-canary 0
          0s  shop-canary leads to all
          2s  shop-canary leads to v1
         62s  shop-canary leads to v2
         62s  primary: shop-stable 80, shop-canary 20
        664s  primary: shop-stable 50, shop-canary 50
       1266s  primary: shop-stable 0, shop-canary 100
       1266s  primary: shop-stable 100, shop-canary 0
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

  it("is back on stable at the moment of an abort; the canary Service follows once and stays", async () => {
    const strategy = { trafficRouting: { istio } };
    const { objects, transcript } = await play("n5 w20 p10m w50 p10m | abort@3m", {
      strategy,
      objects: [byHost],
    });
    expect(objects).toMatchInlineSnapshot(`
      "
          0s  primary: shop-stable 100, shop-canary 0
          0s  shop-canary leads to all
          2s  shop-canary leads to v1
         62s  shop-canary leads to v2
         62s  primary: shop-stable 80, shop-canary 20
        180s  primary: shop-stable 100, shop-canary 0
        180s  shop-canary leads to v1
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
      "
    `);
  });

  it("sends testers by a header and mirrors, in the order of managedRoutes, until it is told not to", async () => {
    const { objects } = await play("n5", { strategy: withHeaderRoute, objects: [byHost] });
    expect(objects).toMatchInlineSnapshot(`
      "
          0s  primary: shop-stable 100, shop-canary 0
          0s  shop-canary leads to all
          2s  shop-canary leads to v1
         62s  shop-canary leads to v2
         62s  testers: shop-canary 100 | primary: shop-stable 100, shop-canary 0
        124s  testers: shop-canary 100 | primary: shop-stable 60, shop-canary 40
        124s  testers: shop-canary 100 | shadow: shop-stable 60, shop-canary 40 | primary: shop-stable 60, shop-canary 40
        184s  shadow: shop-stable 60, shop-canary 40 | primary: shop-stable 60, shop-canary 40
        184s  primary: shop-stable 60, shop-canary 40
        246s  primary: shop-stable 0, shop-canary 100
        246s  primary: shop-stable 100, shop-canary 0
      "
    `);
  });

  it("takes the managed routes away when it is aborted", async () => {
    const { objects } = await play("n5 | abort@2m", {
      strategy: withHeaderRoute,
      objects: [byHost],
    });
    expect(objects).toMatchInlineSnapshot(`
      "
          0s  primary: shop-stable 100, shop-canary 0
          0s  shop-canary leads to all
          2s  shop-canary leads to v1
         62s  shop-canary leads to v2
         62s  testers: shop-canary 100 | primary: shop-stable 100, shop-canary 0
        120s  primary: shop-stable 100, shop-canary 0
        120s  shop-canary leads to v1
      "
    `);
  });
});

const bySubset = virtualService([
  { destination: { host: "shop", subset: "stable" }, weight: 100 },
  { destination: { host: "shop", subset: "canary" }, weight: 0 },
]);
const rule = {
  apiVersion,
  kind: "DestinationRule",
  metadata: { name: "shop", namespace: "default" },
  spec: { host: "shop", subsets: [{ name: "stable" }, { name: "canary" }] },
};
const splitBySubset = {
  strategy: {
    canaryService: null,
    stableService: null,
    trafficRouting: {
      istio: {
        ...istio,
        destinationRule: { name: "shop", stableSubsetName: "stable", canarySubsetName: "canary" },
      },
    },
  },
  objects: [bySubset, rule],
};

describe("a canary split between subsets", () => {
  it("has each subset follow its version", async () => {
    const { objects } = await play("n5 w50 p10m", splitBySubset);
    expect(objects).toMatchInlineSnapshot(`
      "
          0s  primary: stable 100, canary 0
          0s  subsets: stable -, canary -
          0s  shop-canary leads to all
          2s  subsets: stable v1, canary v1
         60s  subsets: stable v1, canary v2
         62s  primary: stable 50, canary 50
        664s  primary: stable 0, canary 100
        664s  subsets: stable v2, canary v2
        664s  primary: stable 100, canary 0
      "
    `);
  });
});

describe("a controller that begins anew and is shown pods as they were before", () => {
  const splitByHost = { strategy: { trafficRouting: { istio } }, objects: [byHost] };

  /** Each weight of the canary that was written, in order. */
  class Weights implements Monitor {
    readonly written: number[] = [];

    changed({ object }: Parameters<NonNullable<Monitor["changed"]>>[0]): void {
      if (object.kind === "VirtualService") this.#note(object);
    }

    #note(object: KubeObject): void {
      const { http = [] } = (object as VirtualService).spec;
      const { weight = 0 } = http[0]?.route?.[1] ?? {};
      if (weight !== this.written.at(-1)) this.written.push(weight);
    }
  }

  it.each([
    ["subsets", splitBySubset],
    ["Services", splitByHost],
  ])("takes no weight back that its pods can carry: split between %s", async (_by, overrides) => {
    const scenario = scenarioOf("n3 w50 p2m", overrides);
    const faults = allFaultsOf(await playUndisturbed(scenario));
    const old = faults.filter((fault) => /^(?:stale|aged)@\d*7$/.test(fault));
    expect(old.length).toBeGreaterThan(8);
    const ways = new Set<string>();
    for (const fault of old) {
      const weights = new Weights();
      const { violations } = await playFault(scenario, fault, [weights]);
      expect(violations).toEqual([]);
      ways.add(weights.written.join(" "));
    }
    expect([...ways]).toEqual(["0 50 100 0"]);
  });
});

describe("a DestinationRule that is no longer used", () => {
  const managed = "argo-rollouts.argoproj.io/managed-by-rollouts";
  const hash = "rollouts-pod-template-hash";
  const ruleOf = (name: string, labels: object = {}, annotations: object = {}) => ({
    apiVersion,
    kind: "DestinationRule",
    metadata: { name, namespace: "default", annotations } as KubeObject["metadata"],
    spec: { host: name, subsets: ["stable", "canary"].map((side) => ({ name: side, labels })) },
  });
  const naming = (name: string): Json => ({
    ...istio,
    destinationRule: { name, stableSubsetName: "stable", canarySubsetName: "canary" },
  });
  const move = (atMs: number, name: string): OperatorPlan => {
    const canary = { trafficRouting: { istio: naming(name) } };
    const patch = { spec: { strategy: { canary } } };
    return { atMs, rollout: undefined, action: { kind: "patch", patch } };
  };
  const scenario = scenarioOf("n1 w50", {
    strategy: {
      canaryService: null,
      stableService: null,
      trafficRouting: { istio: naming("shop") },
    },
    objects: [
      bySubset,
      ruleOf("shop"),
      ruleOf("other", { app: "shop" }),
      ruleOf("left-behind", { app: "gone", [hash]: "abc" }, { [managed]: "gone" }),
      ruleOf("by-hand", { [hash]: "kept" }),
    ],
    world: { operator: [...scenarioOf("n1 w50").world.operator, move(120_000, "other")] },
  });

  async function rules(store: ObjectStore): Promise<readonly string[]> {
    const scope = { apiVersion, kind: "DestinationRule", namespace: "default" };
    const { items } = await store.list<DestinationRule>(scope);
    return items.map(({ metadata: { name, annotations = {} }, spec: { subsets = [] } }) => {
      const labels = subsets.map((subset) => JSON.stringify(subset.labels ?? null));
      return `${name} of ${annotations[managed] ?? "nobody"}: ${labels.join(" ")}`;
    });
  }

  it("is given back: the rollout is gone, or names another now", async () => {
    const { store } = (await playUndisturbed(scenario)).simulated;
    const [byHand, leftBehind, other, shop] = await rules(store);
    expect(byHand).toBe(`by-hand of nobody: {"${hash}":"kept"} {"${hash}":"kept"}`);
    expect(leftBehind).toBe(`left-behind of nobody: {"app":"gone"} {"app":"gone"}`);
    expect(other).toMatch(/^other of shop: \{"app":"shop","rollouts-pod-template-hash":".+"\}/);
    expect(shop).toBe("shop of nobody: null null");
  });

  it("is given back whatever goes wrong in between", { timeout: 60_000 }, async () => {
    const cut = /^crash@\d*[13579]$/;
    const { plays, failures } = await playAllFaults(scenario, (all) =>
      all.filter((fault) => cut.test(fault)),
    );
    expect(failures.map(failureText)).toEqual([]);
    expect(plays).toBeGreaterThan(10);
  });
});

describe("a rollout whose VirtualService is not there", () => {
  it("says so and starts nothing", async () => {
    const strategy = { trafficRouting: { istio: { virtualService: { name: "elsewhere" } } } };
    const { transcript } = await play("n2 w50", { strategy, objects: [byHost] });
    expect(transcript).toMatchInlineSnapshot(`
      "
            0m    0%  0+0    Degraded - InvalidSpec: The Rollout "shop" is invalid: spec.strategy.canary.trafficRouting.istio.virtualService.name: Invalid value: "elsewhere": VirtualService "elsewhere" not found
            1m  > set image shop:v2
      "
    `);
  });
});
