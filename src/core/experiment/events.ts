import type { Experiment, ExperimentStatus } from "../../api/argo/experiment.ts";
import type { ExperimentEffect, ExperimentEvent } from "./decision.ts";

function typeOf(phase: string, warnings: readonly string[]): ExperimentEvent["type"] {
  return warnings.includes(phase) ? "Warning" : "Normal";
}

function transition(
  what: string,
  before: string | undefined,
  after: string,
  message?: string,
): string {
  const suffix = message === undefined || message === "" ? "" : `: ${message}`;
  return `${what} transitioned from ${before ?? ""} -> ${after}${suffix}`;
}

/** Told once per occasion: an experiment that is retried becomes available anew, and its templates change anew. */
function causeOf({ status }: Experiment, since: string | undefined): string {
  return `${status?.availableAt ?? ""}/${since ?? ""}`;
}

const badTemplate = ["Failed", "Error"] as const;
const badPhase = ["Failed", "Error", "Inconclusive"] as const;

function templateEvents(
  experiment: Experiment,
  after: ExperimentStatus,
): readonly ExperimentEffect[] {
  return (after.templateStatuses ?? []).flatMap((template): readonly ExperimentEffect[] => {
    const { name, status = "Progressing", message } = template;
    const before = experiment.status?.templateStatuses?.find((one) => one.name === name);
    if (before?.status === status) return [];
    const event = {
      type: typeOf(status, badTemplate),
      reason: `Template${status}`,
      message: transition(`Template '${name}'`, before?.status, status, message),
      cause: causeOf(experiment, before?.lastTransitionTime),
    };
    return [{ kind: "event", event }];
  });
}

/** Also told to the Rollout, where Argo makes a Warning of every one, good news included. */
function analysisEvents(
  experiment: Experiment,
  after: ExperimentStatus,
): readonly ExperimentEffect[] {
  return (after.analysisRuns ?? []).flatMap((entry): readonly ExperimentEffect[] => {
    const { name, phase = "Pending", message, analysisRun } = entry;
    const before = experiment.status?.analysisRuns?.find((one) => one.name === name);
    if (before?.phase === phase) return [];
    const event = {
      type: typeOf(phase, badPhase),
      reason: `AnalysisRun${phase}`,
      message: transition(`AnalysisRun '${name}'`, before?.phase, phase, message),
      cause: analysisRun,
    };
    return [
      { kind: "event", event },
      { kind: "ownerEvent", event },
    ];
  });
}

function phaseEvents(
  experiment: Experiment,
  { phase }: ExperimentStatus,
): readonly ExperimentEffect[] {
  const before = experiment.status?.phase;
  if (phase === undefined || phase === before) return [];
  const event = {
    type: typeOf(phase, badPhase),
    reason: `Experiment${phase}`,
    message: transition("Experiment", before, phase),
    cause: causeOf(experiment, undefined),
  };
  return [{ kind: "event", event }];
}

/** What changed from the status as it was to the status as it will be. */
export function transitionEvents(
  experiment: Experiment,
  after: ExperimentStatus,
): readonly ExperimentEffect[] {
  return [
    ...templateEvents(experiment, after),
    ...analysisEvents(experiment, after),
    ...phaseEvents(experiment, after),
  ];
}
