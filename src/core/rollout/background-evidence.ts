import { isAnalysisCompleted, type AnalysisRun } from "../../api/argo/analysis.ts";
import { metricsHitBy } from "../analysis/validate-metrics.ts";
import type { Canary } from "./canary-view.ts";
import type { Course } from "./course.ts";
import { watchOf } from "./guard.ts";
import { observedRun } from "./judge-runs.ts";

// No data is never a pass: a version that is watched in the background gets all of the traffic only
// once every metric has had at least one answer. Argo goes on and then calls the unused run successful.

function isMeasured({ spec, status }: AnalysisRun): boolean {
  const dryRun = (spec.dryRun ?? []).flatMap((rule) => metricsHitBy(rule, spec.metrics));
  const hasAnswer = (name: string): boolean =>
    (status?.metricResults?.find((result) => result.name === name)?.count ?? 0) > 0;
  return spec.metrics.every(({ name }) => dryRun.includes(name) || hasAnswer(name));
}

/**
 * What the last step has to wait for; undefined = nothing, or there is no background analysis. One
 * text for a run not yet made and one that has measured nothing: making it must change nothing else.
 */
export function missingEvidence({ facts, strategy }: Canary, course: Course): string | undefined {
  const { steps } = strategy;
  const analysis = watchOf(strategy);
  const isWatched = analysis !== undefined && analysis.startingStep < steps.length;
  if (!isWatched || course.stableHash === "") return undefined;
  const run = observedRun(facts, course.backgroundRun?.name);
  if (run !== undefined && (isAnalysisCompleted(run.status?.phase) || isMeasured(run)))
    return undefined;
  return "waiting for the first answers of the background analysis";
}
