import type { AnalysisRun } from "../../api/argo/analysis.ts";
import { standingOf, type Standing } from "../judge/recorded/record.ts";

// What the sequential judge has shown so far stands with each metric's result.

/** How the judge stands on the metrics of the run; those for show do not count. */
function standingsIn(run: AnalysisRun): readonly Standing[] {
  const results = run.status?.metricResults ?? [];
  return results.flatMap(({ metadata, dryRun }) => {
    const standing = dryRun === true ? undefined : standingOf(metadata);
    return standing === undefined ? [] : [standing];
  });
}

/** Everything that is judged in the run has been shown to be safe; a run that judges nothing shows nothing. */
export function isShownSafe(run: AnalysisRun): boolean {
  const standings = standingsIn(run);
  return standings.length > 0 && standings.every(({ action }) => action === "safe");
}

/** The end of what was judged in the run, in milliseconds since 1970; undefined = nothing was. */
export function evidenceUntilMs(run: AnalysisRun): number | undefined {
  const last = Math.max(0, ...standingsIn(run).map(({ untilMs }) => untilMs));
  return last > 0 ? last : undefined;
}
