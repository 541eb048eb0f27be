import { describe, expect, it } from "vitest";
import type { TrafficPlan } from "../../api/argo/traffic.ts";
import { stepsOf } from "../rollout/testing/steps-language.test-support.ts";
import { weightOnTheWayBack } from "./abort-weight.ts";
import type { AbortWeightInput } from "./abort-weight.ts";
import { canaryScaleAt, scaleWeight, weightAt } from "./desired-weight.ts";
import { isInForce, recordedWeights, weightChangeText, withinAbilities } from "./plan.ts";
import { routesAt } from "./routes.ts";

describe("the weight of a step", () => {
  const steps = stepsOf("p w20 p s3 w50 sm p");
  it.each([
    [-1, 0],
    [0, 0],
    [1, 20],
    [3, 20],
    [4, 50],
    [9, 50],
  ])("at %i is %i", (index, weight) => {
    expect(weightAt(steps, index)).toBe(weight);
  });

  it("is replaced by setCanaryScale while that is in force", () => {
    expect(canaryScaleAt(steps, 2)).toBeUndefined();
    expect(canaryScaleAt(steps, 4)).toMatchObject({ mode: "replicas", replicas: 3 });
    expect(canaryScaleAt(steps, 5)).toBeUndefined();
    expect(canaryScaleAt(stepsOf("s3"), 1)).toBeUndefined();
  });

  const base = { steps: stepsOf("w20 sw40 p"), maxWeight: 100, isAborted: false, wantsAll: false };
  it.each([
    [{ ...base, stepIndex: 0 }, 20],
    [{ ...base, stepIndex: 1 }, 40],
    [{ ...base, stepIndex: 3 }, 100],
    [{ ...base, stepIndex: undefined }, 100],
    [{ ...base, stepIndex: 1, isAborted: true }, 0],
    [{ ...base, stepIndex: 1, isAborted: true, wantsAll: true }, 100],
  ])("pods are counted for it: %#", (input, weight) => {
    expect(scaleWeight(input)).toBe(weight);
  });
});

describe("the way back", () => {
  const input = (over: Partial<AbortWeightInput>): AbortWeightInput => ({
    steps: stepsOf("w10 w20 w50"),
    maxWeight: 100,
    n: 10,
    stableAvailable: 5,
    canaryAvailable: 5,
    currentWeight: 50,
    isDynamic: true,
    keepsCanary: false,
    ...over,
  });
  it.each<[string, Partial<AbortWeightInput>, number]>([
    ["is at once while stable has kept its size", { isDynamic: false }, 0],
    ["stays while stable cannot take more", {}, 50],
    ["goes step by step as stable grows", { stableAvailable: 8 }, 20],
    ["does not go up again", { stableAvailable: 8, currentWeight: 10 }, 10],
    ["ends when stable is complete", { stableAvailable: 10 }, 0],
    [
      "gives stable what it can take when no smaller step is left",
      { steps: stepsOf("w50"), canaryAvailable: 4, stableAvailable: 6 },
      40,
    ],
  ])("%s", (_name, over, weight) => {
    expect(weightOnTheWayBack(input(over))).toBe(weight);
  });
});

describe("routes in force", () => {
  const steps = stepsOf("h m p h0 m0");
  it.each([
    [-1, []],
    [0, ["header"]],
    [2, ["mirror", "header"]],
    [3, ["mirror"]],
    [4, []],
  ])("at %i", (index, names) => {
    expect(routesAt(steps, index, ["mirror", "header"]).map((route) => route.name)).toEqual(names);
  });
});

describe("a plan", () => {
  const plan: TrafficPlan = {
    maxWeight: 100,
    canary: { weight: 20, service: "c", podTemplateHash: "new" },
    stable: { weight: 75, service: "s", podTemplateHash: "old" },
    additional: [{ weight: 5, service: "e", podTemplateHash: "exp" }],
    routes: [],
    managedRouteNames: [],
  };
  const state = (over: Partial<TrafficPlan>) => ({
    inForce: { ...plan, ...over },
    acknowledged: undefined,
    waitingFor: undefined,
  });

  it.each([
    ["itself", state({}), true],
    [
      "a router that carries no hashes",
      state({ canary: { ...plan.canary, podTemplateHash: "" } }),
      true,
    ],
    [
      "a router that carries no services",
      state({ canary: { ...plan.canary, service: undefined } }),
      true,
    ],
    ["another weight", state({ canary: { ...plan.canary, weight: 21 } }), false],
    ["another version", state({ canary: { ...plan.canary, podTemplateHash: "x" } }), false],
    ["a missing experiment", state({ additional: [] }), false],
    [
      "an experiment without a share, and another order",
      state({
        additional: [{ weight: 0, service: "a", podTemplateHash: "" }, ...plan.additional],
      }),
      true,
    ],
    ["another route", state({ routes: [{ kind: "header", name: "h", match: [] }] }), false],
    ["nothing yet", { ...state({}), inForce: undefined }, false],
  ])("is in force compared with %s: %#", (_name, live, expected) => {
    expect(isInForce(plan, live)).toBe(expected);
  });

  it("is in force in whatever order a header route names its matches", () => {
    const matches = ["a", "b", "a"].map((headerName, index) => ({
      headerName,
      headerValue: { kind: "exact" as const, value: String(index) },
    }));
    const routes = [{ kind: "header" as const, name: "h", match: matches }];
    const turned = [{ kind: "header" as const, name: "h", match: matches.toReversed() }];
    expect(isInForce({ ...plan, routes }, state({ routes: turned }))).toBe(true);
    const fewer = [{ kind: "header" as const, name: "h", match: matches.slice(1) }];
    expect(isInForce({ ...plan, routes }, state({ routes: fewer }))).toBe(false);
  });

  it("is told to a router without what that has no means for", () => {
    const header = { kind: "header", name: "h", match: [] } as const;
    const mirror = { kind: "mirror", name: "m", percentage: 5, match: [] } as const;
    const whole = { ...plan, routes: [header, mirror] };
    const all = { headerRoutes: true, mirrorRoutes: true, experimentWeights: true };
    expect(withinAbilities(whole, all)).toEqual(whole);
    expect(withinAbilities(whole, { ...all, mirrorRoutes: false }).routes).toEqual([header]);
    expect(withinAbilities(whole, { ...all, headerRoutes: false }).routes).toEqual([mirror]);
    expect(withinAbilities(whole, { ...all, experimentWeights: false })).toEqual({
      ...whole,
      additional: [],
      stable: { ...plan.stable, weight: 80 },
    });
  });

  it("is recorded and told as Argo does", () => {
    const weights = recordedWeights(plan, true, false);
    expect(weights).toEqual({
      canary: { weight: 20, serviceName: "c", podTemplateHash: "new" },
      stable: { weight: 75, serviceName: "s", podTemplateHash: "old" },
      additional: [{ weight: 5, serviceName: "e", podTemplateHash: "exp" }],
      verified: false,
    });
    expect(weightChangeText(undefined, weights)).toBe(
      "Traffic weight updated to 20, additional: [{5 e exp}]",
    );
    expect(weightChangeText(weights, { ...weights, verified: true })).toBeUndefined();
    const more = recordedWeights(
      { ...plan, canary: { ...plan.canary, weight: 50 } },
      true,
      undefined,
    );
    expect(weightChangeText(weights, more)).toBe("Traffic weight updated from 20 to 50");
    const other = recordedWeights(
      { ...plan, canary: { ...plan.canary, podTemplateHash: "x" } },
      true,
      undefined,
    );
    expect(weightChangeText(weights, other)).toBe("Traffic weight updated ");
  });
});
