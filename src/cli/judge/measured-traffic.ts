// Traffic and error rate as the last judged run of a rollout has seen them.
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import { recordedTicks } from "../../core/judge/recorded/record.ts";
import type { Tick } from "../../core/judge/sequential/tick.ts";
import { sequentialSettingsOf } from "../../metrics/sequential/config.ts";
import { metricsOf } from "./judged-run.ts";

export interface MeasuredTraffic {
  /** Of both versions together. */
  readonly requestsPerSecond: number;
  /** The share of stable's requests that failed; undefined if none did: then nobody knows how rare they are. */
  readonly baseRate: number | undefined;
}

interface Sums {
  readonly ms: number;
  readonly requests: number;
  readonly stableTotal: number;
  readonly stableFailed: number;
}

/** What stable had in this tick, and how much of it failed, by the metric that counts errors. */
function stableIn(tick: Tick, errors: string | undefined): { total: number; failed: number } {
  const stable = errors === undefined ? undefined : tick.samples[errors]?.stable;
  if (stable === undefined || !("count" in stable)) return { total: 0, failed: 0 };
  return { total: stable.total, failed: stable.count };
}

function sumsOf(ticks: readonly Tick[], errors: string | undefined): Sums {
  let sums: Sums = { ms: 0, requests: 0, stableTotal: 0, stableFailed: 0 };
  for (const tick of ticks) {
    const { canary, stable } = tick.requests ?? { canary: 0, stable: 0 };
    const { total, failed } = stableIn(tick, errors);
    sums = {
      ms: sums.ms + tick.toMs - tick.fromMs,
      requests: sums.requests + canary + stable,
      stableTotal: sums.stableTotal + total,
      stableFailed: sums.stableFailed + failed,
    };
  }
  return sums;
}

/** undefined = nothing of it is recorded. */
export function measuredTraffic(run: AnalysisRun): MeasuredTraffic | undefined {
  for (const { metric, record } of metricsOf(run)) {
    if (record === undefined) continue;
    const { judge } = sequentialSettingsOf(metric);
    const read = recordedTicks(judge, record);
    if (read === undefined) continue;
    const errors = judge.metrics.find(({ kind }) => kind === "errors")?.name;
    const sums = sumsOf([...read.older, ...read.exact], errors);
    if (sums.ms === 0 || sums.requests === 0) continue;
    const { ms, requests, stableTotal, stableFailed } = sums;
    const baseRate = stableFailed === 0 ? undefined : stableFailed / stableTotal;
    return { requestsPerSecond: (requests * 1000) / ms, baseRate };
  }
  return undefined;
}
