import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EvenSampler, WeightedSplit } from "./split.ts";

const itemsOf = (weights: readonly number[]) =>
  weights.map((weight, index) => ({ name: String(index), weight, target: index }));

function tally(split: WeightedSplit<number>, count: number): Map<number | undefined, number> {
  const seen = new Map<number | undefined, number>();
  for (let index = 0; index < count; index += 1) {
    const target = split.next();
    seen.set(target, (seen.get(target) ?? 0) + 1);
  }
  return seen;
}

describe("weighted split", () => {
  it.each([[[95, 5]], [[1, 99]], [[20, 30, 50]], [[100, 0]], [[33, 33, 34]]])(
    "gives exactly %j of every 100, from any place",
    (weights) => {
      const split = new WeightedSplit(itemsOf(weights));
      tally(split, 37);
      for (let round = 0; round < 3; round += 1) {
        const seen = tally(split, 100);
        weights.forEach((weight, index) => expect(seen.get(index) ?? 0).toBe(weight));
      }
    },
  );

  it("spreads a small share evenly", () => {
    const split = new WeightedSplit(itemsOf([95, 5]));
    for (let twenty = 0; twenty < 10; twenty += 1) expect(tally(split, 20).get(1)).toBe(1);
  });

  it("never strays by more than one request per other target from the ideal (generated weights)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 5 }),
        (weights) => {
          const sum = weights.reduce((a, b) => a + b, 0);
          const split = new WeightedSplit(itemsOf(weights));
          if (sum === 0) return split.next() === undefined;
          const seen = new Map<number, number>();
          for (let count = 1; count <= sum; count += 1) {
            const target = split.next();
            if (target === undefined || weights[target] === 0) return false;
            seen.set(target, (seen.get(target) ?? 0) + 1);
            for (const [index, weight] of weights.entries()) {
              if (Math.abs((seen.get(index) ?? 0) - (count * weight) / sum) > weights.length)
                return false;
            }
          }
          return weights.every((weight, index) => (seen.get(index) ?? 0) === weight);
        },
      ),
    );
  });

  it("has no target without weights", () => {
    expect(new WeightedSplit(itemsOf([0, 0])).next()).toBeUndefined();
    expect(new WeightedSplit(itemsOf([])).next()).toBeUndefined();
  });

  it("goes on where an equal split stood, so that frequent swaps starve nobody", () => {
    let split = new WeightedSplit(itemsOf([95, 0, 5]));
    const seen = new Map<number | undefined, number>();
    for (let index = 0; index < 100; index += 1) {
      split = new WeightedSplit(itemsOf([95, 0, 5]), split);
      const target = split.next();
      seen.set(target, (seen.get(target) ?? 0) + 1);
    }
    expect(seen).toEqual(
      new Map([
        [0, 95],
        [2, 5],
      ]),
    );
  });
});

it.each([0, 1, 10, 33, 100])("samples %i of every 100", (percent) => {
  const sampler = new EvenSampler(percent);
  for (let round = 0; round < 3; round += 1) {
    const taken = Array.from({ length: 100 }, () => sampler.take()).filter(Boolean);
    expect(taken).toHaveLength(percent);
  }
});
