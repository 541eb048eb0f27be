// Traffic and error rate as the last judged run of a rollout has seen them.
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import { recordedTicks } from "../../core/judge/recorded/record.ts";
import { sequentialSettingsOf } from "../../metrics/sequential/config.ts";
import { metricsOf } from "./judged-run.ts";

export interface MeasuredTraffic {
  /** Of both versions together. */
  readonly requestsPerSecond: number;
  /** The share of stable's requests that failed; undefined if none did: then nobody knows how rare they are. */
  readonly baseRate: number | undefined;
}

/** undefined = nothing of it is recorded. */
export function measuredTraffic(run: AnalysisRun): MeasuredTraffic | undefined {
  for (const { metric, record } of metricsOf(run)) {
    if (record === undefined) continue;
    const { judge } = sequentialSettingsOf(metric);
    const read = recordedTicks(judge, record);
    const errors = judge.metrics.find(({ kind }) => kind === "errors")?.name;
    let [ms, requests, stableTotal, stableFailed] = [0, 0, 0, 0];
    for (const tick of [...(read?.older ?? []), ...(read?.exact ?? [])]) {
      ms += tick.toMs - tick.fromMs;
      requests += (tick.requests?.canary ?? 0) + (tick.requests?.stable ?? 0);
      const stable = errors === undefined ? undefined : tick.samples[errors]?.stable;
      if (stable === undefined || !("count" in stable)) continue;
      stableTotal += stable.total;
      stableFailed += stable.count;
    }
    if (ms === 0 || requests === 0) continue;
    const baseRate = stableFailed === 0 ? undefined : stableFailed / stableTotal;
    return { requestsPerSecond: (requests * 1000) / ms, baseRate };
  }
  return undefined;
}
