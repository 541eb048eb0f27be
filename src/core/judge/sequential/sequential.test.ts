import { describe, expect, it } from "vitest";
import type { SequentialConfig } from "./config.ts";
import type { SequentialJudgement } from "./evidence.ts";
import { advance } from "./sequential.ts";
import { begin, restore, type SequentialState } from "./state.ts";
import { verdictOf } from "./verdict.ts";
import type { BothSamples, Tick } from "./tick.ts";

const second = 1000;

/** canary failed/total against stable failed/total. */
type Counts = readonly [number, number, number, number];

function countTick(index: number, [failed, total, stableFailed, stableTotal]: Counts): Tick {
  const errors: BothSamples = {
    canary: { total, count: failed },
    stable: { total: stableTotal, count: stableFailed },
  };
  return { fromMs: index * second, toMs: (index + 1) * second, samples: { errors } };
}

const repeat = (times: number, counts: Counts, from = 0): readonly Tick[] =>
  Array.from({ length: times }, (_, index) => countTick(from + index, counts));

interface Played extends SequentialJudgement {
  readonly state: SequentialState;
  readonly errors: readonly string[];
}

function play(config: SequentialConfig, ticks: readonly Tick[], nowMs?: number): Played {
  const { state, errors } = advance(config, begin(config, ticks[0]?.fromMs ?? 0), ticks);
  const judgement = verdictOf(config, state, nowMs ?? ticks.at(-1)?.toMs ?? 0);
  return { ...judgement, state, errors };
}

const errors: SequentialConfig = { metrics: [{ name: "errors", kind: "errors" }] };
const guarded: SequentialConfig = {
  metrics: [{ name: "errors", kind: "errors", objective: { share: 0.05 } }],
};
const stableAlone = repeat(12, [0, 0, 0, 180]);

describe("a canary that fails", () => {
  it("is rolled back within a second or two when it fails a fifth of its requests", () => {
    const { verdict, evidence, sentence } = play(errors, [
      ...stableAlone,
      ...repeat(2, [4, 20, 0, 180], 12),
    ]);
    expect({ verdict, action: evidence.action }).toEqual({
      verdict: "failed",
      action: "roll back",
    });
    expect(sentence).toMatchInlineSnapshot(
      `"The canary is worse. errors: canary 8 of 40 failed, stable 0 of 360: 144 times as often, false-alarm chance below 1 in 100."`,
    );
  });

  it("is undecided while one failure may be chance", () => {
    const { verdict, evidence, sentence } = play(errors, [
      ...stableAlone,
      ...repeat(1, [1, 20, 1, 180], 12),
    ]);
    expect({ verdict, action: evidence.action }).toEqual({
      verdict: "inconclusive",
      action: "go on",
    });
    expect(sentence).toMatchInlineSnapshot(
      `"Not decided yet. errors: canary 1 of 20 failed, stable 1 of 180: 9 times as often."`,
    );
  });

  it("stays failed when it behaves afterwards", () => {
    const bad = [...stableAlone, ...repeat(5, [4, 20, 0, 180], 12)];
    const { evidence } = play(errors, [...bad, ...repeat(200, [0, 20, 1, 180], 17)]);
    expect(evidence.action).toBe("roll back");
    expect(evidence.decidedAtMs).toBeLessThanOrEqual(17 * second);
  });

  it("needs more before stable's own errors are known: they may come in clumps", () => {
    const failedAtMs = (ticks: readonly Tick[]): number | undefined =>
      play(errors, ticks).evidence.decidedAtMs;
    const begunAt = failedAtMs(repeat(30, [2, 20, 0, 180]));
    const knownAt = failedAtMs([...stableAlone, ...repeat(30, [2, 20, 0, 180], 12)]);
    expect(begunAt).toBeGreaterThan((knownAt ?? Infinity) - 12 * second);
  });
});

describe("a canary that is fine", () => {
  it("is safe once shown to be less than twice as bad", () => {
    const { verdict, evidence, sentence } = play(errors, repeat(100, [1, 100, 9, 900]));
    expect({ verdict, action: evidence.action }).toEqual({
      verdict: "successful",
      action: "safe",
    });
    expect(evidence.metrics[0]?.confidence?.lo).toBeLessThan(1);
    expect(evidence.metrics[0]?.confidence?.hi).toBeGreaterThan(1);
    expect(evidence.metrics[0]?.confidence?.hi).toBeLessThan(2.5);
    expect(sentence).toMatchInlineSnapshot(
      `"The canary is safe. errors: canary 100 of 10,000 failed, stable 900 of 90,000: as often."`,
    );
  });

  it("is not safe without any error to compare", () => {
    expect(play(errors, repeat(100, [0, 100, 0, 900])).evidence.action).toBe("go on");
  });

  it("is safe where next to nothing fails, if a share is named that is nobody's trouble", () => {
    const lenient: SequentialConfig = {
      metrics: [{ name: "errors", kind: "errors", negligible: 0.001 }],
    };
    const at = (ticks: number, failed: number): string =>
      play(lenient, repeat(ticks, [failed, 100, 0, 900])).evidence.action;
    expect([at(20, 0), at(120, 0)]).toEqual(["go on", "safe"]);
    // One of a hundred is neither rare nor as rare as on stable.
    expect(at(120, 1)).toBe("roll back");
  });

  it("goes on with that evidence from what was saved", () => {
    const lenient: SequentialConfig = {
      metrics: [{ name: "errors", kind: "errors", negligible: 0.001 }],
    };
    const half = play(lenient, repeat(60, [0, 100, 0, 900])).state;
    const restored = restore(lenient, JSON.stringify(half));
    if (!("state" in restored)) throw new Error(restored.problem);
    const { state } = advance(lenient, restored.state, repeat(60, [0, 100, 0, 900], 60));
    expect(state).toEqual(play(lenient, repeat(120, [0, 100, 0, 900])).state);
  });

  it("is safe only when all metrics that can show it have shown it", () => {
    const two: SequentialConfig = {
      metrics: [
        { name: "errors", kind: "errors" },
        { name: "conversion", kind: "count" },
      ],
    };
    const ticks = repeat(100, [1, 100, 9, 900]).map((tick, index): Tick => {
      const conversion: BothSamples = {
        canary: { total: 100, count: index < 2 ? 3 : 0 },
        stable: { total: 900, count: index < 2 ? 27 : 0 },
      };
      return { ...tick, samples: { ...tick.samples, conversion } };
    });
    expect(play(two, ticks).evidence.action).toBe("go on");
  });
});

describe("attribution", () => {
  it("holds while both versions breach the objective, and goes on when that is over", () => {
    const before = repeat(30, [0, 20, 0, 180]);
    const outage = repeat(10, [10, 20, 90, 180], 30);
    const { verdict, evidence, sentence } = play(guarded, [...before, ...outage]);
    expect({ verdict, action: evidence.action }).toEqual({
      verdict: "inconclusive",
      action: "hold",
    });
    expect(sentence).toMatchInlineSnapshot(
      `"Both versions breach the objective, so it is not the canary alone. errors: canary 10 of 620 failed, stable 90 of 5,580: as often. Look for what they share before going on."`,
    );
    const after = repeat(60, [0, 20, 0, 180], 40);
    expect(play(guarded, [...before, ...outage, ...after]).evidence.action).toBe("go on");
  });

  it("does not roll back during a shared outage that hits the canary harder", () => {
    const ticks = [...repeat(30, [0, 20, 0, 180]), ...repeat(120, [16, 20, 72, 180], 30)];
    expect(play(guarded, ticks).evidence.action).toBe("hold");
  });

  it("rolls back a bad canary after the outage", () => {
    const ticks = [
      ...repeat(30, [0, 20, 0, 180]),
      ...repeat(30, [10, 20, 90, 180], 30),
      ...repeat(60, [4, 20, 0, 180], 60),
    ];
    expect(play(guarded, ticks).evidence.action).toBe("roll back");
  });

  it("does not mind an outage of stable that the canary does not share", () => {
    const ticks = [...repeat(30, [0, 20, 0, 180]), ...repeat(30, [0, 20, 90, 180], 30)];
    expect(play(guarded, ticks).evidence.action).toBe("go on");
  });
});

describe("missing data", () => {
  it("is said after a minute without data, and which", () => {
    const { verdict, evidence, sentence } = play(errors, repeat(5, [0, 20, 0, 180]), 70 * second);
    expect({ verdict, action: evidence.action }).toEqual({
      verdict: "inconclusive",
      action: "no data",
    });
    expect(sentence).toMatchInlineSnapshot(
      `"Not judged: errors: no data of both versions for 65 s."`,
    );
  });

  it("is said when there never was any", () => {
    const state = begin(errors, 0);
    expect(verdictOf(errors, state, 60 * second).evidence.action).toBe("go on");
    expect(verdictOf(errors, state, 61 * second).evidence.action).toBe("no data");
  });

  it("is said when only one version has requests", () => {
    const { evidence } = play(errors, repeat(70, [0, 0, 0, 180]));
    expect(evidence.action).toBe("no data");
  });

  it("never turns into safety", () => {
    const { evidence } = play(errors, repeat(100, [1, 100, 9, 900]), 400 * second);
    expect(evidence.action).toBe("no data");
  });
});

describe("time", () => {
  const ticks = [...stableAlone, ...repeat(20, [1, 20, 0, 180], 12)];

  it("counts a tick once, whoever shows it again", () => {
    const once = advance(errors, begin(errors, 0), ticks).state;
    expect(advance(errors, once, ticks).state).toEqual(once);
    expect(advance(errors, once, ticks.slice(5, 9)).state).toEqual(once);
  });

  it("does not count a stretch that overlaps what was counted", () => {
    const once = advance(errors, begin(errors, 0), ticks).state;
    const overlapping = { ...countTick(31, [20, 20, 0, 180]), toMs: 40 * second };
    expect(advance(errors, once, [overlapping]).state).toEqual(once);
  });

  it("takes a gap for no data, not for no errors", () => {
    const gap = ticks.filter(({ fromMs }) => fromMs < 15 * second || fromMs >= 25 * second);
    const { state } = advance(errors, begin(errors, 0), gap);
    const total = verdictOf(errors, state, 0).evidence.metrics[0]?.canary.total;
    expect(total).toBe(10 * 20);
  });

  it("does not count what happens in the warm-up", () => {
    const cold: SequentialConfig = { ...errors, warmUpMs: 10 * second };
    const bad = [...stableAlone, ...repeat(10, [10, 20, 0, 180], 12)];
    const warm = play(cold, [...bad, ...repeat(50, [0, 20, 0, 180], 22)]);
    expect(warm.evidence.action).toBe("go on");
    expect(warm.evidence.metrics[0]?.canary).toEqual({ total: 50 * 20, count: 0, rate: 0 });
    expect(play(cold, [...bad, ...repeat(10, [4, 20, 0, 180], 22)]).evidence.action).toBe(
      "roll back",
    );
  });
});

describe("state", () => {
  it("goes on after a restart as if nothing had happened", () => {
    const ticks = repeat(40, [1, 20, 1, 180]);
    const whole = advance(guarded, begin(guarded, 0), ticks).state;
    let split = begin(guarded, 0);
    for (const tick of ticks) {
      const restored = restore(guarded, JSON.stringify(split));
      if ("problem" in restored) throw new Error(restored.problem);
      split = advance(guarded, restored.state, [tick]).state;
    }
    expect(split).toEqual(whole);
  });

  it("is refused under other settings, and when it is none", () => {
    const text = JSON.stringify(begin(errors, 0));
    expect(restore({ ...errors, alpha: 0.05 }, text)).toHaveProperty("problem");
    expect(restore(errors, "{")).toHaveProperty("problem");
    expect(restore(errors, "{}")).toHaveProperty("problem");
  });

  it("stays below 2.5 kB for errors and latency together", () => {
    const both: SequentialConfig = {
      metrics: [
        { name: "errors", kind: "errors" },
        { name: "latency", kind: "latency" },
      ],
    };
    const ticks = repeat(500, [1, 200, 3, 1800]).map((tick, index): Tick => {
      const buckets = Array.from({ length: 17 }, (_, bucket) => 5 + ((index * 7 + bucket) % 11));
      const latency: BothSamples = {
        canary: { buckets },
        stable: { buckets: buckets.map((count) => count * 9 + 1) },
      };
      return { ...tick, samples: { ...tick.samples, latency } };
    });
    const { state } = advance(both, begin(both, 0), ticks);
    expect(JSON.stringify(state).length).toBeLessThan(2560);
  });
});

describe("data errors", () => {
  it.each([
    [{ total: 10, count: 11 }, "more than the total"],
    [{ total: 10, count: -1 }, "not a whole number"],
    [{ total: NaN, count: 0 }, "not a whole number"],
    [{ total: 10.5, count: 0 }, "not a whole number"],
    [{ buckets: [1] }, "no count"],
  ])("%o is said and not counted", (canary, said) => {
    const tick: Tick = {
      fromMs: 0,
      toMs: second,
      samples: { errors: { canary, stable: { total: 10, count: 0 } } },
    };
    const { state, errors: problems } = advance(errors, begin(errors, 0), [tick]);
    expect(problems).toEqual([expect.stringContaining(said)]);
    expect(problems[0]).toContain("metric errors, canary");
    const { evidence } = verdictOf(errors, state, 0);
    expect(evidence.metrics[0]?.canary.total).toBe(0);
    expect(evidence.dataErrors).toBe(1);
    expect(advance(errors, state, [tick])).toEqual({ state, errors: [] });
  });

  it("a tick without length is refused", () => {
    const tick = { ...countTick(1, [0, 1, 0, 1]), toMs: second };
    expect(advance(errors, begin(errors, 0), [tick]).errors).toEqual([
      expect.stringContaining("must end after it begins"),
    ]);
  });
});

describe("the sample-ratio guard", () => {
  const withRequests = (canary: number, stable: number): readonly Tick[] =>
    repeat(200, [0, canary, 0, stable]).map((tick) => ({
      ...tick,
      requests: { canary, stable },
      canaryShare: 0.1,
    }));

  it("holds when the canary gets half of what it should", () => {
    const { evidence, sentence } = play(errors, withRequests(10, 190));
    expect(evidence.action).toBe("hold");
    expect(sentence).toContain("does not get the share of requests");
  });

  it("does not mind a router that rounds", () => {
    expect(play(errors, withRequests(21, 179)).evidence.action).toBe("go on");
  });

  it("can be turned off", () => {
    const off = { ...errors, sampleRatioLevel: 0 };
    expect(play(off, withRequests(10, 190)).evidence.action).toBe("go on");
  });
});
