// core/experiment: what should happen next to one Experiment: its ReplicaSets and Services
// (templates.ts, objects.ts), its AnalysisRuns (analyses.ts) and its phase (phase.ts). A pure
// function from everything observed and the time to a status, effects in order, and when to look
// again; the same shape as core/rollout. Imports lib, api, core/analysis and core/replicas.
// Rules: argo-rollouts-algorithms.md §2.14.
import { isAnalysisCompleted } from "../../api/argo/analysis.ts";
import type {
  Experiment,
  ExperimentAnalysisRunStatus,
  ExperimentStatus,
  TemplateStatus,
} from "../../api/argo/experiment.ts";
import { experimentProblem } from "../../api/argo/validate/experiment.ts";
import { formatTime, type EpochMs } from "../../lib/time.ts";
import {
  analysisViews,
  finishesAtMs,
  isBad,
  refreshed,
  started,
  verified,
  type AnalysisView,
} from "./analyses.ts";
import { progressCondition, withCondition, withoutCondition } from "./conditions.ts";
import type { ExperimentDecision, ExperimentEffect, ObservedExperiment } from "./decision.ts";
import { transitionEvents } from "./events.ts";
import { objectsStep, type ObjectsStep } from "./objects.ts";
import { areRequiredDone, experimentPhase, isRequiredOpen } from "./phase.ts";
import {
  isAvailable,
  isTemplateCompleted,
  progressDeadlineMs,
  templateStatus,
  templateViews,
  type TemplateView,
} from "./templates.ts";

function invalidDecision(
  { experiment }: ObservedExperiment,
  problem: string,
  now: EpochMs,
): ExperimentDecision {
  const before = experiment.status ?? {};
  const message = `The Experiment "${experiment.metadata.name}" is invalid: ${problem}`;
  const condition = {
    type: "InvalidSpec",
    status: "True",
    reason: "InvalidSpec",
    message,
  } as const;
  const conditions = withCondition(before.conditions ?? [], condition, now);
  return { status: { ...before, conditions }, effects: [], next: undefined };
}

interface Analyses {
  readonly entries: readonly ExperimentAnalysisRunStatus[];
  readonly effects: readonly ExperimentEffect[];
}

/** Entries as the runs say; before there are pods, templates that do not exist are told. */
function currentAnalyses(
  views: readonly AnalysisView[],
  observed: ObservedExperiment,
): readonly ExperimentAnalysisRunStatus[] {
  const isEarly = observed.experiment.status?.availableAt === undefined;
  const look = (view: AnalysisView): ExperimentAnalysisRunStatus | undefined =>
    refreshed(view, observed) ?? (isEarly ? verified(view, observed) : undefined);
  return views.map(look).filter((entry) => entry !== undefined);
}

function startAnalyses(
  views: readonly AnalysisView[],
  entries: readonly ExperimentAnalysisRunStatus[],
  observed: ObservedExperiment,
): Analyses {
  const steps = views.map((view) => {
    const current = entries.find(({ name }) => name === view.analysis.name);
    return started({ ...view, before: current ?? view.before }, observed);
  });
  return {
    entries: steps.map(({ entry }) => entry).filter((entry) => entry !== undefined),
    effects: steps.flatMap(({ effects }) => effects),
  };
}

/** Ends what still runs. What a run says afterwards is still shown. */
function terminations(views: readonly AnalysisView[]): readonly ExperimentEffect[] {
  return views.flatMap(({ analysis, run }): readonly ExperimentEffect[] => {
    if (run === undefined || run.spec.terminate === true) return [];
    if (isAnalysisCompleted(run.status?.phase)) return [];
    const { name, uid = "" } = run.metadata;
    const message = `Terminating ${analysis.name} (${name})`;
    const event = {
      type: "Normal",
      reason: "AnalysisRunTerminating",
      message,
      cause: uid,
    } as const;
    return [
      { kind: "terminateAnalysisRun", name },
      { kind: "event", event },
    ];
  });
}

function hasBroken(templates: readonly TemplateStatus[]): boolean {
  return templates.some(({ status }) => status === "Failed" || status === "Error");
}

interface Course {
  readonly templates: readonly TemplateStatus[];
  readonly availableAt: string | undefined;
  readonly ending: boolean;
}

/** How the templates stand, and whether the experiment comes to its end. */
function courseOf(
  views: readonly TemplateView[],
  entries: readonly ExperimentAnalysisRunStatus[],
  observed: ObservedExperiment,
  now: EpochMs,
): Course {
  const { experiment } = observed;
  const { spec, status } = experiment;
  const required = (spec.analyses ?? []).filter((one) => one.requiredForCompletion === true);
  const facts = { analyses: entries, required };
  const endsAtMs = finishesAtMs(experiment);
  // Pods stay while a required analysis still looks at them.
  const isOver = endsAtMs !== undefined && endsAtMs <= now && !isRequiredOpen(facts);
  const statusIf = (view: TemplateView, isEnding: boolean): TemplateStatus =>
    templateStatus(view, observed, { ending: isEnding, isOver }, now);
  const going = views.map((view) => statusIf(view, false));
  const ending =
    spec.terminate === true ||
    isAnalysisCompleted(status?.phase) ||
    hasBroken(going) ||
    entries.some(({ phase }) => isBad(phase)) ||
    areRequiredDone(facts);
  const areAllUp = views.every(isAvailable) && going.every((one) => one.status === "Running");
  const availableAt = status?.availableAt ?? (areAllUp && !ending ? formatTime(now) : undefined);
  // The one that failed ends the others as successful, not itself.
  const ended = views.map((view, index) => {
    const status = going[index];
    return status !== undefined && isTemplateCompleted(status.status)
      ? status
      : statusIf(view, true);
  });
  return { templates: ending ? ended : going, availableAt, ending };
}

/** Pods that others still have to measure are never "started" in the pass that found them available. */
function mayStart({ status }: Experiment, { ending, templates }: Course): boolean {
  const areUp = templates.every((one) => one.status === "Running" || one.status === "Progressing");
  return status?.availableAt !== undefined && !ending && areUp;
}

function nextLook(
  observed: ObservedExperiment,
  views: readonly TemplateView[],
  steps: readonly ObjectsStep[],
  { availableAt }: Course,
  now: EpochMs,
): ExperimentDecision["next"] {
  const { experiment } = observed;
  const status = { ...experiment.status, ...(availableAt === undefined ? {} : { availableAt }) };
  const isOpen = !isAnalysisCompleted(status.phase);
  const finish = isOpen ? finishesAtMs({ ...experiment, status }) : undefined;
  const looks = [
    { atMs: finish, why: "the experiment's duration ends" },
    ...views.map((view) => ({
      atMs: isOpen ? progressDeadlineMs(view, experiment, now) : undefined,
      why: `template ${view.template.name} must progress`,
    })),
    ...steps.map(({ lookAtMs }) => ({ atMs: lookAtMs, why: "its pods are scaled down" })),
  ];
  const future = looks.flatMap(({ atMs, why }) =>
    atMs !== undefined && atMs > now ? [{ atMs, why }] : [],
  );
  return future.toSorted((a, b) => a.atMs - b.atMs)[0];
}

/** What should happen next to this Experiment. */
export function decideExperiment(observed: ObservedExperiment, now: EpochMs): ExperimentDecision {
  const { experiment } = observed;
  const problem = experimentProblem(experiment) ?? observed.unreadable;
  if (problem !== undefined) return invalidDecision(observed, problem, now);

  const views = templateViews(observed);
  const runs = analysisViews(observed);
  const current = currentAnalyses(runs, observed);
  const course = courseOf(views, current, observed, now);
  const isStarting = mayStart(experiment, course);
  const analyses = isStarting
    ? startAnalyses(runs, current, observed)
    : { entries: current, effects: [] };
  const required = (experiment.spec.analyses ?? []).filter(
    (one) => one.requiredForCompletion === true,
  );
  const before = experiment.status;
  const { templates, availableAt } = course;
  const verdict = experimentPhase({
    before,
    templates,
    analyses: analyses.entries,
    required,
    availableAt,
  });

  const condition = progressCondition(experiment, verdict);
  const kept = withoutCondition(before?.conditions ?? [], "InvalidSpec");
  const status: ExperimentStatus = {
    phase: verdict.phase,
    ...(verdict.message === undefined ? {} : { message: verdict.message }),
    ...(availableAt === undefined ? {} : { availableAt }),
    conditions: condition === undefined ? kept : withCondition(kept, condition, now),
    templateStatuses: templates,
    ...(analyses.entries.length === 0 ? {} : { analysisRuns: analyses.entries }),
  };
  const steps = views.flatMap((view, index) => {
    const template = templates[index];
    return template === undefined ? [] : [objectsStep(view, template, experiment, now)];
  });
  const ends = course.ending || isAnalysisCompleted(verdict.phase);
  return {
    status,
    effects: [
      ...steps.flatMap(({ effects }) => effects),
      ...analyses.effects,
      ...(ends ? terminations(runs) : []),
      ...transitionEvents(experiment, status),
    ],
    next: nextLook(observed, views, steps, course, now),
  };
}
