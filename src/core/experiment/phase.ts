import { isAnalysisCompleted, type AnalysisPhase } from "../../api/argo/analysis.ts";
import type {
  ExperimentAnalysis,
  ExperimentAnalysisRunStatus,
  ExperimentStatus,
  TemplateStatus,
} from "../../api/argo/experiment.ts";
import { isBad } from "./analyses.ts";
import { isTemplateCompleted } from "./templates.ts";

export interface PhaseFacts {
  readonly before: ExperimentStatus | undefined;
  readonly templates: readonly TemplateStatus[];
  readonly analyses: readonly ExperimentAnalysisRunStatus[];
  readonly required: readonly ExperimentAnalysis[];
  readonly availableAt: string | undefined;
}

export interface PhaseAndMessage {
  readonly phase: AnalysisPhase;
  readonly message?: string | undefined;
}

function phaseOf(
  analyses: readonly ExperimentAnalysisRunStatus[],
  { name }: ExperimentAnalysis,
): AnalysisPhase | undefined {
  return analyses.find((entry) => entry.name === name)?.phase;
}

/** There are required analyses, and all of them were successful. */
export function areRequiredDone({
  analyses,
  required,
}: Pick<PhaseFacts, "analyses" | "required">): boolean {
  return required.length > 0 && required.every((one) => phaseOf(analyses, one) === "Successful");
}

/** Some required analysis has not come to its end. */
export function isRequiredOpen({
  analyses,
  required,
}: Pick<PhaseFacts, "analyses" | "required">): boolean {
  return required.some((one) => !isAnalysisCompleted(phaseOf(analyses, one)));
}

const fromBadToWorst = ["Inconclusive", "Error", "Failed"] as const;

function worstAnalysis(
  analyses: readonly ExperimentAnalysisRunStatus[],
): ExperimentAnalysisRunStatus | undefined {
  const bad = analyses.filter(({ phase }) => isBad(phase));
  return fromBadToWorst
    .map((phase) => bad.find((one) => one.phase === phase))
    .findLast((one) => one);
}

/**
 * Phase and message of an experiment (algorithms §2.14 "Phase"). Unlike in Argo, an optional
 * analysis that is still running does not keep an experiment whose required ones are done open.
 */
export function experimentPhase(facts: PhaseFacts): PhaseAndMessage {
  const { before, templates, analyses, availableAt } = facts;
  if (before?.phase !== undefined && isAnalysisCompleted(before.phase)) {
    return { phase: before.phase, message: before.message };
  }
  for (const status of ["Failed", "Error"] as const) {
    const broken = templates.find((template) => template.status === status);
    if (broken !== undefined) return { phase: status, message: broken.message };
  }
  const bad = worstAnalysis(analyses);
  if (bad?.phase !== undefined) return { phase: bad.phase, message: bad.message };
  if (areRequiredDone(facts)) {
    return { phase: "Successful", message: "Required AnalysisRuns completed" };
  }
  const isOver = templates.every(({ status }) => isTemplateCompleted(status));
  if (isOver) return { phase: "Successful" };
  return { phase: availableAt === undefined ? "Pending" : "Running" };
}
