// Worlds in which the canary is no worse than the margin allows: how often does the judge call it worse?
// The test plays each for a few seconds, bench/judge-false-alarms.ts 8,000 times with 720 ticks.
import { createRng, next, type Rng } from "../../../lib/rng.ts";
import type { SequentialConfig } from "./config.ts";
import { advance } from "./sequential.ts";
import { defaultEdgesMs } from "./settings.ts";
import { begin, type SequentialState } from "./state.ts";
import { binomial, normal } from "../../../lib/chance.ts";
import { failures, latencies } from "./simulated.test-support.ts";
import type { BothSamples, LatencySample } from "./tick.ts";

const tickMs = 5000;

export interface World {
  readonly name: string;
  readonly config: SequentialConfig;
  /** The samples of the metric of the configuration; `seen` is what a controller could act on. */
  readonly samples: (rng: Rng, index: number, seen: SequentialState) => BothSamples;
  /** Calling it safe is the false alarm, not calling it worse. */
  readonly asks?: "safe";
}

interface ErrorsWorld {
  readonly perTick: number;
  readonly share: (index: number, seen: SequentialState) => number;
  readonly rate: (index: number) => number;
  /** Canary's rate over stable's. */
  readonly ratio?: number;
  readonly clump?: number;
}

function errorsSamples({ perTick, share, rate, ratio = 1, clump }: ErrorsWorld): World["samples"] {
  return (rng, index, seen) => {
    const total = binomial(rng, perTick, share(index, seen));
    const stable = perTick - total;
    return {
      canary: { total, count: failures(rng, total, ratio * rate(index), clump) },
      stable: { total: stable, count: failures(rng, stable, rate(index), clump) },
    };
  };
}

function errorsConfig(margin: number, more: Partial<SequentialConfig> = {}): SequentialConfig {
  return { metrics: [{ name: "it", kind: "errors", margin }], clumps: "off", ...more };
}

const steps = [0.01, 0.05, 0.1, 0.25, 0.5] as const;
const always = (value: number) => (): number => value;
const guarded = { clumps: "guarded" } as const;
const equalSized = { baseline: "equal-sized" } as const;
const steadyMs = { medianMs: 40, spread: 0.8 };

/** What a controller would do that trusts the evidence: more traffic while all is well, or, worse, while it is not. */
const reckless = (_index: number, seen: SequentialState): number => (seen.best > 1 ? 0.5 : 0.05);

export const worlds: readonly World[] = [
  {
    name: ".1 % errors, 5 % canary",
    config: errorsConfig(0),
    samples: errorsSamples({ perTick: 500, share: always(0.05), rate: always(0.001) }),
  },
  {
    name: "1 % errors, weights 1-5-10-25-50",
    config: errorsConfig(0),
    samples: errorsSamples({
      perTick: 500,
      share: (index) => steps[Math.floor(index / 144)] ?? 0.5,
      rate: always(0.01),
    }),
  },
  {
    name: "error rate swinging ninefold",
    config: errorsConfig(0),
    samples: errorsSamples({
      perTick: 500,
      share: always(0.1),
      rate: (index) => 0.003 * 3 ** Math.sin((2 * Math.PI * index) / 120),
    }),
  },
  {
    name: "20 % errors",
    config: errorsConfig(0),
    samples: errorsSamples({ perTick: 500, share: always(0.1), rate: always(0.2) }),
  },
  {
    name: "canary better by a fifth",
    config: errorsConfig(0),
    samples: errorsSamples({ perTick: 500, share: always(0.1), rate: always(0.01), ratio: 0.8 }),
  },
  {
    name: "exactly at the margin of 1.2",
    config: errorsConfig(0.2),
    samples: errorsSamples({ perTick: 500, share: always(0.1), rate: always(0.01), ratio: 1.2 }),
  },
  {
    name: "weights that rise with the evidence",
    config: errorsConfig(0),
    samples: errorsSamples({ perTick: 500, share: reckless, rate: always(0.005) }),
  },
  {
    name: "clumps of 5, guarded, at the default margin",
    config: errorsConfig(0.2, guarded),
    samples: errorsSamples({ perTick: 500, share: always(0.05), rate: always(0.01), clump: 5 }),
  },
  {
    name: "clumps of 5, guarded, without a margin",
    config: errorsConfig(0, guarded),
    samples: errorsSamples({ perTick: 500, share: always(0.05), rate: always(0.01), clump: 5 }),
  },
  ...[1, 5, 20].map((clump): World => ({
    name: `clumps of ${clump}, equal-sized baseline, signs flipped`,
    config: errorsConfig(0, equalSized),
    samples: errorsSamples({ perTick: 500, share: always(0.5), rate: always(0.01), clump }),
  })),
  {
    name: "latency, 16 edges",
    config: { metrics: [{ name: "it", kind: "latency", margin: 0 }], clumps: "off" },
    samples: (rng) => ({
      canary: latencies(rng, 25, steadyMs, defaultEdgesMs),
      stable: latencies(rng, 475, steadyMs, defaultEdgesMs),
    }),
  },
  {
    name: "latency in clumps of 5, guarded",
    config: { metrics: [{ name: "it", kind: "latency", margin: 0 }] },
    samples: (rng) => {
      const of = (total: number): LatencySample => {
        const { buckets } = latencies(rng, total / 5, steadyMs, defaultEdgesMs);
        return { buckets: buckets.map((count) => 5 * count) };
      };
      return { canary: of(25), stable: of(475) };
    },
  },
  {
    name: "latency, pauses of whole ticks, equal-sized baseline, signs flipped",
    config: { metrics: [{ name: "it", kind: "latency", margin: 0 }], ...equalSized },
    samples: (rng) => {
      const of = (total: number): LatencySample => {
        const medianMs = next(rng) < 0.05 ? 120 : 40;
        return latencies(rng, total, { ...steadyMs, medianMs }, defaultEdgesMs);
      };
      return { canary: of(250), stable: of(250) };
    },
  },
  {
    name: "safe verdict at a ratio of 2",
    config: errorsConfig(0),
    asks: "safe",
    samples: errorsSamples({ perTick: 500, share: always(0.1), rate: always(0.01), ratio: 2 }),
  },
  {
    name: "safe verdict at twice a negligible .1 %, ratio 2",
    config: { metrics: [{ name: "it", kind: "errors", negligible: 0.001 }], clumps: "off" },
    asks: "safe",
    samples: errorsSamples({ perTick: 500, share: always(0.1), rate: always(0.001), ratio: 2 }),
  },
  {
    name: "conversion lower by exactly the margin",
    config: { metrics: [{ name: "it", kind: "count", margin: 0.2 }], clumps: "off" },
    samples: errorsSamples({ perTick: 500, share: always(0.1), rate: always(0.03), ratio: 0.8 }),
  },
  {
    name: "bounded mean at the margin: betting",
    config: {
      metrics: [
        { name: "it", kind: "mean", better: "lower", margin: 0.2, atMost: 1, blockMs: 5000 },
      ],
    },
    samples: (rng) => ({
      canary: { values: 1, sum: 0.36 * 2 * next(rng) },
      stable: { values: 9, sum: 9 * 0.3 * (0.5 + next(rng)) },
    }),
  },
  {
    name: "skewed values, more is better, equal: signs flipped",
    config: { metrics: [{ name: "it", kind: "mean", better: "higher", blockMs: 5000 }] },
    samples: (rng) => {
      const values = (count: number): number =>
        Array.from({ length: count }, () => Math.exp(0.7 * normal(rng))).reduce((a, b) => a + b, 0);
      return { canary: { values: 2, sum: values(2) }, stable: { values: 18, sum: values(18) } };
    },
  },
  {
    name: "memory that grows as fast as stable's: slope",
    config: { metrics: [{ name: "it", kind: "slope", blockMs: 5000 }] },
    samples: (rng, index) => ({
      canary: { level: 3e8 * Math.exp(0.0001 * index + 0.03 * normal(rng)) },
      stable: { level: 4e8 * Math.exp(0.0001 * index + 0.01 * normal(rng)) },
    }),
  },
];

export interface Alarms {
  readonly runs: number;
  /** Runs called worse (or safe) at alpha .05 and .01. */
  readonly at05: number;
  readonly at01: number;
}

/** Plays a world `runs` times, looking after every tick. */
export function falseAlarms(
  world: World,
  { runs, ticks, seed }: { readonly runs: number; readonly ticks: number; readonly seed: number },
): Alarms {
  const asksSafe = world.asks === "safe";
  const config: SequentialConfig = {
    ...world.config,
    alpha: asksSafe ? 0.05 : 0.01,
    sampleRatioLevel: 0,
  };
  let [at05, at01] = [0, 0];
  for (let run = 0; run < runs; run += 1) {
    const rng = createRng(seed + run * 7919);
    let state = begin(config, 0);
    let isSafe = false;
    for (let index = 0; index < ticks; index += 1) {
      const it = world.samples(rng, index, state);
      const tick = { fromMs: index * tickMs, toMs: (index + 1) * tickMs, samples: { it } };
      state = advance(config, state, [tick]).state;
      isSafe = state.metrics["it"]?.isSafe === true;
      if (asksSafe ? isSafe : state.decidedMs !== undefined) break;
    }
    if (asksSafe) at05 += isSafe ? 1 : 0;
    else {
      at05 += state.best >= -Math.log(0.05) ? 1 : 0;
      at01 += state.decidedMs === undefined ? 0 : 1;
    }
  }
  return { runs, at05, at01 };
}
