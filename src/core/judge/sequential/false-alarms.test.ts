// A short version of bench/judge-false-alarms.ts: the rate of false alarms must not be shown to exceed alpha.
import { describe, expect, it } from "vitest";
import { falseAlarms, worlds } from "./false-alarms.test-support.ts";
import { clopperPearsonLower } from "./simulated.test-support.ts";

describe("false alarms", () => {
  it.each(worlds)("$name", (world) => {
    const { runs, at05, at01 } = falseAlarms(world, { runs: 40, ticks: 120, seed: 20_260 });
    expect(clopperPearsonLower(at05, runs, 0.999)).toBeLessThanOrEqual(0.05);
    expect(clopperPearsonLower(at01, runs, 0.999)).toBeLessThanOrEqual(0.01);
  });

  it("are found out: without the guard clumps of 5 make too many", () => {
    const clumps = worlds.find(({ name }) => name.startsWith("clumps of 5, guarded, without"));
    if (clumps === undefined) throw new Error("the world of clumps is gone");
    const unguarded = { ...clumps, config: { ...clumps.config, clumps: "off" as const } };
    const { runs, at05 } = falseAlarms(unguarded, { runs: 60, ticks: 360, seed: 20_260 });
    expect(clopperPearsonLower(at05, runs, 0.999)).toBeGreaterThan(0.05);
  });
});
