// Pods are scraped at different moments, so an outage of both versions begins and ends in different scrapes of them.
// Judged from such counts it must still be nobody's fault.
import { describe, expect, it } from "vitest";
import type { SequentialConfig } from "../../core/judge/sequential/config.ts";
import { advance } from "../../core/judge/sequential/sequential.ts";
import { begin } from "../../core/judge/sequential/state.ts";
import { verdictOf } from "../../core/judge/sequential/verdict.ts";
import { createRng, next, nextInt, type Rng } from "../../lib/rng.ts";
import type { RangeSeries } from "../prometheus-answer.ts";
import type { Counting } from "./prometheus-config.ts";
import { ticksOf, type Arm } from "./prometheus-ticks.ts";

const everySeconds = 15;
const seconds = 480;
const counting: Counting = { name: "errors", kind: "share", isErrors: true, total: "", part: "" };

interface Outage {
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

function times(rng: Rng, requests: number, share: number): number {
  return Array.from({ length: requests }, () => next(rng)).filter((u) => u < share).length;
}

/** Pods with `perSecond` requests each and 0.1 % errors, more in the outage; scraped at a moment of their own. */
function armOf(rng: Rng, pods: number, perSecond: number, { from, to, share }: Outage): Arm {
  const all = Array.from({ length: pods }, (_, pod) => {
    const scrapedAt = nextInt(rng, everySeconds);
    const values: Record<"200" | "500", { atMs: number; value: number }[]> = { 200: [], 500: [] };
    let [good, bad] = [0, 0];
    for (let second = 0; second < seconds; second += 1) {
      const failed = times(rng, perSecond, second >= from && second < to ? share : 0.001);
      good += perSecond - failed;
      bad += failed;
      if (second % everySeconds !== scrapedAt) continue;
      values[200].push({ atMs: (second + 1) * 1000, value: good });
      values[500].push({ atMs: (second + 1) * 1000, value: bad });
    }
    const series = (code: "200" | "500"): RangeSeries => ({
      labels: { instance: String(pod), code },
      values: values[code],
      histograms: [],
    });
    return { good: series("200"), bad: series("500") };
  });
  return { total: all.flatMap(({ good, bad }) => [good, bad]), part: all.map(({ bad }) => bad) };
}

/** The second of event time at which the canary is called worse. */
function worseAt(canary: Arm, stable: Arm): number | undefined {
  const config: SequentialConfig = { metrics: [{ name: "errors", kind: "errors" }] };
  const now = seconds * 1000;
  const { ticks } = ticksOf([{ counting, canary, stable }], { sinceMs: 0, now, tickMs: 15_000 });
  expect(ticks.length).toBeGreaterThan(25);
  let state = begin(config, 0);
  for (const tick of ticks) {
    ({ state } = advance(config, state, [tick]));
    if (verdictOf(config, state, tick.toMs).verdict === "failed") return tick.toMs / 1000;
  }
  return undefined;
}

const none: Outage = { from: 0, to: 0, share: 0 };

describe("counts of pods that are scraped at different moments", () => {
  it.each([0.05, 0.5, 1])("an outage of both (%f of the requests) is not the canary's", (share) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const rng = createRng(seed);
      const from = 220 + nextInt(rng, 60);
      const outage = { from, to: from + 60 + nextInt(rng, 30), share };
      const canary = armOf(rng, 2, 5, outage);
      expect(worseAt(canary, armOf(rng, 8, 10, outage)), `seed=${seed}`).toBeUndefined();
    }
  });

  it("one of the canary alone is found within a minute of its beginning", () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const rng = createRng(seed);
      const canary = armOf(rng, 2, 5, { from: 240, to: seconds, share: 0.1 });
      const at = worseAt(canary, armOf(rng, 8, 10, none));
      expect(at, `seed=${seed}`).toBeGreaterThan(240);
      expect(at, `seed=${seed}`).toBeLessThanOrEqual(300);
    }
  });
});
