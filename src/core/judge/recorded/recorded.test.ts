import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SequentialConfig } from "../sequential/config.ts";
import { begin } from "../sequential/state.ts";
import type { Tick } from "../sequential/tick.ts";
import { lookAt, type Look, type Moment } from "./look.ts";
import { mergedTicks } from "./merge-ticks.ts";
import { recordedTicks, recordOf } from "./record.ts";
import { replayAsJudged, replayOtherwise } from "./replay.ts";
import { ticksOf, ticksText } from "./tick-text.ts";

const metrics = [
  { kind: "errors", name: "errors" },
  { kind: "latency", name: "latency" },
  { kind: "mean", name: "score", better: "higher" },
  { kind: "slope", name: "memory" },
] as const;

const count = fc.nat(1_000_000);
const real = fc.double({ noNaN: true, noDefaultInfinity: true });
const counts = fc.record({ total: count, count });
const buckets = fc.record({ buckets: fc.array(count, { minLength: 1, maxLength: 17 }) });
const mean = fc.record({ values: count, sum: real });
const level = fc.record({ level: real });
const both = <T>(sample: fc.Arbitrary<T>) => fc.record({ canary: sample, stable: sample });
const samples = fc.record(
  { errors: both(counts), latency: both(buckets), score: both(mean), memory: both(level) },
  { requiredKeys: [] },
);
const someTicks: fc.Arbitrary<readonly Tick[]> = fc
  .array(
    fc.record(
      {
        gap: fc.nat(100_000),
        length: fc.integer({ min: 1, max: 60_000 }),
        requests: fc.record({ canary: count, stable: count }),
        canaryShare: fc.double({ min: 0, max: 1, noNaN: true }),
        samples,
      },
      { requiredKeys: ["gap", "length", "samples"] },
    ),
    { maxLength: 12 },
  )
  .map((parts) => {
    let endMs = 1_800_000_000_000;
    return parts.map(({ gap, length, ...rest }) => {
      const fromMs = endMs + gap;
      endMs = fromMs + length;
      return { ...rest, fromMs, toMs: endMs };
    });
  });

describe("ticks as text", () => {
  it("come back to the bit", () => {
    fc.assert(
      fc.property(someTicks, (ticks) => {
        const afterMs = ticks[0]?.fromMs ?? 0;
        expect(ticksOf(ticksText(ticks, metrics, afterMs), metrics, afterMs)).toEqual(ticks);
      }),
      { numRuns: 300 },
    );
  });

  it.each(["x", "0 rs|1 2", "0 rs|1/2 3", "0|1 2/3 4", "0 rs|~no 1/2 3"])(
    "that are damaged are none: %j",
    (text) => {
      expect(ticksOf(text, metrics.slice(0, 1), 0)).toBeUndefined();
    },
  );

  it("summed up keep every count, and no gap and no change of weight", () => {
    const tick = (second: number, canaryShare?: number): Tick => ({
      fromMs: second * 1000,
      toMs: second * 1000 + 1000,
      requests: { canary: 1, stable: 9 },
      ...(canaryShare === undefined ? {} : { canaryShare }),
      samples: { errors: { canary: { total: 1, count: 1 }, stable: { total: 9, count: 2 } } },
    });
    const merged = mergedTicks([tick(0), tick(1), tick(2), tick(4), tick(5, 0.1), tick(6, 0.5)]);
    expect(merged.map(({ fromMs, toMs }) => [fromMs / 1000, toMs / 1000])).toEqual([
      [0, 2],
      [2, 3],
      [4, 5],
      [5, 6],
      [6, 7],
    ]);
    expect(merged[0]?.samples).toEqual({
      errors: { canary: { total: 2, count: 2 }, stable: { total: 18, count: 4 } },
    });
  });
});

const judge: SequentialConfig = {
  metrics: [
    { kind: "errors", name: "errors" },
    { kind: "latency", name: "latency" },
  ],
};

function tickAt(second: number, failing: number): Tick {
  const slow = (n: number): readonly number[] =>
    Array.from({ length: 17 }, (_, index) => (index === 4 ? n : index === 9 ? second % 3 : 0));
  return {
    fromMs: second * 1000,
    toMs: second * 1000 + 1000,
    requests: { canary: 50, stable: 450 },
    samples: {
      errors: {
        canary: { total: 50, count: second % 10 < failing ? 1 : 0 },
        stable: { total: 450, count: second % 4 === 0 ? 1 : 0 },
      },
      latency: { canary: { buckets: slow(50) }, stable: { buckets: slow(450) } },
    },
  };
}

/** Looked at every five seconds for so long. */
function watched(seconds: number, failing: number): NonNullable<Moment["kept"]> {
  let look: Look | undefined;
  for (let at = 5; at <= seconds; at += 5) {
    const ticks = Array.from({ length: 5 }, (_, index) => tickAt(at - 5 + index, failing));
    look = lookAt({
      judge,
      watch: { kind: "intervals", intervalMs: 10 * seconds * 1000 },
      kept: look?.record,
      earlier: undefined,
      begunMs: 0,
      noted: look?.metadata,
      ticks,
      sourceProblem: undefined,
      now: at * 1000,
    });
  }
  return look?.record ?? {};
}

function recordAfter(seconds: number, failing: number) {
  const record = recordOf(watched(seconds, failing));
  if (record === undefined) throw new Error("nothing was kept");
  return record;
}

describe("a record judged again", () => {
  it("gives the same state to the bit, and the whole path", () => {
    const record = recordAfter(200, 5);
    const again = replayAsJudged(judge, record);
    if (!again.ok) throw new Error(again.problem);
    expect(again.replay.state).toBe(record.state);
    expect(again.replay.path).toHaveLength(200);
    expect(again.replay.rolledBackAtMs).toBeGreaterThan(0);
  });

  it("stays small however long it is, and still gives the same state to the bit", () => {
    const record = recordAfter(2000, 0);
    expect(record.ticks.length + record.older.length).toBeLessThan(50_000);
    expect(recordedTicks(judge, record)?.older.length).toBeGreaterThan(0);
    const again = replayAsJudged(judge, record);
    if (!again.ok) throw new Error(again.problem);
    expect(again.replay.state).toBe(record.state);
    expect(again.replay.path[0]?.atMs).toBeLessThan(20_000);
    const sums = recordedTicks(judge, record);
    const total = [...(sums?.older ?? []), ...(sums?.exact ?? [])].reduce(
      (sum, { requests }) => sum + (requests?.canary ?? 0),
      0,
    );
    expect(total).toBe(2000 * 50);
  });

  it("by other settings gives what they would have given", () => {
    const record = recordAfter(200, 5);
    const strict = replayOtherwise({ ...judge, alpha: 1e-12 }, judge, record);
    const same = replayOtherwise({ ...judge }, judge, record);
    if (!strict.ok || !same.ok) throw new Error("not replayed");
    expect(same.replay.state).toBe(record.state.replace(/"begunMs":\d+/, '"begunMs":0'));
    expect(strict.replay.rolledBackAtMs ?? Infinity).toBeGreaterThan(
      same.replay.rolledBackAtMs ?? Infinity,
    );
    const one: SequentialConfig = { metrics: [{ kind: "errors", name: "errors" }] };
    expect(replayOtherwise(one, judge, record).ok).toBe(true);
    const other: SequentialConfig = { metrics: [{ kind: "count", name: "sales" }] };
    expect(replayOtherwise(other, judge, record)).toMatchObject({
      ok: false,
      problem: "sales (count) was not counted; recorded are errors, latency",
    });
  });

  it("needs a record", () => {
    const empty = { ...recordAfter(5, 0), ticks: "", older: "" };
    expect(replayAsJudged(judge, empty).ok).toBe(false);
    expect(recordOf({ judge: "other", state: "{}" })).toBeUndefined();
    expect(JSON.stringify(begin(judge, 0)).length).toBeLessThan(2000);
  });
});
