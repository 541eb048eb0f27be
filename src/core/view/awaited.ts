// What a rollout waits for beside what its message says: the message is Argo's and names the first
// reason of a pause only.
import { parseRollout } from "../../api/argo/parse/rollout.ts";
import { isAnalysisCompleted } from "../../api/argo/analysis.ts";
import type { Rollout } from "../../api/argo/rollout.ts";
import type { RecordedRun } from "../../api/argo/rollout-status.ts";
import type { JsonObject } from "../../lib/json.ts";

function recordedRuns({ status }: Rollout): readonly (readonly [string, RecordedRun])[] {
  const { canary, blueGreen } = status;
  const all = [
    ["step analysis", canary?.currentStepAnalysisRunStatus],
    ["background analysis", canary?.currentBackgroundAnalysisRunStatus],
    ["pre-promotion analysis", blueGreen?.prePromotionAnalysisRunStatus],
    ["post-promotion analysis", blueGreen?.postPromotionAnalysisRunStatus],
  ] as const;
  return all.flatMap(([kind, run]) => (run === undefined ? [] : [[kind, run] as const]));
}

/** One line for each verdict nobody could give that a person is asked to decide about. */
export function undecidedVerdicts(rollout: Rollout): readonly string[] {
  const { pauseConditions = [] } = rollout.status;
  if (!pauseConditions.some(({ reason }) => reason === "InconclusiveAnalysisRun")) return [];
  return recordedRuns(rollout)
    .filter(([, run]) => run.status === "Inconclusive")
    .map(([kind, { name, message = "" }]) => {
      const why = message === "" ? "" : `: ${message}`;
      return `${kind} ${name} is Inconclusive${why}; promote to go on, abort to go back`;
    });
}

/** The first verdict that is still to come: no pause, so that a promote has nothing to end. */
export function openVerdict(manifest: JsonObject): string | undefined {
  const runs = recordedRuns(parseRollout(manifest).rollout);
  const open = runs.find(([, run]) => !isAnalysisCompleted(run.status));
  return open && `its ${open[0]} ${open[1].name} is still running`;
}
