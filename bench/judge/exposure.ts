// One canary's hour, and how much harm is done in it until each rule rolls back.
import { createRng } from "../../src/lib/rng.ts";
import { binomial } from "../../src/lib/chance.ts";
import { sum, type Hour, type Interval, type Rule } from "./rules.ts";

export interface Traffic {
  readonly requestsPerSecond: number;
  /** The canary's share, 0 to 1. */
  readonly share: number;
  readonly stableRate: number;
}

const tickSeconds = 5;
const ticks = 720;

function hourOf(
  { requestsPerSecond, share, stableRate }: Traffic,
  rate: number,
  seed: number,
): Hour {
  const rng = createRng(seed);
  const canary: Interval[] = [];
  const stable: Interval[] = [];
  const perTick = requestsPerSecond * tickSeconds;
  for (let index = 0; index < ticks; index += 1) {
    const total = binomial(rng, perTick, share);
    canary.push({ total, failed: binomial(rng, total, rate) });
    stable.push({ total: perTick - total, failed: binomial(rng, perTick - total, stableRate) });
  }
  return { tickSeconds, canary, stable };
}

export interface Exposure {
  /** Share of the hours in which it rolled back, 0 to 1. */
  readonly rolledBack: number;
  /** Seconds until then; Infinity: it did not in this many hours. */
  readonly seconds: { readonly p50: number; readonly p95: number };
  /** Requests the canary got until then, or in the whole hour, and those of them that failed. */
  readonly requests: { readonly p50: number; readonly p95: number };
  readonly failed: { readonly p50: number; readonly p95: number };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

interface Until {
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
}

function exposureOf(all: readonly Until[]): Exposure {
  const of = (value: (until: Until) => number): Exposure["seconds"] => {
    const sorted = all.map(value).toSorted((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
  };
  return {
    rolledBack: all.filter(({ seconds }) => seconds < Infinity).length / all.length,
    seconds: of(({ seconds }) => seconds),
    requests: of(({ requests }) => requests),
    failed: of(({ failed }) => failed),
  };
}

/** Plays the same hours under every rule. `rate`: the canary's share of failed requests. */
export function exposuresOf(
  rules: ReadonlyMap<string, Rule>,
  traffic: Traffic,
  rate: number,
  hours: number,
): ReadonlyMap<string, Exposure> {
  const names = [...rules.keys()];
  const seen = new Map(names.map((name): readonly [string, Until[]] => [name, []]));
  for (let run = 0; run < hours; run += 1) {
    const hour = hourOf(traffic, rate, 1 + run * 7919);
    for (const [name, rule] of rules) {
      const seconds = rule(hour) ?? Infinity;
      const { total, failed } = sum(hour.canary, 0, seconds / tickSeconds);
      seen.get(name)?.push({ seconds, requests: total, failed });
    }
  }
  return new Map([...seen].map(([name, all]) => [name, exposureOf(all)]));
}
