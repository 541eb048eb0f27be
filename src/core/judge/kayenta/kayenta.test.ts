import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  alike,
  anything,
  comparable,
  higher,
  judge,
  judgeOne,
  labelIn,
  metric,
  points,
  series,
  settingsOf,
  steady,
  times,
  wholes,
  type Mode,
} from "./judged.test-support.ts";
import { effectSizeWithDefaults, type MetricAnalysis } from "./settings.ts";

describe.each<Mode>(["parity", "strict"])("both modes: %s", (mode) => {
  it.each<[string, readonly number[], Partial<MetricAnalysis>, string]>([
    ["alike", alike, {}, "Pass"],
    ["higher", higher, {}, "High"],
    ["lower", points(5, 1, 3), {}, "Low"],
    ["higher, where only less is bad", higher, { direction: "decrease" }, "Pass"],
    ["lower, where only more is bad", points(5, 1, 3), { direction: "increase" }, "Pass"],
    [
      "higher by what is allowed",
      higher,
      { effectSize: effectSizeWithDefaults({ allowedIncrease: 2 }) },
      "Pass",
    ],
    [
      "higher by more than allowed",
      higher,
      { effectSize: effectSizeWithDefaults({ allowedIncrease: 1.2 }) },
      "High",
    ],
    [
      "lower by what is allowed",
      points(5, 1, 3),
      { effectSize: effectSizeWithDefaults({ allowedDecrease: 0.4 }) },
      "Pass",
    ],
    [
      "higher than half of the time",
      higher,
      { effectSize: effectSizeWithDefaults({ measure: "cles" }) },
      "High",
    ],
    ["gaps", higher.map((value, index) => (index % 3 === 0 ? Number.NaN : value)), {}, "High"],
    ["the same values in another order", steady.toReversed(), {}, "Pass"],
  ])("%s", (_name, experiment, more, label) => {
    expect(labelIn(mode, experiment, steady, more)).toBe(label);
  });

  it("a constant value against another one is told apart, zero too", () => {
    expect(labelIn(mode, times(60, 7), times(60, 5))).toBe("High");
    expect(labelIn(mode, times(60, 5), times(60, 7))).toBe("Low");
    expect(labelIn(mode, times(60, 0.2), times(60, 0))).toBe("High");
    expect(labelIn(mode, times(60, 5), times(60, 5))).toBe("Pass");
  });

  it("the same series give the same judgement, to the bit", () => {
    const once = judgeOne(mode, times(60, 7), times(60, 5));
    expect(judgeOne(mode, times(60, 7), times(60, 5))).toEqual(once);
  });

  it("nothing at all never passes", () => {
    for (const critical of [false, true]) {
      for (const mustHaveData of [false, true]) {
        const { verdict, one } = judgeOne(mode, [], [], { critical, mustHaveData });
        expect(verdict).not.toBe("successful");
        expect(one.label).toBe(mustHaveData && !critical ? "NodataFailMetric" : "Nodata");
      }
    }
    expect(judge(mode, [metric("m")], []).verdict).not.toBe("successful");
    expect(judge(mode, [], []).verdict).not.toBe("successful");
    expect(
      judge(mode, [metric("m", { muted: true })], [series("m", steady, steady)]).verdict,
    ).not.toBe("successful");
  });

  it("a critical metric that is worse takes the score to 0, one within its critical size does not", () => {
    const metrics = (effect: number) => [
      metric("a", {
        critical: true,
        effectSize: effectSizeWithDefaults({ criticalIncrease: effect }),
      }),
      ...["b", "c", "d"].map((name) => metric(name)),
    ];
    const all = [
      series("a", higher, steady),
      ...["b", "c", "d"].map((name) => series(name, alike, steady)),
    ];
    expect(judge(mode, metrics(1.2), all)).toMatchObject({
      verdict: "failed",
      evidence: { score: 0, zeroedBy: "a is critical", groups: [{ score: 75 }] },
    });
    expect(judge(mode, metrics(2), all)).toMatchObject({
      verdict: "inconclusive",
      evidence: { score: 75 },
    });
  });

  it("groups have their weights, others share what is left, muted ones do not count", () => {
    const metrics = [
      metric("a", {}, ["errors"]),
      metric("b", {}, ["latency", "errors"]),
      metric("c", {}, ["system"]),
      metric("quiet", { muted: true }, ["system"]),
    ];
    const all = [
      series("a", higher, steady),
      series("b", alike, steady),
      series("c", alike, steady),
      series("quiet", higher, steady),
    ];
    const { evidence } = judge(mode, metrics, all, { errors: 40 });
    expect(evidence.groups).toEqual([
      { name: "errors", counted: 2, score: 50, weight: 40 },
      { name: "latency", counted: 1, score: 100, weight: 30 },
      { name: "system", counted: 1, score: 100, weight: 30 },
    ]);
    expect(evidence.score).toBe(80);
    expect(evidence.classification).toBe("Marginal");
    expect(evidence.metrics.map(({ label }) => label)).toEqual(["High", "Pass", "Pass", "High"]);
  });

  it("rounds to two places", () => {
    const names = ["a", "b", "c"];
    const all = names.map((name, index) => series(name, index === 0 ? higher : alike, steady));
    expect(
      judge(
        mode,
        names.map((name) => metric(name)),
        all,
      ).evidence.score,
    ).toBe(66.67);
  });

  it("says in a sentence what it saw", () => {
    const all = [series("latency", higher, steady), series("errors", alike, steady)];
    const { sentence } = judge(mode, [metric("latency"), metric("errors")], all);
    expect(sentence).toMatch(
      /^Fail: score 50 \(pass 95, marginal 75\); 1 of 2 metrics passed; latency is High: is [45]\.\d+ above the control \(98 % sure: 4\.\d+ to 5\.\d+\), effect 1\.\d+$/,
    );
  });
});

describe.each<Mode>(["parity", "strict"])("properties: %s", (mode) => {
  it("takes any numbers and ends with a score from 0 to 100", () => {
    fc.assert(
      fc.property(anything, anything, settingsOf, (experiment, control, more) => {
        const { evidence, verdict, one } = judgeOne(mode, experiment, control, more);
        expect(evidence.score).toBeGreaterThanOrEqual(0);
        expect(evidence.score).toBeLessThanOrEqual(100);
        expect(one.reason).not.toBe("");
        const isEmpty = experiment.every(Number.isNaN) || control.every(Number.isNaN);
        if (mode === "strict" && isEmpty) expect(verdict).not.toBe("successful");
      }),
      { numRuns: 300 },
    );
  });

  it("does not depend on the order of points or of metrics", () => {
    fc.assert(
      fc.property(wholes, wholes, wholes, settingsOf, (a, b, c, more) => {
        const metrics = [metric("x", more, ["g", "h"]), metric("y", more, ["h"])];
        const all = [series("x", a, b), series("y", c, b)];
        const turned = all.map((one) => ({
          ...one,
          experiment: one.experiment.toReversed(),
          control: one.control.toReversed(),
        }));
        const [there, back] = [
          judge(mode, metrics, all, { g: 30 }).evidence,
          judge(mode, metrics.toReversed(), turned.toReversed(), { g: 30 }).evidence,
        ];
        const sorted = { ...back, metrics: back.metrics.toReversed() };
        expect(comparable(sorted)).toEqual(comparable(there));
      }),
      { numRuns: 100 },
    );
  });
});
