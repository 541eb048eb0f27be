import { describe, expect, it } from "vitest";
import { asJson } from "../api/meta/wire.ts";
import { scenarioOf } from "./language.ts";

describe("a line of text", () => {
  it("is a rollout, its steps and what people do", () => {
    const { objects, world } = scenarioOf("n3 w20 p10m s25% p | promote@3m scale=7@4m");
    const rollout = asJson(objects.at(-1)!);
    expect(rollout).toMatchObject({
      spec: { replicas: 3, strategy: { canary: { canaryService: "shop-canary" } } },
    });
    expect(rollout).toHaveProperty("spec.strategy.canary.steps", [
      { setWeight: 20 },
      { pause: { duration: "10m" } },
      { setCanaryScale: { weight: 25 } },
      { pause: {} },
    ]);
    expect(world.operator.map(({ atMs, action }) => [atMs, action.kind])).toEqual([
      [60_000, "setImage"],
      [180_000, "do"],
      [240_000, "scale"],
    ]);
  });

  it.each([
    ["x5", /"x5" is no step; use w20, p, p10m, u, u30m, a, s3, s25% or sm/],
    ["w5 | promot@3m", /"promot" is nothing a person can do; use promote/],
    ["w5 | promote", /"promote" says not when; write promote@3m/],
    ["w5 | promote@soon", /"soon" is no duration/],
  ])("that cannot be read says which word: %s", (line, message) => {
    expect(() => scenarioOf(line)).toThrow(message);
  });

  it("says how to make it again", () => {
    expect(scenarioOf("n1 w5", { forMs: 5 }).source).toBe('scenarioOf("n1 w5", {"forMs":5})');
  });
});
