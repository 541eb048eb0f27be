import type { AnalysisRun, AnalysisRunSpec } from "../../api/argo/analysis.ts";
import {
  continuesAnnotation,
  judgeAnewAnnotation,
  podTemplateHashLabel,
  revisionAnnotation,
} from "../../api/argo/keys.ts";
import { isJudgedSequentially } from "../../api/argo/metric-plugin.ts";
import { controllerOf } from "../../api/meta/object.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { parseTime } from "../../lib/time.ts";
import type { Facts } from "./context.ts";
import { evidenceUntilMs } from "./shown-safe.ts";

// What has been learned about a revision is not forgotten when another run asks about it: at the next
// step, after a pause nobody could decide, or when an aborted rollout is tried again.

function isOfThisRevision(facts: Facts, run: AnalysisRun): boolean {
  const { labels = {}, annotations = {} } = run.metadata;
  return (
    controllerOf(run)?.uid === facts.owner.uid &&
    labels[podTemplateHashLabel] === facts.newHash &&
    annotations[revisionAnnotation] === String(facts.revision)
  );
}

/** Since when evidence counts, if a person wanted this revision to be judged anew. */
function sinceMs({ rollout }: Facts): number {
  return parseTime(rollout.metadata.annotations?.[judgeAnewAnnotation]) ?? -Infinity;
}

/** The annotation that leads a new run to the run whose evidence it goes on from; none if there is none. */
export function continuing(facts: Facts, spec: Pick<AnalysisRunSpec, "metrics">): StringMap {
  if (!spec.metrics.some(isJudgedSequentially)) return {};
  const since = sinceMs(facts);
  let newest: { readonly name: string; readonly untilMs: number } | undefined;
  for (const run of facts.observed.analysisRuns) {
    const untilMs = evidenceUntilMs(run);
    const bornMs = parseTime(run.metadata.creationTimestamp) ?? -Infinity;
    const isUsable = untilMs !== undefined && bornMs >= since && isOfThisRevision(facts, run);
    if (!isUsable || (newest !== undefined && newest.untilMs >= untilMs)) continue;
    newest = { name: run.metadata.name, untilMs };
  }
  return newest === undefined ? {} : { [continuesAnnotation]: newest.name };
}
