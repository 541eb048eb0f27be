// Who is to blame? Nine worlds: {fine, canary bad, both bad} seen by {errors, latency, nothing}. What the judge says
// in each second of each is compared with what it may say there. 200 requests/s, 10 % to the canary.
import { createRng, type Rng } from "../../../lib/rng.ts";
import type { SequentialConfig } from "./config.ts";
import type { Action } from "./evidence.ts";
import { advance } from "./sequential.ts";
import { defaultEdgesMs } from "./settings.ts";
import { begin } from "./state.ts";
import { binomial } from "../../../lib/chance.ts";
import { latencies } from "./simulated.test-support.ts";
import type { Tick } from "./tick.ts";
import { verdictOf } from "./verdict.ts";

export const troubles = ["fine", "canary bad", "both bad"] as const;
export const signals = ["errors", "latency", "no data"] as const;
export type Trouble = (typeof troubles)[number];
export type Signal = (typeof signals)[number];

const edgeMs = defaultEdgesMs.find((edge) => edge > 300) ?? NaN;

const config: SequentialConfig = {
  metrics: [
    { name: "errors", kind: "errors", objective: { share: 0.05 } },
    { name: "latency", kind: "latency", objective: { slowerThanMs: edgeMs, share: 0.05 } },
  ],
};

const healthySeconds = 30;
const troubleSeconds = 90;

function tickOf(rng: Rng, second: number, trouble: Trouble, signal: Signal): Tick {
  const isTrouble = second >= healthySeconds;
  const sampleOf = (arm: "canary" | "stable", total: number): Tick["samples"] => {
    const isHit =
      isTrouble && (trouble === "both bad" || (trouble === "canary bad" && arm === "canary"));
    const rate = isHit && signal === "errors" ? 0.3 : 0.002;
    const medianMs = isHit && signal === "latency" ? 300 : 40;
    const errors = { total, count: binomial(rng, total, rate) };
    const latency = latencies(rng, total, { medianMs, spread: 0.8 }, defaultEdgesMs);
    return {
      errors: { canary: errors, stable: errors },
      latency: { canary: latency, stable: latency },
    };
  };
  const total = binomial(rng, 200, 0.1);
  const [canary, stable] = [sampleOf("canary", total), sampleOf("stable", 200 - total)];
  const samples = Object.fromEntries(
    config.metrics.map(({ name }) => {
      const [mine, theirs] = [canary[name], stable[name]];
      if (mine === undefined || theirs === undefined) throw new Error(`no samples of ${name}`);
      return [name, { canary: mine.canary, stable: theirs.stable }];
    }),
  );
  return {
    fromMs: second * 1000,
    toMs: (second + 1) * 1000,
    requests: { canary: total, stable: 200 - total },
    canaryShare: 0.1,
    samples,
  };
}

/** What may be said while trouble lasts, and what must be said at its end. */
const right: Record<
  Trouble,
  { readonly may: readonly Action[]; readonly must: readonly Action[] }
> = {
  fine: { may: ["go on", "safe"], must: ["go on", "safe"] },
  "canary bad": { may: ["go on", "safe", "roll back"], must: ["roll back"] },
  "both bad": { may: ["go on", "safe", "hold"], must: ["hold"] },
};

const withoutData = { may: ["go on", "safe", "no data"], must: ["no data"] } as const;

/** The first wrong thing said in this world with this seed, or undefined. */
export function wrongAction(trouble: Trouble, signal: Signal, seed: number): string | undefined {
  const rng = createRng(seed);
  const { may, must } = signal === "no data" ? withoutData : right[trouble];
  let state = begin(config, 0);
  let said: Action = "go on";
  for (let second = 0; second < healthySeconds + troubleSeconds; second += 1) {
    const isBlind = signal === "no data" && second >= healthySeconds;
    if (!isBlind) state = advance(config, state, [tickOf(rng, second, trouble, signal)]).state;
    said = verdictOf(config, state, (second + 1) * 1000).evidence.action;
    const allowed: readonly Action[] = second < healthySeconds ? ["go on", "safe"] : may;
    if (!allowed.includes(said)) return `second ${second}: ${said}`;
  }
  return must.includes(said) ? undefined : `at the end: ${said}`;
}
