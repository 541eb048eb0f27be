import { describe, expect, it } from "vitest";
import { resolveIntOrPercent, resolveSurgeLimits } from "./limits.ts";

describe("resolveIntOrPercent", () => {
  it.each([
    [3, 10, "up", 3],
    ["25%", 10, "up", 3],
    ["25%", 10, "down", 2],
    ["25", 10, "up", 3],
    ["0%", 10, "up", 0],
    ["many", 10, "up", 0],
  ] as const)("%s of %i rounded %s is %i", (value, total, rounding, expected) => {
    expect(resolveIntOrPercent(value, total, rounding)).toBe(expected);
  });
});

describe("resolveSurgeLimits", () => {
  it.each([
    ["25%", "25%", 10, 3, 2],
    ["0%", "0%", 10, 0, 1],
    [0, "5%", 10, 0, 1],
    [1, 0, 10, 1, 0],
    [0, 20, 10, 0, 10],
    [0, 0, 0, 0, 0],
  ] as const)("surge %s, unavailable %s of %i", (maxSurge, maxUnavailable, n, up, down) => {
    expect(resolveSurgeLimits({ maxSurge, maxUnavailable }, n)).toEqual({
      maxSurge: up,
      maxUnavailable: down,
    });
  });
});
