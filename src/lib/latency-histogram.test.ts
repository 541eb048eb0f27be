import { describe, expect, it } from "vitest";
import {
  addLatencies,
  latencyBucketCount,
  latencyBucketOf,
  latencyCount,
  latencyHistogramOf,
  latencyQuantileMs,
  latencyShareWithin,
  subtractLatencies,
  subtractSnapshots,
  type CounterSnapshot,
  type LatencyHistogram,
} from "./latency-histogram.ts";

function histogramOf(values: readonly number[]): LatencyHistogram {
  const buckets = new Float64Array(latencyBucketCount);
  for (const value of values) {
    const index = latencyBucketOf(value);
    buckets[index] = (buckets[index] ?? 0) + 1;
  }
  return latencyHistogramOf(buckets);
}

const oneToThousand = Array.from({ length: 1000 }, (_, i) => i + 1);

describe("quantiles", () => {
  it.each([0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1])(
    "q%f of 1…1000 ms is within 1 %%",
    (q) => {
      const exact = 1 + Math.floor(q * 999);
      const read = latencyQuantileMs(histogramOf(oneToThousand), q) ?? NaN;
      expect(Math.abs(read - exact) / exact).toBeLessThanOrEqual(0.0101);
    },
  );

  it.each([0.011, 0.1, 1, 3.7, 250, 60_000, 3_600_000])("%f ms reads back within 1 %%", (value) => {
    const read = latencyQuantileMs(histogramOf([value]), 0.5) ?? NaN;
    expect(Math.abs(read - value) / value).toBeLessThanOrEqual(0.0101);
  });

  it("has no quantile without values", () => {
    expect(latencyQuantileMs(histogramOf([]), 0.5)).toBeUndefined();
    expect(latencyShareWithin(histogramOf([]), 10)).toBeUndefined();
  });

  it.each([
    ["negative", -1, 0],
    ["zero", 0, 0],
    ["not a number", NaN, 0],
    ["endless", Infinity, latencyBucketCount - 1],
    ["a week", 7 * 86_400_000, latencyBucketCount - 1],
  ])("keeps %s inside the row", (_name, value, bucket) => {
    expect(latencyBucketOf(value)).toBe(bucket);
  });

  it("knows the share within a limit", () => {
    expect(latencyShareWithin(histogramOf([10, 20, 30, 400]), 100)).toBe(0.75);
  });
});

describe("sums and differences", () => {
  it("adds and subtracts exactly", () => {
    const early = histogramOf([1, 2, 3]);
    const late = histogramOf([500, 600]);
    const sum = addLatencies([early, late]);
    expect(latencyCount(sum)).toBe(5);
    expect(subtractLatencies(sum, early)).toEqual(late);
    expect(addLatencies([])).toEqual(histogramOf([]));
  });

  it("refuses to add different layouts, and takes them as new in a difference", () => {
    const other: LatencyHistogram = { gamma: 1.5, offset: 0, counts: [[3, 1]] };
    expect(() => addLatencies([histogramOf([1]), other])).toThrow(/layouts/u);
    expect(subtractLatencies(other, histogramOf([1]))).toEqual(other);
  });
});

describe("snapshots", () => {
  const series = (version: string, requests: number, values: readonly number[]) => ({
    backend: "shop/web:80",
    version,
    counters: { requests, lost: 0 },
    latency: histogramOf(values),
  });
  const snapshot = (
    epoch: string,
    nowMs: number,
    rows: CounterSnapshot["series"],
  ): CounterSnapshot => ({ epoch, startedAtMs: 1000, nowMs, series: rows });

  it("subtracts counters and latencies, new series from zero", () => {
    const before = snapshot("a", 5000, [series("v1", 2, [1, 1])]);
    const after = snapshot("a", 6000, [series("v1", 3, [1, 1, 100]), series("v2", 1, [7])]);
    expect(subtractSnapshots(after, before)).toEqual({
      restarted: false,
      fromMs: 5000,
      toMs: 6000,
      series: [series("v1", 1, [100]), series("v2", 1, [7])],
    });
  });

  it("notices a restart", () => {
    const before = snapshot("a", 5000, [series("v1", 9, [1])]);
    const after = snapshot("b", 6000, [series("v1", 1, [100])]);
    expect(subtractSnapshots(after, before)).toEqual({
      restarted: true,
      fromMs: 1000,
      toMs: 6000,
      series: [series("v1", 1, [100])],
    });
  });

  it("counts a series that was dropped and begun again from zero", () => {
    const before = snapshot("a", 5000, [series("v1", 9, [1])]);
    const after = snapshot("a", 6000, [series("v1", 4, [100])]);
    expect(subtractSnapshots(after, before).series).toEqual([series("v1", 4, [100])]);
  });
});
