// Each kind of metric finds what it is for, and leaves alone what is within its margin.
import { describe, expect, it } from "vitest";
import { normal } from "../../../lib/chance.ts";
import { createRng, next } from "../../../lib/rng.ts";
import type { SequentialConfig, SequentialMetric } from "./config.ts";
import type { MetricEvidence } from "./evidence.ts";
import { advance } from "./sequential.ts";
import { problemsOf } from "./settings.ts";
import { latencies } from "./simulated.test-support.ts";
import { begin } from "./state.ts";
import type { BothSamples, Sample, Tick } from "./tick.ts";
import { verdictOf } from "./verdict.ts";

const second = 1000;
const minute = 60 * second;

interface Ended {
  readonly action: string;
  readonly afterMs: number | undefined;
  readonly metric: MetricEvidence | undefined;
  readonly sentence: string;
}

function judge(
  metric: SequentialMetric,
  ticks: readonly (readonly [Sample, Sample])[],
  { everyMs = second, ...more }: Partial<SequentialConfig> & { readonly everyMs?: number } = {},
): Ended {
  const config: SequentialConfig = { ...more, metrics: [metric] };
  const all = ticks.map(([canary, stable], index): Tick => {
    const samples: Record<string, BothSamples> = { [metric.name]: { canary, stable } };
    return { fromMs: index * everyMs, toMs: (index + 1) * everyMs, samples };
  });
  const { state, errors } = advance(config, begin(config, 0), all);
  expect(errors).toEqual([]);
  const { evidence, sentence } = verdictOf(config, state, ticks.length * everyMs);
  const [found] = evidence.metrics;
  return { action: evidence.action, afterMs: evidence.decidedAtMs, metric: found, sentence };
}

const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe("count: conversion", () => {
  const visits = (rate: number): readonly (readonly [Sample, Sample])[] =>
    times(600, (index) => {
      const canary = {
        total: 50,
        count: Math.floor(50 * rate * (index + 1)) - Math.floor(50 * rate * index),
      };
      const stable = { total: 450, count: index % 2 === 0 ? 13 : 14 };
      return [canary, stable];
    });

  it("that halves is rolled back", () => {
    const { action, metric, sentence } = judge({ name: "orders", kind: "count" }, visits(0.015));
    expect(action).toBe("roll back");
    expect(metric?.allowedRatio).toBe(0.8);
    expect(sentence).toContain("canary");
  });

  it("that stays is shown to be safe, with a confidence sequence around 1", () => {
    const { action, metric } = judge({ name: "orders", kind: "count" }, visits(0.03));
    expect(action).toBe("safe");
    expect(metric?.confidence?.lo).toBeGreaterThan(0.5);
    expect(metric?.confidence?.lo).toBeLessThan(1);
    expect(metric?.confidence?.hi).toBeGreaterThan(1);
  });

  it("of something bad may be asked to stay low", () => {
    const refunds: SequentialMetric = { name: "refunds", kind: "count", better: "lower" };
    expect(judge(refunds, visits(0.09)).action).toBe("roll back");
  });
});

describe("latency", () => {
  const edgesMs = times(24, (index) => Number((10 * 1.2 ** index).toPrecision(6)));
  const requests = (medianMs: number): readonly (readonly [Sample, Sample])[] => {
    const rng = createRng(3);
    return times(300, () => [
      latencies(rng, 20, { medianMs, spread: 0.6 }, edgesMs),
      latencies(rng, 180, { medianMs: 60, spread: 0.6 }, edgesMs),
    ]);
  };
  const slower: SequentialMetric = {
    name: "latency",
    kind: "latency",
    edgesMs,
    marginOf: "slower",
    margin: 0.2,
  };

  it("twice as slow is rolled back within seconds", () => {
    const { action, afterMs, sentence } = judge(slower, requests(120));
    expect(action).toBe("roll back");
    expect(afterMs).toBeLessThan(30 * second);
    expect(sentence).toMatch(/slower than [\d.,]+ ms/);
  });

  it("a tenth slower is within a margin of a fifth", () => {
    expect(judge(slower, requests(66)).action).not.toBe("roll back");
  });

  it("a tenth slower is found without a margin", () => {
    expect(judge({ ...slower, margin: 0 }, requests(69)).action).toBe("roll back");
  });
});

describe("mean", () => {
  const cpu = (of: number, noise: number): readonly (readonly [Sample, Sample])[] => {
    const rng = createRng(9);
    return times(240, () => [
      { values: 1, sum: of * (1 + noise * (next(rng) - 0.5)) },
      { values: 9, sum: 9 * 0.3 * (1 + (noise / 3) * (next(rng) - 0.5)) },
    ]);
  };
  const metric: SequentialMetric = { name: "cpu", kind: "mean", better: "lower" };

  it("half as much again is rolled back within a few minutes", () => {
    const { action, afterMs, metric: found } = judge(metric, cpu(0.45, 0.4));
    expect(action).toBe("roll back");
    expect(afterMs).toBeLessThan(4 * minute);
    expect(found?.ratio).toBeCloseTo(1.5, 1);
  });

  it("a tenth more is within the margin, and shown to be safe", () => {
    expect(judge(metric, cpu(0.33, 0.4)).action).toBe("safe");
  });

  it("with a known largest value is tested exactly, which takes longer", () => {
    const exact: SequentialMetric = { ...metric, atMost: 1, blockMs: second };
    expect(judge(exact, cpu(0.75, 0.4)).action).toBe("roll back");
    expect(judge(exact, cpu(0.33, 0.4)).action).not.toBe("roll back");
  });

  it("of a score must not fall", () => {
    const score: SequentialMetric = { name: "score", kind: "mean", better: "higher", margin: 0.05 };
    expect(judge(score, cpu(0.25, 0.2)).action).toBe("roll back");
    expect(judge(score, cpu(0.3, 0.2)).action).not.toBe("roll back");
  });
});

describe("slope", () => {
  const memory = (perHour: number): readonly (readonly [Sample, Sample])[] => {
    const rng = createRng(4);
    return times(240, (index) => [
      { level: 3e8 * Math.exp((perHour * index) / 240) * (1 + 0.02 * normal(rng)) },
      { level: 4e8 * (1 + 0.01 * normal(rng)) },
    ]);
  };
  const metric: SequentialMetric = { name: "memory", kind: "slope" };
  const every = { everyMs: 15 * second };

  it("that leaks a third in an hour is rolled back", () => {
    const { action, sentence } = judge(metric, memory(0.33), every);
    expect(action).toBe("roll back");
    expect(sentence).toMatch(/canary grows by [\d.]+ % an hour/);
  });

  it("that is steady, if lower, is left alone", () => {
    expect(judge(metric, memory(0), every).action).toBe("go on");
  });
});

describe("an equal-sized baseline", () => {
  it("finds a bad canary without a model of its errors", () => {
    const rng = createRng(2);
    const ticks = times(300, (): readonly [Sample, Sample] => [
      { total: 200, count: next(rng) < 0.3 ? 10 : 0 },
      { total: 200, count: next(rng) < 0.06 ? 10 : 0 },
    ]);
    const errors: SequentialMetric = { name: "errors", kind: "errors" };
    expect(judge(errors, ticks, { baseline: "equal-sized" }).action).toBe("roll back");
  });
});

describe("several metrics", () => {
  it("blame the one that is bad, and need K times the evidence for it", () => {
    const config: SequentialConfig = {
      metrics: [
        { name: "errors", kind: "errors" },
        { name: "orders", kind: "count" },
      ],
    };
    const ticks = times(60, (index): Tick => ({
      fromMs: index * second,
      toMs: (index + 1) * second,
      samples: {
        errors: { canary: { total: 20, count: 3 }, stable: { total: 180, count: 1 } },
        orders: { canary: { total: 20, count: 1 }, stable: { total: 180, count: 9 } },
      },
    }));
    const { state } = advance(config, begin(config, 0), ticks);
    const { evidence, sentence } = verdictOf(config, state, 0);
    expect(evidence.action).toBe("roll back");
    expect(evidence.metrics.map(({ name, blamed }) => [name, blamed])).toEqual([
      ["errors", true],
      ["orders", false],
    ]);
    expect(evidence.metrics[0]?.blameThreshold).toBeCloseTo(Math.log(200), 9);
    expect(sentence).toContain("errors: canary 180 of 1,200 failed");
    expect(sentence).not.toContain("orders:");
  });
});

describe("settings", () => {
  const errors: SequentialMetric = { name: "errors", kind: "errors" };
  it.each<readonly [string, SequentialConfig, string | undefined]>([
    ["defaults", { metrics: [errors] }, undefined],
    ["no metrics", { metrics: [] }, "metrics is empty"],
    ["one name twice", { metrics: [errors, errors] }, "errors is there twice"],
    [
      "alpha",
      { metrics: [errors], alpha: 1 },
      "alpha is 1; use a number more than 0 and less than 1.",
    ],
    ["margin", { metrics: [errors], margin: -0.1 }, "margin is -0.1"],
    ["NaN", { metrics: [errors], safeRatio: NaN }, "safeRatio is NaN"],
    [
      "a margin of everything",
      { metrics: [{ name: "orders", kind: "count", better: "higher", margin: 1 }] },
      "metrics[0].margin is 1",
    ],
    [
      "a margin of everything, where more is better unless said otherwise",
      { metrics: [{ name: "orders", kind: "count", margin: 1 }] },
      "metrics[0].margin is 1",
    ],
    [
      "the judge's margin, too large where more is better",
      { metrics: [errors, { name: "orders", kind: "count" }], margin: 1.5 },
      "margin is 1.5; use a number from 0 and less than 1.",
    ],
    [
      "the judge's margin, where less is better",
      { metrics: [{ name: "orders", kind: "count", better: "lower" }], margin: 1.5 },
      undefined,
    ],
    [
      "edges that fall",
      { metrics: [{ name: "latency", kind: "latency", edgesMs: [2, 1] }] },
      "rising numbers",
    ],
    [
      "a negligible share that is half or more",
      {
        metrics: [{ name: "m", kind: "errors", negligible: 0.5 }],
      },
      "metrics[0].negligible is 0.5; use a number more than 0 and less than 0.5.",
    ],
    [
      "an objective at no edge",
      {
        metrics: [
          {
            name: "latency",
            kind: "latency",
            edgesMs: [1, 2],
            objective: { slowerThanMs: 3, share: 0.1 },
          },
        ],
      },
      "is no edge; edges are 1, 2",
    ],
    [
      "a margin that is no whole number of buckets",
      { metrics: [{ name: "latency", kind: "latency", marginOf: "slower" }] },
      "use 0.000 or 0.585",
    ],
    [
      "edges of different ratios",
      { metrics: [{ name: "latency", kind: "latency", edgesMs: [1, 2, 8], marginOf: "slower" }] },
      "different ratios",
    ],
  ])("%s", (_name, config, expected) => {
    const [problem] = problemsOf(config);
    if (expected === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(expected);
  });
});
