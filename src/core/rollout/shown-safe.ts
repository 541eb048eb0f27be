import type { AnalysisRun, MetricResult } from "../../api/argo/analysis.ts";

// What the sequential judge has shown so far stands with each metric's result (core/judge/recorded).

/** Metrics of the run that the sequential judge looks at; those for show do not count. */
function judgedResults(run: AnalysisRun): readonly MetricResult[] {
  const results = run.status?.metricResults ?? [];
  return results.filter(
    ({ metadata, dryRun }) => metadata?.["judge"] === "sequential" && dryRun !== true,
  );
}

/** Everything that is judged in the run has been shown to be safe; a run that judges nothing shows nothing. */
export function isShownSafe(run: AnalysisRun): boolean {
  const judged = judgedResults(run);
  return judged.length > 0 && judged.every(({ metadata }) => metadata?.["action"] === "safe");
}

/** The end of what was judged in the run, in milliseconds since 1970; undefined = nothing was. */
export function evidenceUntilMs(run: AnalysisRun): number | undefined {
  const ends = judgedResults(run).map(({ metadata }) => Number(metadata?.["until"] ?? "0"));
  const last = Math.max(0, ...ends);
  return last > 0 ? last : undefined;
}
