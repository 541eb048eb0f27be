// A canary judged by the sequential judge: back at once when it is worse, on at once when it is safe,
// and people decide where nobody can tell.
import { describe, expect, it } from "vitest";
import type { ScenarioOverrides } from "../../src/simulator/language.ts";
import type { OverTime, VersionWorld } from "../../src/simulator/scenario.ts";
import { quietWorld } from "../../src/simulator/scenario.ts";
import { story } from "./story.ts";

const guard = { "haldane.dev/guard": "errors,latency" };

function failing(percent: number): OverTime {
  return [{ atMs: 0, value: percent }];
}

interface Versions {
  readonly first?: Partial<VersionWorld>;
  readonly second?: Partial<VersionWorld>;
}

function judged({ first, second }: Versions, requestsPerSecond = 100): ScenarioOverrides {
  const usual = { ...quietWorld.defaultVersion, errorPercent: failing(0.1) };
  return {
    annotations: guard,
    world: {
      requestsPerSecond: [{ atMs: 0, value: requestsPerSecond }],
      versions: { "shop:v1": { ...usual, ...first }, "shop:v2": { ...usual, ...second } },
    },
  };
}

/** Seconds after the update until a line of the story matches, and that line. */
function found(text: string, pattern: RegExp): { readonly seconds: number; readonly line: string } {
  const line = text.split("\n").find((each) => pattern.test(each)) ?? "";
  const [, minutes = "0", seconds = "0"] = /^\s*(\d+)m(?:(\d+)s)?/.exec(line) ?? [];
  expect(line, text).not.toBe("");
  return { seconds: Number(minutes) * 60 + Number(seconds) - 60, line };
}

describe("a guarded canary", () => {
  it("goes back within seconds when one request in five fails", async () => {
    const bad = judged({ second: { errorPercent: failing(20) } });
    const text = await story("n4 w10 p5m w50 p5m", bad);
    const { seconds, line } = found(text, /Degraded/);
    expect(seconds).toBeLessThanOrEqual(10);
    expect(line).toMatch(/ 0% .*"Error Message: The canary is worse\. errors: canary \d+ of \d+/);
  });

  it("goes back when it is slower", async () => {
    const slow = judged({ second: { latencyMs: [{ atMs: 0, value: 40 }] } });
    const { seconds, line } = found(await story("n4 w10 p5m w50 p5m", slow), /Degraded/);
    expect(seconds).toBeLessThanOrEqual(10);
    expect(line).toMatch(/latency: canary \d+ of \d+ slower than/);
  });

  it("is promoted when it is as good as the stable version", async () => {
    const text = await story("n4 w10 p1m w50 p1m", judged({}));
    expect(text).not.toContain("Degraded");
    expect(found(text, /100%  4\+4 {4}Healthy/).seconds).toBeLessThan(150);
  });
});
