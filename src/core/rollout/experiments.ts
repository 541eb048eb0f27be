import {
  instanceIdLabel,
  podTemplateHashLabel,
  revisionAnnotation,
  argoApiVersion,
} from "../../api/argo/keys.ts";
import { isAnalysisCompleted } from "../../api/argo/analysis.ts";
import type {
  Experiment,
  ExperimentAnalysis,
  ExperimentSpec,
  ExperimentTemplate,
} from "../../api/argo/experiment.ts";
import type {
  ExperimentStep,
  RolloutExperimentAnalysis,
  RolloutExperimentTemplate,
} from "../../api/argo/rollout.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { LabelSelector } from "../../api/meta/label-selector.ts";
import { controllerOf } from "../../api/meta/object.ts";
import { semanticEqual } from "../../lib/deep-equal.ts";
import { asJson } from "../replicas/as-json.ts";
import { resolveArguments } from "./analysis-runs.ts";
import { canaryRoles, currentStep } from "./canary-view.ts";
import type { Canary } from "./canary-view.ts";
import { isInconclusive, rolloutEvent } from "./course.ts";
import type { Course } from "./course.ts";
import type { Facts } from "./context.ts";
import type { Effect } from "./decision.ts";
import { currentExperiment } from "./experiment-weights.ts";

// The Experiment an experiment step stands for: made once per occasion, ended when it is left (§2.14).

export interface ExperimentOutcome {
  readonly course: Course;
  readonly effects: readonly Effect[];
}

type Spec =
  | { readonly ok: true; readonly spec: ExperimentSpec }
  | { readonly ok: false; readonly message: string };

function selectorOf(template: RolloutExperimentTemplate, rs: ReplicaSet): LabelSelector {
  const base = template.selector ?? rs.spec.selector;
  const labels = template.metadata?.labels;
  return labels === undefined ? base : { ...base, matchLabels: { ...base.matchLabels, ...labels } };
}

function templateOf(template: RolloutExperimentTemplate, rs: ReplicaSet): ExperimentTemplate {
  const { metadata, spec } = rs.spec.template;
  const annotations = { ...metadata?.annotations, ...template.metadata?.annotations };
  const hasService = template.weight !== undefined || template.service !== undefined;
  const name = template.service?.name;
  const service = name === undefined ? {} : { name };
  return {
    name: template.name,
    ...(template.replicas === undefined ? {} : { replicas: template.replicas }),
    ...(rs.spec.minReadySeconds === undefined ? {} : { minReadySeconds: rs.spec.minReadySeconds }),
    selector: selectorOf(template, rs),
    template: {
      metadata: {
        ...metadata,
        labels: { ...metadata?.labels, ...template.metadata?.labels },
        ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      },
      spec,
    },
    ...(hasService ? { service } : {}),
  };
}

function analysisOf(
  analysis: RolloutExperimentAnalysis,
  args: ExperimentAnalysis["args"],
): ExperimentAnalysis {
  return {
    name: analysis.name,
    templateName: analysis.templateName,
    ...(analysis.clusterScope ? { clusterScope: true } : {}),
    ...(args === undefined || args.length === 0 ? {} : { args }),
    ...(analysis.requiredForCompletion ? { requiredForCompletion: true } : {}),
  };
}

function specOf(canary: Canary, course: Course, step: ExperimentStep, stableRs: ReplicaSet): Spec {
  const { facts } = canary;
  const analyses: ExperimentAnalysis[] = [];
  for (const analysis of step.analyses) {
    const resolved = resolveArguments(facts, course, analysis.args);
    if (!resolved.ok) return { ok: false, message: resolved.message };
    analyses.push(analysisOf(analysis, resolved.args));
  }
  const templates = step.templates.map((template) =>
    templateOf(template, template.specRef === "stable" ? stableRs : facts.newRs),
  );
  const spec: ExperimentSpec = {
    templates,
    ...(step.durationText === undefined ? {} : { duration: step.durationText }),
    progressDeadlineSeconds: facts.spec.progressDeadlineSeconds,
    ...(analyses.length === 0 ? {} : { analyses }),
    ...(step.scaleDownDelaySeconds === undefined
      ? {}
      : { scaleDownDelaySeconds: step.scaleDownDelaySeconds }),
    ...(step.dryRun.length === 0 ? {} : { dryRun: step.dryRun }),
    ...(step.analysisRunMetadata === undefined
      ? {}
      : { analysisRunMetadata: step.analysisRunMetadata }),
  };
  return { ok: true, spec };
}

function isOurs(facts: Facts, experiment: Experiment): boolean {
  return controllerOf(experiment)?.uid === facts.owner.uid;
}

/** The status of this view names it: who has been told of an experiment and forgets it, ends it. */
function isRecordedBefore({ before }: Facts, { metadata }: Experiment): boolean {
  return before.canary?.currentExperiment === metadata.name;
}

function isReusable(facts: Facts, experiment: Experiment, spec: ExperimentSpec): boolean {
  const { terminate, ...live } = experiment.spec;
  return (
    isOurs(facts, experiment) &&
    !isRecordedBefore(facts, experiment) &&
    terminate !== true &&
    !isAnalysisCompleted(experiment.status?.phase) &&
    semanticEqual(asJson(live), asJson(spec))
  );
}

function firstFreeName(
  facts: Facts,
  base: string,
  spec: ExperimentSpec,
): { name: string; exists: boolean } {
  for (let attempt = 0; ; attempt += 1) {
    const name = attempt === 0 ? base : `${base}-${String(attempt)}`;
    const experiment = facts.observed.experiments.find((e) => e.metadata.name === name);
    if (experiment === undefined) return { name, exists: false };
    if (isReusable(facts, experiment, spec)) return { name, exists: true };
  }
}

function experimentOf(facts: Facts, name: string, spec: ExperimentSpec): Experiment {
  const { instanceId } = facts.observed;
  return {
    apiVersion: argoApiVersion,
    kind: "Experiment",
    metadata: {
      name,
      namespace: facts.namespace,
      labels: {
        ...facts.rollout.metadata.labels,
        [podTemplateHashLabel]: facts.newHash,
        ...(instanceId === "" ? {} : { [instanceIdLabel]: instanceId }),
      },
      annotations: { [revisionAnnotation]: String(facts.revision) },
      ownerReferences: [facts.owner],
    },
    spec,
  };
}

function baseName({ name, newHash, revision }: Facts, stepIndex: number): string {
  return `${name}-${newHash}-${String(revision)}-${String(stepIndex)}`;
}

/** Made for a step of this attempt that is still to come, by a pass that saw more than this one (as of runs: isAhead). */
function isAhead({ facts, strategy }: Canary, course: Course, experiment: Experiment): boolean {
  const isOver = course.isAborted || course.isPromoteFull || course.stableHash === facts.newHash;
  if (isOver || course.experiment !== undefined || isRecordedBefore(facts, experiment))
    return false;
  const { name } = experiment.metadata;
  return strategy.steps.some((step, index) => {
    const base = baseName(facts, index);
    const isItsName = name === base || /^-\d+$/.test(name.slice(base.length));
    const isOfStep = step.kind === "experiment" && name.startsWith(base) && isItsName;
    return isOfStep && index >= (course.stepIndex ?? 0);
  });
}

function endOthers(canary: Canary, course: Course): readonly Effect[] {
  const { facts } = canary;
  return facts.observed.experiments
    .filter(
      (experiment) => isOurs(facts, experiment) && experiment.metadata.name !== course.experiment,
    )
    .filter(
      (experiment) =>
        experiment.spec.terminate !== true && !isAnalysisCompleted(experiment.status?.phase),
    )
    .filter((experiment) => !isAhead(canary, course, experiment))
    .map((experiment) => ({ kind: "terminateExperiment", name: experiment.metadata.name }));
}

function created(
  canary: Canary,
  course: Course,
  step: ExperimentStep,
  stableRs: ReplicaSet,
): ExperimentOutcome {
  const { facts } = canary;
  const base = baseName(facts, course.stepIndex ?? 0);
  const made = specOf(canary, course, step, stableRs);
  if (!made.ok) {
    return {
      course: { ...course, held: `Experiment ${base} cannot be created: ${made.message}` },
      effects: [],
    };
  }
  const { name, exists } = firstFreeName(facts, base, made.spec);
  const next = { ...course, experiment: name };
  if (exists) return { course: next, effects: [] };
  const event = rolloutEvent(
    facts,
    course,
    "ExperimentCreated",
    `Created Experiment '${name}'`,
    name,
  );
  return {
    course: next,
    effects: [
      { kind: "createExperiment", experiment: experimentOf(facts, name, made.spec) },
      { kind: "event", event },
    ],
  };
}

/** The experiment of the current step runs, and no other of ours does. */
export function ensureExperiment(canary: Canary, course: Course): ExperimentOutcome {
  const { facts } = canary;
  const step = currentStep(canary, course);
  const { stableRs } = canaryRoles(canary, course);
  const isResting = course.isAborted || course.isPromoteFull || isInconclusive(course);
  const isWanted = step?.kind === "experiment" && stableRs !== undefined && !isResting;
  const current = currentExperiment(canary, course);
  const isOver = current !== undefined && isAnalysisCompleted(current.status?.phase);
  const hasCurrent = current !== undefined && !isOver;
  const outcome =
    isWanted && !hasCurrent && !facts.spec.paused
      ? created(canary, course, step, stableRs)
      : { course, effects: [] };
  return {
    course: outcome.course,
    effects: [...outcome.effects, ...endOthers(canary, outcome.course)],
  };
}
