import type { AnalysisStep } from "../../../api/argo/rollout.ts";
import { complete } from "./step-outcome.ts";
import type { AtStep, StepOutcome } from "./step-outcome.ts";

/** Done when the run recorded for this step was successful; bad verdicts are judged in judge-runs.ts. */
export function analysisOutcome(_step: AnalysisStep, at: AtStep): StepOutcome {
  const run = at.course.stepRun;
  if (run?.status === "Successful") return complete;
  const name = run === undefined ? "to be created" : `'${run.name}' to finish`;
  return {
    kind: "waiting",
    why: `analysis step ${String(at.stepIndex + 1)}: waiting for the analysis run ${name}`,
  };
}
