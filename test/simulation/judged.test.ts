// A canary judged by the sequential judge: back at once when it is worse, on at once when it is safe,
// and people decide where nobody can tell.
import { describe, expect, it } from "vitest";
import { judgeAnewAnnotation, pauseUntilSafePlugin } from "../../src/api/argo/keys.ts";
import { standardRoute, type ScenarioOverrides } from "../../src/simulator/language.ts";
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

  it("goes back when it is slower, once it has warmed up", async () => {
    const slow = judged({ second: { latencyMs: [{ atMs: 0, value: 40 }] } });
    const { seconds, line } = found(await story("n4 w10 p5m w50 p5m", slow), /Degraded/);
    expect(seconds).toBeGreaterThan(30);
    expect(seconds).toBeLessThanOrEqual(40);
    expect(line).toMatch(/latency: canary \d+ of \d+ slower than/);
  });

  it("is promoted when it is as good as the stable version", async () => {
    const text = await story("n4 w10 p1m w50 p1m", judged({}));
    expect(text).not.toContain("Degraded");
    expect(found(text, /100% {2}4\+4 {4}Healthy/).seconds).toBeLessThan(150);
  });

  it("is held when both versions fail, and goes back only when a person says so", async () => {
    const both = {
      errorPercent: [
        { atMs: 0, value: 0.1 },
        { atMs: 90_000, value: 40 },
      ],
    };
    const outage = judged({ first: both, second: both });
    const text = await story("n4 w10 p2m w50 p5m | abort@20m", outage);
    expect(text).not.toContain("50%");
    expect(found(text, /Degraded/).seconds).toBe(19 * 60);
  });

  it("is held when another route brings it more requests than its weight promises", async () => {
    const other = standardRoute();
    const backendRefs = [
      { name: "shop-stable", port: 80, weight: 50 },
      { name: "shop-canary", port: 80, weight: 50 },
    ];
    const metadata = { ...other.metadata, name: "another" };
    const objects = [{ ...other, metadata, spec: { ...other.spec, rules: [{ backendRefs }] } }];
    const text = await story("n4 w10 p2m w50 p5m | abort@20m", { ...judged({}), objects });
    const { seconds, line } = found(text, /does not get the share of requests/);
    expect(seconds).toBeLessThanOrEqual(20);
    expect(line).toContain(" 10% ");
    expect(text).not.toContain(" 50%");
    expect(found(text, /Degraded/).seconds).toBe(19 * 60);
  });

  it("waits for people when the canary gets no requests", async () => {
    const text = await story("n4 w10 p5m w50 p5m | abort@20m", judged({}, 0));
    expect(text).not.toContain("50%");
    expect(found(text, /Degraded/).seconds).toBe(19 * 60);
  });

  it("that was worse goes back at once when it is tried again, unless it is to be judged anew", async () => {
    const recovering = judged({
      second: {
        errorPercent: [
          { atMs: 0, value: 20 },
          { atMs: 120_000, value: 0.1 },
        ],
      },
    });
    const kept = await story("n4 w10 p1m | retry@5m", recovering);
    expect(kept.match(/Degraded/g)?.length).toBeGreaterThan(2);
    const patch = { metadata: { annotations: { [judgeAnewAnnotation]: "2026-01-01T00:05:00Z" } } };
    const operator = [
      { atMs: 60_000, rollout: undefined, action: { kind: "setImage", image: "shop:v2" } },
      { atMs: 300_000, rollout: undefined, action: { kind: "patch", patch } },
      { atMs: 301_000, rollout: undefined, action: { kind: "do", verb: "retry" } },
    ] as const;
    const world = { ...recovering.world, operator };
    const anew = await story("n4 w10 p1m", { ...recovering, world });
    expect(found(anew, /100% {2}4\+4 {4}Healthy/).seconds).toBeLessThan(330);
  });
});

describe("a pause until the canary is shown to be safe", () => {
  const failsABit = { errorPercent: failing(2) };
  const alike = judged({ first: failsABit, second: failsABit }, 1000);

  it("ends as soon as it is, and later ones at once", async () => {
    const text = await story("n4 w20 u30m w50 u30m", alike);
    expect(text).toContain("until the canary is shown to be safe, for 30m at most");
    const { seconds } = found(text, /100% {2}4\+4 {4}Healthy/);
    expect(seconds).toBeLessThan(600);
  });

  it("waits for a person when its time is over and nothing was shown", async () => {
    const text = await story("n4 w20 u30s w50 | promote@10m", judged({}));
    expect(found(text, /was not shown to be safe within 30s: promote to go on/).seconds).toBe(32);
    expect(found(text, /100% {2}4\+4 {4}Healthy/).seconds).toBeGreaterThan(540);
  });

  it("goes on at the end of its time if the step says so", async () => {
    const steps = [
      { setWeight: 20 },
      { plugin: { name: pauseUntilSafePlugin, config: { max: "30s", atMax: "proceed" } } },
      { setWeight: 50 },
    ];
    const text = await story("n4", { ...alike, strategy: { steps } });
    expect(found(text, /100% {2}4\+4 {4}Healthy/).seconds).toBeLessThan(60);
  });
});
