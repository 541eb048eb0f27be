import { describe, expect, it } from "vitest";
import { routedCanaryCounts } from "./counts-routed.ts";
import type { RoutedCountsInput } from "./counts-routed.ts";

const input = (over: Partial<RoutedCountsInput>): RoutedCountsInput => ({
  n: 10,
  maxWeight: 100,
  weight: 25,
  canaryReplicas: undefined,
  minPods: undefined,
  isDynamic: false,
  isAborted: false,
  liveCanaryWeight: 0,
  liveStableWeight: 100,
  ...over,
});

describe("routedCanaryCounts", () => {
  it.each<[string, Partial<RoutedCountsInput>, number, number]>([
    ["rounds the canary up", {}, 3, 10],
    ["keeps stable at full size at 100", { weight: 100 }, 10, 10],
    ["has no canary at 0", { weight: 0 }, 0, 10],
    ["takes setCanaryScale.replicas as written", { weight: 0, canaryReplicas: 7 }, 7, 10],
    ["lifts a small canary to the minimum", { weight: 5, minPods: 2 }, 2, 10],
    ["but not above the rollout itself", { n: 1, weight: 100, minPods: 5 }, 1, 1],
    ["and leaves none at none", { weight: 0, minPods: 2 }, 0, 10],
    ["counts parts of another total", { weight: 500, maxWeight: 1000 }, 5, 10],
    ["shrinks stable with dynamicStableScale", { isDynamic: true, liveStableWeight: 75 }, 3, 8],
    ["but never below its live share", { isDynamic: true, liveStableWeight: 100 }, 3, 10],
    [
      "and leaves stable alone under setCanaryScale.replicas",
      { isDynamic: true, weight: 0, canaryReplicas: 3, liveStableWeight: 50 },
      3,
      10,
    ],
    [
      "keeps what an aborted canary still serves",
      { isDynamic: true, isAborted: true, weight: 0, liveCanaryWeight: 40, liveStableWeight: 60 },
      4,
      10,
    ],
  ])("%s", (_name, over, canary, stable) => {
    expect(routedCanaryCounts(input(over))).toEqual({ canary, stable });
  });
});
