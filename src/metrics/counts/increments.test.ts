import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { incrementsOf, scrapesOf, stretchesOf, type CounterSeries } from "./increments.ts";
import { countedIn, exact, gridOf, isWatched, knownUntil } from "./tick-grid.ts";

const series = (samples: Readonly<Record<number, number>>, target = "a"): CounterSeries => ({
  target,
  samples: Object.entries(samples).map(([at, value]) => ({
    atMs: Number(at) * 1000,
    value: [value],
  })),
});
const scrapes = (...all: readonly CounterSeries[]) => scrapesOf(all).get("a")!;
const countedBy = (one: CounterSeries, beside: CounterSeries = one) =>
  incrementsOf(one, scrapes(one, beside)).map(({ fromMs, toMs, counted }) => [
    fromMs / 1000,
    toMs / 1000,
    ...counted,
  ]);

describe("what a counter counted between scrapes", () => {
  it.each<[string, Readonly<Record<number, number>>, readonly (readonly number[])[]]>([
    [
      "grows",
      { 0: 5, 10: 8, 20: 8 },
      [
        [0, 10, 3],
        [10, 20, 0],
      ],
    ],
    [
      "begun anew: what it counted before is known already",
      { 0: 100, 10: 4, 20: 6 },
      [
        [0, 10, 4],
        [10, 20, 2],
      ],
    ],
    [
      "one scrape missing",
      { 0: 1, 10: 2, 20: 3, 40: 7, 50: 8 },
      [
        [0, 10, 1],
        [10, 20, 1],
        [20, 40, 4],
        [40, 50, 1],
      ],
    ],
    [
      "a gap is no data",
      { 0: 1, 10: 2, 20: 3, 60: 900, 70: 901 },
      [
        [0, 10, 1],
        [10, 20, 1],
        [60, 70, 1],
      ],
    ],
    ["one scrape only", { 0: 9 }, []],
  ])("%s", (_name, samples, counted) => {
    expect(countedBy(series(samples))).toEqual(counted);
  });

  it("a counter that appears with the first failure began at zero", () => {
    const requests = series({ 0: 100, 10: 110, 20: 120 });
    expect(countedBy(series({ 10: 3, 20: 4 }), requests)).toEqual([
      [0, 10, 3],
      [10, 20, 1],
    ]);
  });

  it("a target that appears counts from its first scrape on", () => {
    expect(countedBy(series({ 10: 3000, 20: 3004 }))).toEqual([[10, 20, 4]]);
  });

  it("buckets that were regrouped between two scrapes tell nothing of that time", () => {
    const histogram = (regroups: boolean): CounterSeries => ({
      target: "a",
      regroups,
      samples: [
        { atMs: 0, value: [5, 5] },
        { atMs: 1000, value: [3, 9] },
        { atMs: 2000, value: [4, 9] },
        { atMs: 3000, value: [1, 0] },
      ],
    });
    const of = (one: CounterSeries) =>
      incrementsOf(one, scrapes(one)).map(({ counted }) => counted);
    expect(of(histogram(true))).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(of(histogram(false))).toEqual([
      [3, 9],
      [1, 0],
      [1, 0],
    ]);
  });
});

describe("ticks", () => {
  const increment = (from: number, to: number, value: number) => ({
    fromMs: from,
    toMs: to,
    counted: [value],
  });

  it("are whole multiples of their length, whoever asks", () => {
    expect(gridOf(12, 47, 10)).toEqual([
      { fromMs: 20, toMs: 30 },
      { fromMs: 30, toMs: 40 },
    ]);
    expect(gridOf(47, 12, 10)).toEqual([]);
  });

  it("get their even share of what was counted across a border, in whole numbers", () => {
    const all = [increment(0, 15, 7), increment(15, 30, 8)];
    const [a, b, c] = gridOf(0, 30, 10).map((stretch) => countedIn(stretch, all, 1)[0]);
    expect([a, b, c]).toEqual([4, 5, 6]);
    expect(countedIn({ fromMs: 0, toMs: 10 }, all, 1, exact)[0]).toBeCloseTo(14 / 3, 9);
  });

  it("lose and invent nothing", () => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 50 })),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 30 }), (list, tickMs) => {
        let atMs = 0;
        const all = list.map(([length, value]) => increment(atMs, (atMs += length), value));
        const counted = gridOf(0, atMs + tickMs, tickMs).flatMap((one) => countedIn(one, all, 1));
        expect(counted.every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
        const sum = (values: readonly number[]) =>
          values.reduce((total, value) => total + value, 0);
        expect(sum(counted)).toBe(sum(list.map(([, value]) => value)));
      }),
    );
  });

  it("a stretch is watched if any of it was", () => {
    const watched = stretchesOf({ timesMs: [0, 10, 20, 100, 110], everyMs: 10 });
    expect(watched).toEqual([
      [0, 10],
      [10, 20],
      [100, 110],
    ]);
    expect(isWatched({ fromMs: 15, toMs: 30 }, watched)).toBe(true);
    expect(isWatched({ fromMs: 20, toMs: 100 }, watched)).toBe(false);
  });

  it.each<[string, readonly (readonly number[])[], number | undefined]>([
    [
      "the target that was scraped longest ago is waited for",
      [
        [0, 10, 20],
        [5, 15],
      ],
      15,
    ],
    [
      "one that is gone is not",
      [
        [0, 10, 20, 31],
        [5, 15],
      ],
      31,
    ],
    ["nothing at all", [], undefined],
  ])("known until: %s", (_name, targets, untilMs) => {
    expect(
      knownUntil(
        targets.map((timesMs) => ({ timesMs, everyMs: 10 })),
        10,
      ),
    ).toBe(untilMs);
  });
});
