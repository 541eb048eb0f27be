import { describe, expect, it } from "vitest";
import { createRng, fork, next, nextInt, pick } from "./rng.ts";

function draw(seed: number, count: number): readonly number[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => next(rng));
}

describe("seeded chance", () => {
  it("repeats itself from the same seed and differs for another", () => {
    expect(draw(42, 50)).toEqual(draw(42, 50));
    expect(draw(42, 50)).not.toEqual(draw(43, 50));
  });

  it("resumes from its saved state", () => {
    const rng = createRng(7);
    next(rng);
    const copy = { ...rng };
    expect([next(rng), next(rng)]).toEqual([next(copy), next(copy)]);
  });

  it("spreads evenly over [0, 1)", () => {
    const buckets = new Array<number>(10).fill(0);
    for (const value of draw(1, 20_000)) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
      const bucket = Math.floor(value * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    // 2000 expected each; five standard deviations are about 212.
    for (const count of buckets) expect(Math.abs(count - 2000)).toBeLessThan(212);
  });

  it("draws whole numbers below the limit, all of them", () => {
    const rng = createRng(3);
    expect(new Set(Array.from({ length: 200 }, () => nextInt(rng, 6)))).toEqual(
      new Set([0, 1, 2, 3, 4, 5]),
    );
    for (const below of [0, -1, 1.5, NaN]) expect(() => nextInt(rng, below)).toThrow(RangeError);
  });

  it("picks every item and refuses an empty list", () => {
    const rng = createRng(9);
    expect(new Set(Array.from({ length: 100 }, () => pick(rng, ["a", "b", "c"])))).toEqual(
      new Set(["a", "b", "c"]),
    );
    expect(() => pick(rng, [])).toThrow("pick needs at least one item");
  });

  it("forks a generator that does not disturb its parent", () => {
    const one = createRng(5);
    const two = createRng(5);
    const child = fork(one);
    fork(two);
    for (let count = 0; count < 10; count += 1) next(child);
    expect(next(one)).toBe(next(two));
  });
});
