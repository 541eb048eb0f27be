import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commonLanguageEffect, searchOfR, shiftOf, type Shift } from "./mann-whitney.ts";
import { quantile, withoutOutliers } from "./numbers.ts";
import { smallestChance, tailsOf } from "./permutation.ts";
import { rootBetween } from "./root.ts";

interface Vector {
  readonly name: string;
  readonly experiment: readonly number[];
  readonly control: readonly number[];
  readonly quantiles: readonly number[];
  readonly withoutOutliers: readonly number[];
  readonly cles: number;
  readonly chanceOfMean: number;
  readonly shift: Shift;
}

// Computed by scipy and R: scripts/kayenta-golden.py.
const file = readFileSync(new URL("./kayenta.vectors.json", import.meta.url), "utf8");
const vectors = JSON.parse(file) as readonly Vector[];

describe("statistics, against scipy and R", () => {
  it("has enough vectors to mean something", () => {
    expect(vectors.length).toBeGreaterThanOrEqual(30);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    const { experiment, control } = vector;
    const sorted = experiment.toSorted((a, b) => a - b);
    [0.01, 0.25, 0.5, 0.75, 0.99].forEach((share, index) => {
      expect(quantile(sorted, share)).toBeCloseTo(vector.quantiles[index]!, 9);
    });
    expect(withoutOutliers(experiment, 3)).toEqual(vector.withoutOutliers);
    expect(commonLanguageEffect(experiment, control)).toBeCloseTo(vector.cles, 12);
    const shift = shiftOf(experiment, control);
    for (const end of ["low", "high", "estimate"] as const) {
      const close = 1e-6 * Math.max(1, Math.abs(vector.shift[end]));
      expect(Math.abs(shift[end] - vector.shift[end]), end).toBeLessThanOrEqual(close);
    }
    const { above } = tailsOf(experiment, control);
    const spread = Math.sqrt((vector.chanceOfMean * (1 - vector.chanceOfMean)) / 1999);
    expect(Math.abs(above - vector.chanceOfMean)).toBeLessThanOrEqual(5 * spread + 0.002);
  });

  it("the case of four and four", () => {
    expect(shiftOf([10, 20, 30, 40], [1, 2, 3, 4])).toEqual({ low: 6, high: 39, estimate: 22.5 });
  });
});

describe("a root", () => {
  it.each<[string, (x: number) => number, readonly [number, number], number]>([
    ["of a line", (x) => x - 1, [0, 3], 1],
    ["of a cubic", (x) => x ** 3 - 2, [0, 10], Math.cbrt(2)],
    ["of a step", (x) => (x < 0.3 ? -1 : 1), [-5, 5], 0.3],
    ["at the end", (x) => x, [0, 3], 0],
    ["of an almost flat function", (x) => (x - 0.5) ** 9, [0, 1], 0.5],
  ])("%s", (_name, f, range, root) => {
    const found = rootBetween(f, range, { tolerance: 1e-9, maxIterations: 1000 });
    expect(Math.abs(found - root)).toBeLessThan(_name.includes("flat") ? 1e-2 : 1e-8);
  });

  it("ends where the function is nowhere a number", () => {
    expect(rootBetween(() => Number.NaN, [0, 1], searchOfR)).toBeGreaterThanOrEqual(0);
    expect(rootBetween(() => Number.NaN, [2, 2], searchOfR)).toBe(2);
  });
});

describe("quantiles and fences", () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });

  it("lie between the smallest and the largest value, and keep the middle half", () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const sorted = all.toSorted((a, b) => a - b);
        const found = quantile(sorted, share);
        expect(found).toBeGreaterThanOrEqual(sorted[0]! - 1e-6);
        expect(found).toBeLessThanOrEqual(sorted.at(-1)! + 1e-6);
        const kept = withoutOutliers(all, 3);
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(all.length, Math.ceil(all.length / 2)));
      }),
    );
  });
});

describe("dealing anew", () => {
  it.each([
    [1, 1, 1 / 2],
    [5, 5, 1 / 252],
    [6, 6, 1 / 924],
    [3, 7, 1 / 120],
    [0, 9, 1],
  ])("%i and %i values can be dealt to a chance of %f", (n, m, chance) => {
    expect(smallestChance(n, m)).toBeCloseTo(chance, 12);
    expect(smallestChance(m, n)).toBeCloseTo(chance, 12);
  });

  it("equal values differ by chance always", () => {
    expect(tailsOf([2, 2, 2], [2, 2, 2])).toEqual({ above: 1, below: 1 });
  });

  it("is rare on one side and sure on the other for sides that do not overlap", () => {
    const high = Array.from({ length: 20 }, (_, index) => 100 + index);
    const low = Array.from({ length: 20 }, (_, index) => index);
    const { above, below } = tailsOf(high, low);
    expect([above, below]).toEqual([1 / 2000, 1]);
  });
});
