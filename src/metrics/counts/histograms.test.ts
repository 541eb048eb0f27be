import { describe, expect, it } from "vitest";
import type { RangeSeries } from "../prometheus-answer.ts";
import { classicBorders, histogramCounters } from "./histograms.ts";

const seconds = { edgesMs: [5, 10, 100], unitMs: 1000 };
const targetOf = ({ labels }: RangeSeries): string => labels["pod"] ?? "";

function bucket(
  le: string,
  values: readonly number[],
  labels: Readonly<Record<string, string>> = {},
): RangeSeries {
  return {
    labels: { __name__: "d_bucket", le, ...labels },
    values: values.map((value, index) => ({ atMs: index * 1000, value })),
    histograms: [],
  };
}

describe("classic histograms", () => {
  it("become counters of the judge's own buckets", () => {
    const all = [
      bucket("0.005", [1, 2]),
      bucket("0.01", [1, 4]),
      bucket("0.1", [2, 5]),
      bucket("+Inf", [4, 8]),
    ];
    expect(histogramCounters(all, targetOf, seconds)).toEqual([
      {
        target: "",
        samples: [
          { atMs: 0, value: [1, 0, 1, 2] },
          { atMs: 1000, value: [2, 2, 1, 3] },
        ],
      },
    ]);
    expect(classicBorders(all)).toEqual([0.005, 0.01, 0.1, Infinity]);
  });

  it("a bucket across a border goes where its middle is, one within is where it is", () => {
    const of = (edgesMs: readonly number[]) => {
      const all = [
        bucket("0.004", [1]),
        bucket("0.02", [11]),
        bucket("0.1", [111]),
        bucket("+Inf", [1111]),
      ];
      return histogramCounters(all, targetOf, { edgesMs, unitMs: 1000 })[0]?.samples[0]?.value;
    };
    // (4, 20] has its middle at 8.9 ms.
    expect(of([8, 50])).toEqual([1, 110, 1000]);
    expect(of([10, 50])).toEqual([11, 100, 1000]);
    expect(of([4, 100])).toEqual([1, 110, 1000]);
    expect(of([100, 200])).toEqual([111, 0, 1000]);
  });

  it("of several pods stay apart, since each may be begun anew", () => {
    const all = ["a", "b"].flatMap((pod) => [
      bucket("0.01", [1], { pod }),
      bucket("+Inf", [3], { pod }),
    ]);
    expect(histogramCounters(all, targetOf, seconds).map(({ target }) => target)).toEqual([
      "a",
      "b",
    ]);
  });

  it("a counter without le is refused with a way out", () => {
    const plain: RangeSeries = {
      labels: { __name__: "d_count" },
      values: [{ atMs: 0, value: 1 }],
      histograms: [],
    };
    expect(() => histogramCounters([plain], targetOf, seconds)).toThrow(
      "d_count has no label le: it is no histogram; ask for its _bucket",
    );
    expect(() => histogramCounters([bucket("fast", [1])], targetOf, seconds)).toThrow(
      'le="fast" is no number',
    );
  });
});

describe("native histograms", () => {
  const native = (
    buckets: readonly (readonly [number, string, string, string])[] | undefined,
  ): RangeSeries => ({
    labels: { pod: "a" },
    values: [],
    histograms: [
      { atMs: 0, value: { count: "8", sum: "1", ...(buckets === undefined ? {} : { buckets }) } },
    ],
  });

  it("become the same", () => {
    const all = native([
      [3, "-0.001", "0.001", "2"],
      [0, "0.001", "0.004", "1"],
      [0, "0.008", "0.016", "4"],
      [0, "0.5", "1", "1"],
    ]);
    // (8, 16] has its middle at 11.3 ms.
    expect(histogramCounters([all], targetOf, seconds)).toEqual([
      { target: "a", samples: [{ atMs: 0, value: [3, 0, 4, 1] }], regroups: true },
    ]);
  });

  it("without a value yet have no buckets", () => {
    expect(histogramCounters([native(undefined)], targetOf, seconds)[0]?.samples[0]?.value).toEqual(
      [0, 0, 0, 0],
    );
  });

  it("buckets that are none are refused", () => {
    expect(() => histogramCounters([native([[0, "x", "1", "1"]])], targetOf, seconds)).toThrow(
      "a bucket that is none",
    );
  });
});
