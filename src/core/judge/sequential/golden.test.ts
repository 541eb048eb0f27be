// The values the formulas must give, to 1e-6; golden.json has more of them, computed with scipy (scripts/judge-golden.py).
import { describe, expect, it } from "vitest";
import type { SequentialConfig } from "./config.ts";
import { fisherLogRatios } from "./fisher.ts";
import { advance } from "./sequential.ts";
import { begin } from "./state.ts";
import type { Tick } from "./tick.ts";
import { verdictOf } from "./verdict.ts";

const rows = [
  [50, 950, 0, 1],
  [50, 950, 1, 1],
  [250, 750, 2, 1],
  [250, 750, 4, 2],
  [0, 1000, 0, 3],
  [500, 500, 9, 3],
] as const;

const ticks = rows.map(([canary, stable, canaryFailed, stableFailed], index): Tick => ({
  fromMs: index * 5000,
  toMs: (index + 1) * 5000,
  samples: {
    errors: {
      canary: { total: canary, count: canaryFailed },
      stable: { total: stable, count: stableFailed },
    },
  },
}));

describe("errors", () => {
  it.each([
    [0, [-0.169764, 0.685374, 1.515225, 3.42209, 3.42209, 4.494983]],
    [0.2, [-0.190067, 0.585368, 1.230056, 2.718165, 2.718165, 3.299381]],
  ])("log E after each tick, margin %s", (margin, expected) => {
    const config: SequentialConfig = {
      metrics: [{ name: "errors", kind: "errors", margin }],
      clumps: "off",
    };
    let state = begin(config, 0);
    const path = ticks.map((tick) => {
      state = advance(config, state, [tick]).state;
      return verdictOf(config, state, tick.toMs).evidence.logE;
    });
    path.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index] ?? NaN, 6);
    });
  });
});

describe("latency", () => {
  const factors = [1.1, 1.25, 1.5, 2, 3, 5];
  it.each([
    [
      [50, 450, 12, 60],
      [0.431785, 0.926806, 1.45389, 1.815405, 1.227486, -1.567157],
    ],
    [
      [5, 5, 5, 0],
      [0.235122, 0.540578, 0.956672, 1.566832, 2.332353, 3.146157],
    ],
  ] as const)(
    "Fisher's likelihood ratios of %s",
    ([total, otherTotal, bad, otherBad], expected) => {
      const logs = fisherLogRatios({ total, otherTotal, bad, otherBad }, 1, factors);
      logs.forEach((value, index) => {
        expect(value).toBeCloseTo(expected[index] ?? NaN, 6);
      });
    },
  );
});
