import { describe, expect, it } from "vitest";
import { binomial } from "../../lib/chance.ts";
import { createRng } from "../../lib/rng.ts";
import { eventsNeeded, planOf, type PlannedStep, type PlanSettings } from "./plan.ts";
import type { SequentialConfig } from "./sequential/config.ts";
import { advance } from "./sequential/sequential.ts";
import { begin } from "./sequential/state.ts";
import type { Tick } from "./sequential/tick.ts";

const minutes = (count: number): number => count * 60;
const steps: readonly PlannedStep[] = [
  { share: 0.05, seconds: minutes(10) },
  { share: 0.2, seconds: minutes(10) },
  { share: 0.5, seconds: minutes(10) },
];
const settings: PlanSettings = { requestsPerSecond: 100, baseRate: 0.001 };

describe("eventsNeeded", () => {
  it.each([
    [2, 37],
    [3, 17],
    [5, 9],
    [10, 5.5],
  ])("%s times as many errors at 5 %% need about %s", (ratio, events) => {
    expect(eventsNeeded(ratio, 0.05, 0.01) / events).toBeGreaterThan(0.95);
    expect(eventsNeeded(ratio, 0.05, 0.01) / events).toBeLessThan(1.05);
  });
});

describe("a plan", () => {
  const plan = planOf(settings, steps);

  it("sees large regressions sooner, and hurts fewer users with them", () => {
    const seconds = plan.regressions.map((each) => each.seconds.p50);
    expect(seconds).toEqual(seconds.toSorted((a, b) => b - a));
    const everything = plan.regressions.at(-1);
    expect(everything).toMatchObject({ ratio: 1000, rate: 1, seen: 1, step: 0 });
    expect(everything?.seconds.p95).toBeLessThanOrEqual(5);
  });

  it("says what each step sees, and which step is longer than it needs to be", () => {
    expect(plan.steps.map(({ smallestRatio }) => smallestRatio)).toMatchInlineSnapshot(`
      [
        10,
        5,
        3,
      ]
    `);
    for (const { fromSeconds, toSeconds, neededSeconds, surplusSeconds } of plan.steps) {
      expect(neededSeconds + surplusSeconds).toBeCloseTo(toSeconds - fromSeconds, 9);
      expect(surplusSeconds).toBeGreaterThanOrEqual(0);
    }
  });

  it("promises few false rollbacks", () => {
    expect(plan.falseRollback.atMost).toBe(0.01);
    expect(plan.falseRollback.played).toBeLessThanOrEqual(0.02);
  });

  it("gives the same answer again", () => {
    expect(planOf(settings, steps)).toEqual(plan);
  });

  it("sees nothing at a weight of nothing, or of everything", () => {
    const blind = planOf({ ...settings, runs: 20 }, [
      { share: 0, seconds: 600 },
      { share: 1, seconds: 600 },
    ]);
    expect(blind.steps.map(({ smallestRatio }) => smallestRatio)).toEqual([undefined, undefined]);
    expect(blind.regressions.map(({ seen }) => seen)).toEqual(blind.regressions.map(() => 0));
    expect(blind.steps.every(({ addsNothing }) => addsNothing)).toBe(true);
    expect(blind.steps.every((step) => step.isBlind)).toBe(true);
  });
});

it("a step too short for the traffic is blind", () => {
  const sparse = { requestsPerSecond: 0.2, baseRate: 0.001, runs: 5 };
  const short = [
    { share: 0.05, seconds: 60 },
    { share: 0.05, seconds: 3600 },
  ];
  expect(planOf(sparse, short).steps.map((step) => step.isBlind)).toEqual([true, false]);
});

/** The judge itself, tick by tick, after a minute of stable alone. */
function judgedSeconds(ratio: number, seed: number): number {
  const config: SequentialConfig = { metrics: [{ name: "errors", kind: "errors" }] };
  const rng = createRng(seed);
  let state = begin(config, 0);
  const ends = steps.map(({ seconds }, index) =>
    steps.slice(0, index).reduce((sum, before) => sum + before.seconds, seconds),
  );
  for (let second = -60; second < (ends.at(-1) ?? 0); second += 1) {
    const step = steps[ends.findIndex((end) => second < end)];
    const total = second < 0 ? 0 : binomial(rng, 100, step?.share ?? 0);
    const canary = { total, count: binomial(rng, total, ratio * settings.baseRate) };
    const stable = { total: 100 - total, count: binomial(rng, 100 - total, settings.baseRate) };
    const tick: Tick = {
      fromMs: second * 1000,
      toMs: (second + 1) * 1000,
      samples: { errors: { canary, stable } },
    };
    state = advance(config, state, [tick]).state;
    if (state.decidedMs !== undefined) return second + 1;
  }
  return Infinity;
}

describe("planned and judged", () => {
  it.each([3, 10, 100])("%s times as many errors", (ratio) => {
    const runs = 40;
    const judged = Array.from({ length: runs }, (_, run) => judgedSeconds(ratio, 17 + run * 31));
    const sorted = judged.toSorted((a, b) => a - b);
    const [planned] = planOf({ ...settings, ratios: [ratio] }, steps).regressions;
    const p50 = planned?.seconds.p50 ?? NaN;
    // The planned median lies between the quartiles of what the judge takes, 99.99 % of the time.
    expect(p50).toBeGreaterThan(sorted[Math.floor(runs * 0.25)] ?? NaN);
    expect(p50).toBeLessThan(sorted[Math.floor(runs * 0.75)] ?? NaN);
    expect(planned?.seconds.p95).toBeGreaterThan(sorted[Math.floor(runs * 0.82)] ?? NaN);
  });
});
