import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  alike,
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
import type { MetricAnalysis, MetricSeries } from "./settings.ts";

describe("known faults of Kayenta: there in parity, closed in strict", () => {
  const both = (...args: [readonly number[], readonly number[], Partial<MetricAnalysis>?]) =>
    (["parity", "strict"] as const).map((mode) => judgeOne(mode, ...args));

  it("a metric that cannot be compared counts as nothing: a canary of nothing but errors scores 100", () => {
    // Failed requests divided by good ones, when all of them fail.
    const [parity, strict] = both(times(60, Infinity), times(60, 0.01));
    expect(parity).toMatchObject({
      verdict: "successful",
      evidence: { score: 100 },
      one: { label: "Error" },
    });
    expect(strict).toMatchObject({
      verdict: "failed",
      evidence: { score: 0 },
      one: { label: "Error" },
    });
    expect(strict!.sentence).toContain("the experiment has a value that is no figure: Infinity");
  });

  it("errors in some points only pass", () => {
    const sparse = [...times(45, 0), ...times(15, 0.5)];
    const [parity, strict] = both(sparse, times(60, 0), { direction: "increase" });
    expect(parity!.one.label).toBe("Pass");
    expect(strict!.one).toMatchObject({ label: "High" });
    expect(strict!.one.reason).toBe(
      "is 0.125 on average, the control 0: by chance less than once in 400",
    );
  });

  it("seven of ten points a hundred times worse pass", () => {
    const control = [1, 1.1, 0.9, 1.05, 0.95, 1.2, 0.8, 1, 1.1, 0.9];
    const experiment = [1, 1.1, 0.9, 100, 101, 99, 100, 102, 98, 100];
    const [parity, strict] = both(experiment, control);
    expect(parity!.one.label).toBe("Pass");
    expect(strict!.one.label).toBe("High");
  });

  it.each<[MetricAnalysis["direction"], string]>([
    ["either", "High"],
    ["increase", "High"],
    ["decrease", "Low"],
  ])("a change of variance alone passes (%s)", (direction, label) => {
    const wide = points(10, 8, 5);
    const centred = wide.map((value) => value + 10 - wide.reduce((a, b) => a + b) / wide.length);
    const [parity, strict] = both(centred, steady, { direction });
    expect(parity!.one.label).toBe("Pass");
    expect(strict!.one.label).toBe(label);
    expect(strict!.one.reason).toMatch(/^varies by .*, the control by /);
    const [, narrower] = both(steady, centred, { direction });
    expect(narrower!.one.label).toBe(direction === "either" ? "Low" : "Pass");
  });

  it("the unit of the values changes the answer", () => {
    const scaled = (values: readonly number[], factor: number) =>
      values.map((value) => value * factor);
    const [experiment, control] = [points(10.8, 1, 3), steady];
    const labels = (mode: Mode) =>
      [1, 1e-3, 1e-6].map((unit) => labelIn(mode, scaled(experiment, unit), scaled(control, unit)));
    expect(new Set(labels("parity")).size).toBeGreaterThan(1);
    expect(new Set(labels("strict"))).toEqual(new Set(["High"]));
  });

  it("a canary that does nothing any more is not Low", () => {
    const [parity, strict] = both(times(60, 0), steady, { direction: "decrease" });
    expect(parity!.one.label).toBe("Pass");
    expect(strict!.one.label).toBe("Low");
  });

  it("no data that is to count as zero passes, though nobody knows whether the canary runs", () => {
    const more = { nanStrategy: "replace" } as const;
    const [parity, strict] = both([], [], more);
    expect(parity!.verdict).toBe("successful");
    expect(strict).toMatchObject({ verdict: "inconclusive", one: { label: "Nodata" } });
  });

  it("where something else was measured, no data is the zero the configuration says", () => {
    const metrics = [metric("errors", { nanStrategy: "replace" }), metric("latency")];
    const all = (errors: MetricSeries) => [errors, series("latency", alike, steady)];
    const verdictOf = (errors: MetricSeries) => judge("strict", metrics, all(errors)).verdict;
    expect(verdictOf(series("errors", [], []))).toBe("successful");
    expect(verdictOf(series("errors", [], times(60, 3)))).toBe("failed");
    expect(verdictOf(series("errors", times(60, 3), []))).toBe("failed");
  });

  it("too few points to see anything pass", () => {
    const [parity, strict] = both([1, 2, 3], [1.1, 2.1, 2.9]);
    expect(parity!.verdict).toBe("successful");
    expect(strict).toMatchObject({ verdict: "inconclusive", one: { label: "Nodata" } });
    expect(strict!.one.reason).toBe("has 3 and 3 points: too few for any difference to show");
    for (const more of [{ critical: true }, { mustHaveData: true }]) {
      expect(judgeOne("strict", [1, 2, 3], [1, 2, 3], more).verdict).toBe("inconclusive");
    }
  });

  it("a metric without data alone neither passes nor fails a strictly judged canary", () => {
    const metrics = [metric("a"), metric("b")];
    const [a, b] = [series("a", alike, steady), series("b", [], [])];
    expect(judge("strict", metrics, [a, b])).toMatchObject({
      verdict: "inconclusive",
      evidence: { score: 50 },
    });
    expect(judge("strict", metrics, [series("a", higher, steady), b]).verdict).toBe("failed");
    // Kayenta: half of the metrics without data is a score of 0.
    expect(judge("parity", metrics, [a, b])).toMatchObject({
      verdict: "failed",
      evidence: { score: 0, zeroedBy: "1 of 2 metrics have no data" },
    });
    const more = [...metrics, metric("c")];
    expect(judge("parity", more, [a, b, series("c", alike, steady)]).evidence.score).toBe(100);
  });
});

describe("strict", () => {
  it("does not depend on the unit", () => {
    const unit = fc.constantFrom(1e-9, 1e-3, 0.1, 3, 1000, 1e6);
    fc.assert(
      fc.property(wholes, wholes, unit, settingsOf, (experiment, control, factor, more) => {
        const scale = (values: readonly number[]) => values.map((value) => value * factor);
        const before = judgeOne("strict", experiment, control, more);
        const after = judgeOne("strict", scale(experiment), scale(control), more);
        expect(comparable(after.evidence)).toEqual(comparable(before.evidence));
      }),
      { numRuns: 150 },
    );
  });

  it("calls few healthy metrics worse", () => {
    const runs = 400;
    const bad = Array.from({ length: runs }, (_, run) =>
      labelIn("strict", points(10, 1, 2 * run + 1), points(10, 1, 2 * run + 2), {
        direction: "increase",
      }),
    ).filter((label) => label !== "Pass").length;
    // 1 % is promised; with 12 of 400 the 99.9 % lower bound (Clopper-Pearson) is above it.
    expect(bad).toBeLessThan(12);
  });
});
