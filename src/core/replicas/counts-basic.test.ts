import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { approximateSplit, basicCanaryCounts, basicOldCounts } from "./counts-basic.ts";
import type { BasicCountsInput } from "./counts-basic.ts";
import { resolveSurgeLimits } from "./limits.ts";

describe("approximateSplit", () => {
  it.each([
    // n, weight, maxSurge, canary, stable
    [0, 50, 1, 0, 0],
    [1, 50, 0, 1, 0], // a tie goes to the canary
    [1, 50, 1, 1, 1],
    [4, 25, 1, 1, 3],
    [4, 1, 1, 1, 4],
    [4, 1, 0, 1, 3],
    [4, 99, 1, 4, 1],
    [4, 99, 0, 3, 1],
    [10, 10, 1, 1, 9],
    [10, 15, 0, 2, 8],
    [10, 15, 1, 2, 9],
    [10, 25, 1, 3, 8],
    [5, 20, 2, 1, 4],
    [5, 50, 0, 3, 2],
    [5, 50, 1, 3, 3],
    [10, 0, 1, 0, 10],
    [10, 100, 1, 10, 0],
    [3, 34, 1, 1, 2],
  ])(
    "%i pods at %i%% with surge %i: %i canary, %i stable",
    (n, weight, maxSurge, canary, stable) => {
      expect(approximateSplit({ n, weight, maxWeight: 100 }, maxSurge)).toEqual({ canary, stable });
    },
  );

  it("leaves neither side without pods between 0 and all, if there is room for both", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 0, max: 3 }),
        (n, weight, surge) => {
          const { canary, stable } = approximateSplit({ n, weight, maxWeight: 100 }, surge);
          expect(canary).toBeGreaterThan(0);
          expect(stable).toBeGreaterThan(0);
          expect(canary + stable).toBeLessThanOrEqual(n + Math.min(1, surge));
          expect(canary + stable).toBeGreaterThanOrEqual(n);
        },
      ),
    );
  });
});

interface Pods {
  spec: number;
  available: number;
}

const input = (over: Partial<BasicCountsInput>): BasicCountsInput => ({
  n: 10,
  weight: 50,
  maxWeight: 100,
  limits: { maxSurge: 1, maxUnavailable: 0 },
  canary: { spec: 0, available: 0 },
  stable: { spec: 10, available: 10 },
  others: [],
  ...over,
});

describe("basicCanaryCounts", () => {
  it.each<[string, Partial<BasicCountsInput>, number, number]>([
    ["surges by one and waits", {}, 1, 10],
    ["goes on with each available pod", { canary: { spec: 1, available: 1 } }, 2, 9],
    [
      "gives up pods at once within maxUnavailable",
      { limits: { maxSurge: 1, maxUnavailable: 2 } },
      3,
      8,
    ],
    [
      "needs no surge where pods may be missing",
      { limits: { maxSurge: 0, maxUnavailable: 3 } },
      3,
      7,
    ],
    [
      "scales nothing down while older versions have pods",
      { limits: { maxSurge: 0, maxUnavailable: 5 }, others: [{ spec: 1, available: 1 }] },
      0,
      10,
    ],
    [
      "goes back to stable",
      {
        weight: 0,
        canary: { spec: 5, available: 5 },
        stable: { spec: 5, available: 5 },
        limits: { maxSurge: 0, maxUnavailable: 2 },
      },
      3,
      7,
    ],
    [
      "counts canary pods that never came up when going back, as Argo does",
      { weight: 0, canary: { spec: 5, available: 0 }, stable: { spec: 6, available: 6 } },
      4,
      7,
    ],
    ["runs the only version at full size", { stable: undefined }, 10, 0],
    [
      "shrinks with the rollout",
      { n: 4, stable: undefined, canary: { spec: 10, available: 10 }, weight: 100 },
      4,
      0,
    ],
  ])("%s", (_name, over, canary, stable) => {
    expect(basicCanaryCounts(input(over))).toEqual({ canary, stable });
  });

  const pods = fc
    .record({ spec: fc.integer({ min: 0, max: 12 }), available: fc.integer({ min: 0, max: 12 }) })
    .map(({ spec, available }): Pods => ({ spec, available: Math.min(spec, available) }));
  const limits = fc.record({
    maxSurge: fc.constantFrom<string | number>(0, 1, 3, "25%", "100%"),
    maxUnavailable: fc.constantFrom<string | number>(0, 1, 2, "25%", "100%"),
  });

  it("never exceeds the surge nor goes below availability by its own doing", () => {
    fc.assert(
      fc.property(
        fc.tuple(pods, pods, pods),
        limits,
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 100 }),
        ([canary, stable, old], surge, n, weight) => {
          const resolved = resolveSurgeLimits(surge, n);
          const next = basicCanaryCounts({
            n,
            weight,
            maxWeight: 100,
            limits: resolved,
            canary,
            stable,
            others: [old],
          });
          const before = canary.spec + stable.spec + old.spec;
          const after = next.canary + next.stable + old.spec;
          expect(after).toBeLessThanOrEqual(Math.max(n + resolved.maxSurge, before));
          // Pods that are not available are stopped first, so these stay available.
          const availableAfter =
            Math.min(canary.available, next.canary) + Math.min(stable.available, next.stable);
          const floor = Math.min(n - resolved.maxUnavailable, canary.available + stable.available);
          expect(availableAfter).toBeGreaterThanOrEqual(floor);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("arrives at the wanted split and stays there, once pods come up", () => {
    fc.assert(
      fc.property(
        limits,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 100 }),
        pods,
        (surge, n, weight, start) => {
          const resolved = resolveSurgeLimits(surge, n);
          let canary: Pods = { ...start };
          let stable: Pods = { spec: n, available: n };
          const wanted = approximateSplit({ n, weight, maxWeight: 100 }, resolved.maxSurge);
          for (let pass = 0; pass < 60; pass += 1) {
            const next = basicCanaryCounts({
              n,
              weight,
              maxWeight: 100,
              limits: resolved,
              canary,
              stable,
              others: [],
            });
            canary = { spec: next.canary, available: next.canary };
            stable = { spec: next.stable, available: next.stable };
          }
          expect({ canary: canary.spec, stable: stable.spec }).toEqual(wanted);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("basicOldCounts", () => {
  const old = (name: string, spec: number, available: number) => ({ name, spec, available });

  it.each<[string, ReturnType<typeof old>[], number, number, Record<string, number>]>([
    ["drops what is not available first", [old("a", 3, 1)], 4, 5, { a: 1 }],
    [
      "spends the budget on the newest first",
      [old("a", 2, 2), old("b", 2, 2)],
      3,
      4,
      { a: 1, b: 0 },
    ],
    ["keeps everything without a budget", [old("a", 2, 2)], 1, 3, { a: 2 }],
    [
      "waits while a scale-down is under way",
      [old("a", 1, 3), old("b", 2, 2)],
      9,
      1,
      { a: 1, b: 2 },
    ],
  ])("%s", (_name, sets, elsewhere, minAvailable, expected) => {
    const sizes = basicOldCounts(sets, [...sets].reverse(), elsewhere, minAvailable);
    expect(Object.fromEntries(sizes)).toEqual(expected);
  });
});
