import type { AnalysisRun } from "../../api/argo/analysis.ts";
import { parseTime, type EpochMs } from "../../lib/time.ts";

function secondsToLive({ spec, status }: AnalysisRun): number | undefined {
  const { secondsAfterSuccess, secondsAfterFailure, secondsAfterCompletion } =
    spec.ttlStrategy ?? {};
  const own = { Successful: secondsAfterSuccess, Failed: secondsAfterFailure };
  const phase = status?.phase;
  const special = phase === "Successful" || phase === "Failed" ? own[phase] : undefined;
  return special ?? secondsAfterCompletion;
}

/** When a completed run is to be deleted; undefined = never. Argo waits for more than the seconds given. */
export function expiryOf(
  run: AnalysisRun,
  now: EpochMs,
): { readonly atMs: EpochMs; readonly why: string } | undefined {
  const seconds = secondsToLive(run);
  if (seconds === undefined) return undefined;
  const completedAtMs = parseTime(run.status?.completedAt) ?? now;
  return { atMs: completedAtMs + (seconds + 1) * 1000, why: "its time to live ends" };
}
