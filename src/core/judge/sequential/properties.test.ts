import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SequentialConfig } from "./config.ts";
import type { SequentialEvidence } from "./evidence.ts";
import { advance } from "./sequential.ts";
import { begin, restore, type SequentialState } from "./state.ts";
import type { BothSamples, CountSample, LatencySample, Tick } from "./tick.ts";
import { verdictOf } from "./verdict.ts";

const edgesMs = [10, 20, 40, 80];

const config: SequentialConfig = {
  metrics: [
    { name: "errors", kind: "errors", objective: { share: 0.05 }, weight: 3 },
    { name: "latency", kind: "latency", edgesMs, objective: { slowerThanMs: 80, share: 0.2 } },
    { name: "orders", kind: "count", weight: 0.5 },
    { name: "cpu", kind: "mean", better: "lower", blockMs: 2000 },
    { name: "memory", kind: "slope", blockMs: 2000 },
  ],
};

const countOf = (most: number): fc.Arbitrary<CountSample> =>
  fc
    .tuple(fc.nat(most), fc.nat(most))
    .map(([a, b]) => ({ total: Math.max(a, b), count: Math.min(a, b) }));
const latencyOf = (most: number): fc.Arbitrary<LatencySample> =>
  fc.record({ buckets: fc.array(fc.nat(most), { minLength: 5, maxLength: 5 }) });
const meanOf = fc
  .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 1000 }))
  .map(([values, each]) => ({ values, sum: values * (each / 1000) }));
const levelOf = fc.integer({ min: 1, max: 1_000_000 }).map((level) => ({ level }));

function both<S extends BothSamples["canary"]>(sample: fc.Arbitrary<S>): fc.Arbitrary<BothSamples> {
  return fc.record({ canary: sample, stable: sample });
}

/** Ticks in order of time, some of them missing, each with some of the metrics. */
function ticksOf(most: number): fc.Arbitrary<readonly Tick[]> {
  const samples = fc.record(
    {
      errors: both(countOf(most)),
      latency: both(latencyOf(most)),
      orders: both(countOf(most)),
      cpu: both(meanOf),
      memory: both(levelOf),
    },
    { requiredKeys: [] },
  );
  const tick = fc.record({ gap: fc.nat(2), samples, requests: both(countOf(most)) });
  return fc.array(tick, { maxLength: 30 }).map((all) => {
    let fromMs = 0;
    return all.map(({ gap, samples: found, requests }): Tick => {
      fromMs += gap * 1000;
      const { canary, stable } = requests;
      const both = { canary: (canary as CountSample).total, stable: (stable as CountSample).total };
      const made = {
        fromMs,
        toMs: fromMs + 1000,
        samples: found,
        requests: both,
        canaryShare: 0.1,
      };
      fromMs += 1000;
      return made;
    });
  });
}

const after = (ticks: readonly Tick[], settings = config): SequentialState =>
  advance(settings, begin(settings, 0), ticks).state;
const evidenceAfter = (ticks: readonly Tick[], settings = config): SequentialEvidence =>
  verdictOf(settings, after(ticks, settings), 0).evidence;

function numbersIn(value: unknown): readonly number[] {
  if (typeof value === "number") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(numbersIn);
}

/** Samples of one metric times a factor, as if measured in another unit. */
function inUnit(tick: Tick, factor: number): Tick {
  const { cpu, memory, ...others } = tick.samples;
  const scaled = (sample: BothSamples["canary"]): BothSamples["canary"] => {
    if ("level" in sample) return { level: sample.level * factor };
    return "sum" in sample ? { ...sample, sum: sample.sum * factor } : sample;
  };
  const bothScaled = (samples: BothSamples): BothSamples => ({
    canary: scaled(samples.canary),
    stable: scaled(samples.stable),
  });
  return {
    ...tick,
    samples: {
      ...others,
      ...(cpu === undefined ? {} : { cpu: bothScaled(cpu) }),
      ...(memory === undefined ? {} : { memory: bothScaled(memory) }),
    },
  };
}

const runs = { numRuns: 60 };

describe("whatever is counted", () => {
  it("numbers stay finite with a million requests a tick", () => {
    fc.assert(
      fc.property(ticksOf(1_000_000), (ticks) => {
        const state = after(ticks);
        const { evidence } = verdictOf(config, state, 0);
        expect(numbersIn([state, evidence]).every((value) => Number.isFinite(value))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it("work may be split, and the judge restarted, anywhere", () => {
    fc.assert(
      fc.property(ticksOf(200), fc.array(fc.nat(30)), (ticks, cuts) => {
        let state = begin(config, 0);
        let from = 0;
        for (const cut of [...cuts, ticks.length].sort((a, b) => a - b)) {
          const restored = restore(config, JSON.stringify(state));
          if ("problem" in restored) throw new Error(restored.problem);
          state = advance(config, restored.state, ticks.slice(from, cut)).state;
          from = Math.max(from, cut);
        }
        expect(JSON.stringify(state)).toBe(JSON.stringify(after(ticks)));
      }),
      runs,
    );
  });

  it("ticks may come in any order, and again", () => {
    fc.assert(
      fc.property(
        ticksOf(200).chain((ticks) =>
          fc.tuple(
            fc.constant(ticks),
            fc.shuffledSubarray([...ticks], { minLength: ticks.length }),
          ),
        ),
        ([ticks, shuffled]) => {
          const state = after(ticks);
          expect(after([...shuffled])).toEqual(state);
          expect(advance(config, state, shuffled).state).toEqual(state);
        },
      ),
      runs,
    );
  });

  it("the order of the metrics changes nothing", () => {
    const names = config.metrics.map(({ name }) => name);
    fc.assert(
      fc.property(ticksOf(200), fc.shuffledSubarray(names, { minLength: 5 }), (ticks, order) => {
        const metrics = order.flatMap((name) =>
          config.metrics.filter((each) => each.name === name),
        );
        expect(evidenceAfter(ticks, { ...config, metrics })).toEqual(evidenceAfter(ticks));
      }),
      runs,
    );
  });

  it("the unit changes nothing", () => {
    fc.assert(
      fc.property(ticksOf(200), fc.constantFrom(1000, 1e-3, 1 / 60, 1_048_576), (ticks, factor) => {
        const before = evidenceAfter(ticks);
        const scaled = evidenceAfter(ticks.map((tick) => inUnit(tick, factor)));
        expect(scaled.action).toBe(before.action);
        before.metrics.forEach(({ logE }, index) => {
          expect(scaled.metrics[index]?.logE).toBeCloseTo(logE, 5);
        });
      }),
      runs,
    );
  });

  it("a canary without failures is never rolled back for errors", () => {
    const errors: SequentialConfig = { metrics: [{ name: "errors", kind: "errors" }] };
    fc.assert(
      fc.property(ticksOf(1000), (ticks) => {
        const clean = ticks.map((tick): Tick => {
          const found = tick.samples["errors"];
          if (found === undefined) return tick;
          const canary = { ...(found.canary as CountSample), count: 0 };
          return { ...tick, samples: { errors: { ...found, canary } } };
        });
        expect(evidenceAfter(clean, errors).action).not.toBe("roll back");
      }),
      runs,
    );
  });

  it("one more failure of the canary is never evidence for it", () => {
    const errors: SequentialConfig = { metrics: [{ name: "errors", kind: "errors" }] };
    const tick = (canary: CountSample, stable: CountSample): Tick => ({
      fromMs: 0,
      toMs: 1000,
      samples: { errors: { canary, stable } },
    });
    fc.assert(
      fc.property(countOf(1000), countOf(1000), (canary, stable) => {
        const worse = { total: canary.total + 1, count: canary.count + 1 };
        const same = { total: canary.total + 1, count: canary.count };
        const [more, less] = [worse, same].map((sample) =>
          evidenceAfter([tick(sample, stable)], errors),
        );
        expect(more?.logE).toBeGreaterThanOrEqual(less?.logE ?? NaN);
      }),
      runs,
    );
  });

  it("without data nothing is successful", () => {
    fc.assert(
      fc.property(ticksOf(100), (ticks) => {
        const late = (ticks.at(-1)?.toMs ?? 0) + 61_000;
        expect(verdictOf(config, after(ticks), late).verdict).not.toBe("successful");
      }),
      runs,
    );
  });
});
