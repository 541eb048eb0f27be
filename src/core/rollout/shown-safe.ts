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

/** Something of the run's evidence could be gone on from. */
export function hasEvidence(run: AnalysisRun): boolean {
  return judgedResults(run).length > 0;
}
