import { describe, expect, it } from "vitest";
import type { CounterSeries, CounterSnapshot } from "../../lib/latency-histogram.ts";
import { RecentPast } from "./recent-past.ts";

function series(version: string, requests: number, buckets = 0): CounterSeries {
  const counts = Array.from({ length: buckets }, (_each, index) => [index, requests] as const);
  return {
    backend: "shop/web:80",
    version,
    counters: { requests },
    latency: { gamma: 1.02, offset: 0, counts },
  };
}

function snapshot(nowMs: number, ...all: readonly CounterSeries[]): CounterSnapshot {
  return { epoch: "1", startedAtMs: 0, nowMs, series: all };
}

const seconds = (past: RecentPast, at: CounterSnapshot): readonly (readonly number[])[] =>
  past
    .read(at)
    .intervals.map(({ fromMs, toMs, series: each }) => [
      fromMs,
      toMs,
      each.reduce((sum, { counters }) => sum + (counters["requests"] ?? 0), 0),
    ]);

describe("the recent past", () => {
  it("is what each second added, from the beginning to this moment, without a seam", () => {
    const past = new RecentPast(snapshot(0));
    past.note(snapshot(1_000, series("v1", 10)));
    past.note(snapshot(2_100, series("v1", 10), series("v2", 5)));
    const now = snapshot(2_500, series("v1", 13), series("v2", 5));
    expect(seconds(past, now)).toEqual([
      [0, 1_000, 10],
      [1_000, 2_100, 5],
      [2_100, 2_500, 3],
    ]);
    expect(past.read(now).snapshot).toEqual(now);
  });

  it("keeps seconds in which nothing happened, for they are no gap", () => {
    const past = new RecentPast(snapshot(0));
    past.note(snapshot(1_000, series("v1", 0)));
    past.note(snapshot(2_000, series("v1", 0)));
    const { intervals } = past.read(snapshot(2_000));
    expect(intervals).toEqual([
      { fromMs: 0, toMs: 1_000, series: [] },
      { fromMs: 1_000, toMs: 2_000, series: [] },
    ]);
  });

  it("goes back ten minutes", () => {
    const past = new RecentPast(snapshot(0));
    for (let second = 1; second <= 1_000; second += 1)
      past.note(snapshot(second * 1_000, series("v1", second)));
    const { intervals } = past.read(snapshot(1_000_000));
    expect(intervals[0]?.toMs).toBe(400_000);
    expect(intervals.at(-1)?.toMs).toBe(1_000_000);
  });

  it("is shorter where very much is counted, and stays whole at its new end", () => {
    const past = new RecentPast(snapshot(0));
    const versions = Array.from({ length: 100 }, (_each, index) => `v${String(index)}`);
    for (let second = 1; second <= 100; second += 1)
      past.note(snapshot(second * 1_000, ...versions.map((each) => series(each, second, 50))));
    const { intervals } = past.read(snapshot(100_000));
    expect(intervals.length).toBeLessThan(50);
    expect(intervals.length).toBeGreaterThan(20);
    expect(intervals.at(-1)?.toMs).toBe(100_000);
  });
});
