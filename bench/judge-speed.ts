// What the sequential judge costs: 1,000 rollouts with four metrics each, a tick a second, judged after every tick.
// npx tsx bench/judge-speed.ts [seconds, 30]
import { createRng } from "../src/lib/rng.ts";
import type { SequentialConfig } from "../src/core/judge/sequential/config.ts";
import { advance } from "../src/core/judge/sequential/sequential.ts";
import { defaultEdgesMs } from "../src/core/judge/sequential/settings.ts";
import { binomial } from "../src/lib/chance.ts";
import { latencies } from "../src/core/judge/sequential/simulated.test-support.ts";
import { begin, type SequentialState } from "../src/core/judge/sequential/state.ts";
import type { BothSamples, Tick } from "../src/core/judge/sequential/tick.ts";
import { verdictOf } from "../src/core/judge/sequential/verdict.ts";
import { report } from "./report.ts";

const seconds = Number(process.argv[2] ?? 30);
const rollouts = 1000;

const config: SequentialConfig = {
  metrics: [
    { name: "errors", kind: "errors", objective: { share: 0.05 } },
    { name: "latency", kind: "latency" },
    { name: "conversion", kind: "count" },
    { name: "cpu", kind: "mean", better: "lower" },
  ],
};

/** 200 requests a second, 10 % to the canary. A few seconds of traffic, played over and over in turn. */
function tickAt(second: number, rng: ReturnType<typeof createRng>): Tick {
  const canary = binomial(rng, 200, 0.1);
  const stable = 200 - canary;
  const both = (of: (total: number) => BothSamples["canary"]): BothSamples => ({
    canary: of(canary),
    stable: of(stable),
  });
  return {
    fromMs: second * 1000,
    toMs: (second + 1) * 1000,
    requests: { canary, stable },
    canaryShare: 0.1,
    samples: {
      errors: both((total) => ({ total, count: binomial(rng, total, 0.002) })),
      latency: both((total) =>
        latencies(rng, total, { medianMs: 40, spread: 0.8 }, defaultEdgesMs),
      ),
      conversion: both((total) => ({ total, count: binomial(rng, total, 0.03) })),
      cpu: both((total) => ({ values: total === canary ? 1 : 9, sum: total / 100 + 0.1 })),
    },
  };
}

const rng = createRng(5);
const ticks = Array.from({ length: seconds }, (_, second) => tickAt(second, rng));
let states: SequentialState[] = Array.from({ length: rollouts }, () => begin(config, 0));

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

let [advancing, judging, rolledBack] = [0, 0, 0];
for (const tick of ticks) {
  advancing += cpuMs(() => {
    states = states.map((state) => advance(config, state, [tick]).state);
  });
  judging += cpuMs(() => {
    for (const state of states) {
      if (verdictOf(config, state, tick.toMs).verdict === "failed") rolledBack += 1;
    }
  });
}

const [state] = states;
report(
  "judge-speed",
  `${String(rollouts)} rollouts with 4 metrics, one tick a second, for ${String(seconds)} seconds`,
  [
    {
      name: "CPU ms for each second: ticks counted",
      values: { ms: advancing / seconds },
      bound: { value: "ms", most: 200 },
    },
    { name: "CPU ms for each second: verdicts in full", values: { ms: judging / seconds } },
    {
      name: "bytes of evidence kept for a rollout",
      values: { bytes: JSON.stringify(state).length },
    },
    { name: "verdicts that were failed", values: { count: rolledBack } },
  ],
);
