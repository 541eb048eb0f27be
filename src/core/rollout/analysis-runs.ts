import {
  argoApiVersion,
  instanceIdLabel,
  podTemplateHashLabel,
  revisionAnnotation,
  rolloutTypeLabel,
  stepIndexLabel,
} from "../../api/argo/keys.ts";
import { isAnalysisCompleted } from "../../api/argo/analysis.ts";
import type { AnalysisRun, AnalysisRunSpec } from "../../api/argo/analysis.ts";
import type { RolloutAnalysis, RolloutAnalysisArgument } from "../../api/argo/rollout.ts";
import { controllerOf } from "../../api/meta/object.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { semanticEqual } from "../../lib/deep-equal.ts";
import { resolveRolloutArgs } from "../analysis/arguments.ts";
import { composeRunSpec } from "../analysis/compose.ts";
import { asJson } from "../replicas/as-json.ts";
import type { Facts } from "./context.ts";
import { rolloutEvent } from "./course.ts";
import type { Course } from "./course.ts";
import type { Effect } from "./decision.ts";
import { continuing } from "./earlier-evidence.ts";
import { ownTemplates } from "./guard.ts";
import { observedRun, recordedRun, runTypes, withRun } from "./judge-runs.ts";
import type { RunType } from "./judge-runs.ts";

// AnalysisRuns of a Rollout: made when a judgement is wanted, named so that making one twice is
// impossible, ended when nobody waits for them any more (§2.13 Creation).

export interface WantedRun {
  readonly type: RunType;
  readonly analysis: RolloutAnalysis;
  /** Only of step runs. */
  readonly stepIndex: number | undefined;
}

export interface RunsOutcome {
  readonly course: Course;
  readonly effects: readonly Effect[];
}

/** The arguments of an analysis as this Rollout gives them; the first that cannot be had is the error. */
export function resolveArguments(
  facts: Facts,
  course: Course,
  wanted: readonly RolloutAnalysisArgument[],
): ReturnType<typeof resolveRolloutArgs> {
  const { manifest } = facts.observed;
  return resolveRolloutArgs(wanted, {
    manifest,
    stableHash: course.stableHash,
    latestHash: facts.newHash,
  });
}

const suffixes = {
  Step: "",
  Background: "",
  PrePromotion: "-pre",
  PostPromotion: "-post",
} as const satisfies Record<RunType, string>;

function baseName(facts: Facts, wanted: WantedRun): string {
  const suffix =
    wanted.stepIndex === undefined ? suffixes[wanted.type] : `-${String(wanted.stepIndex)}`;
  return `${facts.name}-${facts.newHash}-${String(facts.revision)}${suffix}`;
}

function isOurs(facts: Facts, run: AnalysisRun): boolean {
  return controllerOf(run)?.uid === facts.owner.uid;
}

/** The status of this view names it: who has been told of a run and forgets it, ends it. */
function isRecordedBefore({ before }: Facts, { metadata }: AnalysisRun): boolean {
  const { canary, blueGreen } = before;
  return [
    canary?.currentStepAnalysisRunStatus,
    canary?.currentBackgroundAnalysisRunStatus,
    blueGreen?.prePromotionAnalysisRunStatus,
    blueGreen?.postPromotionAnalysisRunStatus,
  ].some((recorded) => recorded?.name === metadata.name);
}

/**
 * A run for the same question that goes on is not asked for a second time. One that has ended has been
 * answered, or was another attempt's: one that a pass asked for which then died is named in the status. One that this
 * pass forgets (its steps were edited) has measured what is no longer asked about.
 */
function isReusable(facts: Facts, run: AnalysisRun, spec: AnalysisRunSpec): boolean {
  const { terminate, ...live } = run.spec;
  return (
    isOurs(facts, run) &&
    !isRecordedBefore(facts, run) &&
    terminate !== true &&
    !isAnalysisCompleted(run.status?.phase) &&
    semanticEqual(asJson(live), asJson(spec))
  );
}

/** The name of the newest run for this question if it may be taken over, else the next free one. */
function nextName(
  facts: Facts,
  base: string,
  spec: AnalysisRunSpec,
): { name: string; exists: boolean } {
  let newest: AnalysisRun | undefined;
  for (let attempt = 0; ; attempt += 1) {
    const name = attempt === 0 ? base : `${base}.${String(attempt)}`;
    const run = observedRun(facts, name);
    if (run !== undefined) {
      newest = run;
      continue;
    }
    return newest !== undefined && isReusable(facts, newest, spec)
      ? { name: newest.metadata.name, exists: true }
      : { name, exists: false };
  }
}

function labelsOf(facts: Facts, wanted: WantedRun): StringMap {
  const { instanceId } = facts.observed;
  return {
    [podTemplateHashLabel]: facts.newHash,
    [rolloutTypeLabel]: wanted.type,
    ...(wanted.stepIndex === undefined ? {} : { [stepIndexLabel]: String(wanted.stepIndex) }),
    ...(instanceId === "" ? {} : { [instanceIdLabel]: instanceId }),
    ...wanted.analysis.analysisRunMetadata?.labels,
    ...facts.selector.matchLabels,
  };
}

function runOf(facts: Facts, wanted: WantedRun, name: string, spec: AnalysisRunSpec): AnalysisRun {
  return {
    apiVersion: argoApiVersion,
    kind: "AnalysisRun",
    metadata: {
      name,
      namespace: facts.namespace,
      labels: labelsOf(facts, wanted),
      annotations: {
        [revisionAnnotation]: String(facts.revision),
        ...continuing(facts, spec),
        ...wanted.analysis.analysisRunMetadata?.annotations,
      },
      ownerReferences: [facts.owner],
    },
    spec,
  };
}

/** Nothing is judged yet and cannot be: fail closed, and say so. */
function unmakeable(facts: Facts, course: Course, base: string, problem: string): RunsOutcome {
  const message = `AnalysisRun ${base} cannot be created: ${problem}`;
  const event = rolloutEvent(
    facts,
    course,
    "AnalysisRunCreateError",
    message,
    `${base}/${problem}`,
  );
  return { course: { ...course, held: message }, effects: [{ kind: "event", event }] };
}

/** Makes the wanted run unless one is recorded already. */
export function ensureRun(facts: Facts, course: Course, wanted: WantedRun): RunsOutcome {
  const recorded = recordedRun(course, wanted.type);
  if (recorded !== undefined && observedRun(facts, recorded.name) !== undefined) {
    return { course, effects: [] };
  }
  const base = baseName(facts, wanted);
  const resolved = resolveArguments(facts, course, wanted.analysis.args);
  if (!resolved.ok) return unmakeable(facts, course, base, resolved.message);
  const { templates: requested, dryRun, measurementRetention } = wanted.analysis;
  const { strategy } = facts.spec;
  const own = strategy.kind === "canary" ? ownTemplates(strategy) : [];
  const templates = [...facts.observed.analysisTemplates, ...own];
  const { args } = resolved;
  const composed = composeRunSpec({ templates, requested, args, dryRun, measurementRetention });
  if (!composed.ok) return unmakeable(facts, course, base, composed.message);
  const { name, exists } = nextName(facts, base, composed.spec);
  const next = withRun(course, wanted.type, { name, status: "" });
  if (exists) return { course: next, effects: [] };
  return {
    course: next,
    effects: [{ kind: "createAnalysisRun", run: runOf(facts, wanted, name, composed.spec) }],
  };
}

/** The step is to come, and still asks for a judgement: steps may have been edited. */
function isStepToCome({ spec }: Facts, course: Course, run: AnalysisRun): boolean {
  const index = Number(run.metadata.labels?.[stepIndexLabel] ?? "0");
  const steps = spec.strategy.kind === "canary" ? spec.strategy.steps : [];
  return index >= (course.stepIndex ?? 0) && steps[index]?.kind === "analysis";
}

/**
 * Made for this very revision, for a question that is still to come: by a pass that saw more than
 * this one, whose view is old. It is left alone until the answer is wanted, or surely is not.
 */
function isAhead(facts: Facts, course: Course, run: AnalysisRun): boolean {
  const isOver = course.isAborted || course.isPromoteFull || course.stableHash === facts.newHash;
  const { labels = {}, annotations = {} } = run.metadata;
  const isCurrent =
    labels[podTemplateHashLabel] === facts.newHash &&
    annotations[revisionAnnotation] === String(facts.revision);
  const type = runTypes.find((known) => known === labels[rolloutTypeLabel]);
  if (isOver || !isCurrent || type === undefined || recordedRun(course, type) !== undefined)
    return false;
  if (isRecordedBefore(facts, run)) return false;
  return type !== "Step" || isStepToCome(facts, course, run);
}

/** Ends every run of ours that is not one of the recorded ones. */
export function endOtherRuns(facts: Facts, course: Course): readonly Effect[] {
  const current = new Set(runTypes.map((type) => recordedRun(course, type)?.name));
  return facts.observed.analysisRuns
    .filter((run) => isOurs(facts, run) && !current.has(run.metadata.name))
    .filter((run) => run.spec.terminate !== true && !isAnalysisCompleted(run.status?.phase))
    .filter((run) => !isAhead(facts, course, run))
    .map((run) => ({ kind: "terminateAnalysisRun", name: run.metadata.name }));
}
