import {
  isAnalysisCompleted,
  type AnalysisArgument,
  type AnalysisPhase,
  type AnalysisRun,
  type AnalysisRunSpec,
} from "../../api/argo/analysis.ts";
import type {
  Experiment,
  ExperimentAnalysis,
  ExperimentAnalysisRunStatus,
} from "../../api/argo/experiment.ts";
import { argoApiVersion, instanceIdLabel } from "../../api/argo/keys.ts";
import { controllerReference, isControlledBy } from "../../api/meta/object.ts";
import { substituteTags } from "../../lib/args-template.ts";
import { semanticEqual } from "../../lib/deep-equal.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { formatTime, parseTime, type EpochMs } from "../../lib/time.ts";
import { composeRunSpec, type ComposedSpec } from "../analysis/compose.ts";
import type { ExperimentEffect, ObservedExperiment } from "./decision.ts";
import { replicaSetName, templateHash } from "./template-objects.ts";

/** When the experiment's duration is over; undefined without a duration or before it is available. */
export function finishesAtMs({ spec, status }: Experiment): EpochMs | undefined {
  const availableAtMs = parseTime(status?.availableAt);
  const { duration = "" } = spec;
  const parsed = duration === "" ? undefined : parseGoDuration(duration);
  if (availableAtMs === undefined || parsed?.ok !== true) return undefined;
  return availableAtMs + parsed.ms;
}

/** What `{{…}}` may name in an argument of an analysis (argo-rollouts.md §1.2). */
function variablesOf(experiment: Experiment): ReadonlyMap<string, string> {
  const ofTemplates = experiment.spec.templates.flatMap((template): [string, string][] => [
    [`templates.${template.name}.podTemplateHash`, templateHash(template)],
    [`templates.${template.name}.replicaset.name`, replicaSetName(experiment, template)],
  ]);
  const { availableAt } = experiment.status ?? {};
  const finishedAtMs = finishesAtMs(experiment);
  return new Map([
    ...ofTemplates,
    ...(availableAt === undefined ? [] : [["experiment.availableAt", availableAt] as const]),
    ...(finishedAtMs === undefined
      ? []
      : [["experiment.finishedAt", formatTime(finishedAtMs)] as const]),
  ]);
}

type Built<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** Only values are passed on. */
function argumentsOf(
  analysis: ExperimentAnalysis,
  experiment: Experiment,
): Built<readonly AnalysisArgument[]> {
  const variables = variablesOf(experiment);
  const args: AnalysisArgument[] = [];
  for (const { name, value } of analysis.args ?? []) {
    if (value === undefined) continue;
    const resolved = substituteTags(value, variables);
    if (!resolved.ok) return resolved;
    args.push({ name, value: resolved.text });
  }
  return { ok: true, value: args };
}

function composed(
  analysis: ExperimentAnalysis,
  args: readonly AnalysisArgument[],
  { experiment, analysisTemplates }: ObservedExperiment,
): Built<ComposedSpec> {
  const { dryRun = [], measurementRetention = [] } = experiment.spec;
  const { templateName, clusterScope = false } = analysis;
  const result = composeRunSpec({
    templates: analysisTemplates,
    requested: [{ templateName, clusterScope }],
    args,
    dryRun,
    measurementRetention,
  });
  return result.ok ? { ok: true, value: result.spec } : result;
}

/** Made after this attempt's pods were there: a status that does not know it is an old view, no retry. */
function isOfThisAttempt({ metadata, status }: AnalysisRun, experiment: Experiment): boolean {
  const availableAtMs = parseTime(experiment.status?.availableAt) ?? Infinity;
  const madeAtMs = parseTime(metadata.creationTimestamp) ?? 0;
  const endedAtMs = parseTime(status?.completedAt) ?? madeAtMs;
  return madeAtMs >= availableAtMs && endedAtMs > availableAtMs;
}

function isReusable(run: AnalysisRun, spec: AnalysisRunSpec, experiment: Experiment): boolean {
  const { terminate, ...live } = run.spec;
  return (
    isControlledBy(run, experiment) &&
    terminate !== true &&
    (!isAnalysisCompleted(run.status?.phase) || isOfThisAttempt(run, experiment)) &&
    semanticEqual(live, spec)
  );
}

/** The first name that is free or has this attempt's very run; a retried experiment finds the old one taken. */
function runName(
  analysis: ExperimentAnalysis,
  spec: AnalysisRunSpec,
  { experiment, analysisRuns }: ObservedExperiment,
): string {
  const base = `${experiment.metadata.name}-${analysis.name}`;
  for (let attempt = 0; ; attempt += 1) {
    const name = attempt === 0 ? base : `${base}.${attempt}`;
    const taken = analysisRuns.find(({ metadata }) => metadata.name === name);
    if (taken === undefined || isReusable(taken, spec, experiment)) return name;
  }
}

function runOf(
  name: string,
  spec: AnalysisRunSpec,
  { experiment, instanceId }: ObservedExperiment,
): AnalysisRun {
  const { labels, annotations } = experiment.spec.analysisRunMetadata ?? {};
  const ownLabels = { ...(instanceId === "" ? {} : { [instanceIdLabel]: instanceId }), ...labels };
  return {
    apiVersion: argoApiVersion,
    kind: "AnalysisRun",
    metadata: {
      name,
      namespace: experiment.metadata.namespace ?? "",
      ...(Object.keys(ownLabels).length > 0 ? { labels: ownLabels } : {}),
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(experiment)],
    },
    spec,
  };
}

export interface AnalysisView {
  readonly analysis: ExperimentAnalysis;
  readonly before: ExperimentAnalysisRunStatus | undefined;
  /** The run the status names. */
  readonly run: AnalysisRun | undefined;
}

export function analysisViews({
  experiment,
  analysisRuns,
}: ObservedExperiment): readonly AnalysisView[] {
  return (experiment.spec.analyses ?? []).map((analysis) => {
    const before = experiment.status?.analysisRuns?.find(({ name }) => name === analysis.name);
    const run = analysisRuns.find(
      (candidate) =>
        candidate.metadata.name === before?.analysisRun && isControlledBy(candidate, experiment),
    );
    return { analysis, before, run };
  });
}

function entry(
  name: string,
  analysisRun: string,
  phase: AnalysisPhase,
  message?: string,
): ExperimentAnalysisRunStatus {
  return { name, analysisRun, phase, ...(message === undefined ? {} : { message }) };
}

export interface AnalysisStep {
  readonly entry: ExperimentAnalysisRunStatus | undefined;
  readonly effects: readonly ExperimentEffect[];
}

/** What the run says now, if there is one; a refusal of the store ends the analysis as Error. */
export function refreshed(
  view: AnalysisView,
  { refusals }: ObservedExperiment,
): AnalysisStep["entry"] {
  const { analysis, before, run } = view;
  const refusal = refusals.find(
    ({ what, target }) => what === "analysisRun" && target === analysis.name,
  );
  if (refusal !== undefined && !isAnalysisCompleted(before?.phase)) {
    const message = `Failed to create AnalysisRun for analysis '${analysis.name}': ${refusal.message}`;
    return entry(analysis.name, before?.analysisRun ?? "", "Error", message);
  }
  if (before === undefined || run === undefined || isAnalysisCompleted(before.phase)) return before;
  return entry(
    analysis.name,
    run.metadata.name,
    run.status?.phase ?? "Pending",
    run.status?.message,
  );
}

/** Before there are pods: a template that does not exist is told at once and not when it is needed. */
export function verified(view: AnalysisView, observed: ObservedExperiment): AnalysisStep["entry"] {
  const { analysis, before } = view;
  if (before !== undefined) return before;
  const { analysisTemplates } = observed;
  const kind = analysis.clusterScope === true ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
  const exists = analysisTemplates.some(
    (template) => template.kind === kind && template.metadata.name === analysis.templateName,
  );
  if (exists) return undefined;
  const problem = `${kind} '${analysis.templateName}' not found`;
  const message = `${kind} verification failed for analysis '${analysis.name}': ${problem}`;
  return entry(analysis.name, "", "Error", message);
}

/** Makes the run of an analysis that has none, under a name that makes making it twice impossible. */
export function started(view: AnalysisView, observed: ObservedExperiment): AnalysisStep {
  const { analysis, before, run } = view;
  const isOpen = before === undefined || (run === undefined && !isAnalysisCompleted(before.phase));
  if (!isOpen) return { entry: before, effects: [] };
  const args = argumentsOf(analysis, observed.experiment);
  const spec = args.ok ? composed(analysis, args.value, observed) : args;
  if (!spec.ok) {
    const message = `Failed to create AnalysisRun for analysis '${analysis.name}': ${spec.message}`;
    return {
      entry: entry(analysis.name, before?.analysisRun ?? "", "Error", message),
      effects: [],
    };
  }
  const name = runName(analysis, spec.value, observed);
  const exists = observed.analysisRuns.some(({ metadata }) => metadata.name === name);
  const create: ExperimentEffect = {
    kind: "createAnalysisRun",
    analysis: analysis.name,
    run: runOf(name, spec.value, observed),
  };
  return { entry: entry(analysis.name, name, "Pending"), effects: exists ? [] : [create] };
}

export function isBad(phase: AnalysisPhase | undefined): boolean {
  return phase === "Failed" || phase === "Error" || phase === "Inconclusive";
}
