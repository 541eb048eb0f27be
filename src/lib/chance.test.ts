import { describe, expect, it } from "vitest";
import { binomial, normal, poisson } from "./chance.ts";
import { createRng, type Rng } from "./rng.ts";

interface Moments {
  readonly mean: number;
  readonly variance: number;
}

function momentsOf(draw: (rng: Rng) => number, draws = 20_000): Moments {
  const rng = createRng(7);
  const values = Array.from({ length: draws }, () => draw(rng));
  const mean = values.reduce((sum, value) => sum + value, 0) / draws;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (draws - 1);
  return { mean, variance };
}

/** Five standard errors of a mean, and of a variance that is about normal. */
function expectMoments(found: Moments, expected: Moments, draws = 20_000): void {
  expect(Math.abs(found.mean - expected.mean)).toBeLessThan(
    5 * Math.sqrt(expected.variance / draws),
  );
  expect(Math.abs(found.variance / expected.variance - 1)).toBeLessThan(
    10 / Math.sqrt(draws) + 0.02,
  );
}

describe("binomial", () => {
  it.each([
    [25, 0.001],
    [10, 0.5],
    [475, 0.2],
    [475, 0.99],
    [100_000, 0.03],
  ])("%s tries at %s", (n, p) => {
    const found = momentsOf((rng) => binomial(rng, n, p));
    expectMoments(found, { mean: n * p, variance: n * p * (1 - p) });
  });

  it("never leaves 0 to n", () => {
    const rng = createRng(1);
    for (let turn = 0; turn < 1000; turn += 1) {
      const drawn = binomial(rng, 3, 0.97);
      expect([0, 1, 2, 3]).toContain(drawn);
    }
    expect([binomial(rng, 0, 0.5), binomial(rng, 5, 0), binomial(rng, 5, 1)]).toEqual([0, 0, 5]);
  });
});

describe("poisson", () => {
  it.each([0.02, 1, 12.5, 4000])("of mean %s", (mean) => {
    expectMoments(
      momentsOf((rng) => poisson(rng, mean)),
      { mean, variance: mean },
    );
  });

  it("of nothing is nothing", () => {
    expect(poisson(createRng(1), 0)).toBe(0);
  });
});

it("normal", () => {
  expectMoments(momentsOf(normal), { mean: 0, variance: 1 });
});
