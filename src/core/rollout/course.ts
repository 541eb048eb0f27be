import type {
  PauseCondition,
  PauseReason,
  RecordedRun,
  RolloutStatus,
  StepPluginStatus,
} from "../../api/argo/rollout-status.ts";
import { endedByRolloutAnnotation } from "../../api/argo/keys.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { formatTime } from "../../lib/time.ts";
import type { Facts } from "./context.ts";
import type { RolloutEvent } from "./decision.ts";

/**
 * Where the rollout stands: what the status says, brought up to date step by step within one
 * decision. Each transition takes a course and gives back the next one; none is ever changed.
 */
export interface Course {
  /** "" while nothing has been promoted yet. */
  readonly stableHash: string;
  /** undefined without steps. */
  readonly stepIndex: number | undefined;
  readonly stepHash: string | undefined;
  readonly isAborted: boolean;
  /** Why, when it was our decision; undefined for a user's abort. */
  readonly abortMessage: string | undefined;
  readonly abortedAt: string | undefined;
  readonly isPromoteFull: boolean;
  readonly pauseConditions: readonly PauseCondition[];
  readonly controllerPause: boolean;
  /** A client has cleared our pause conditions and this is the first pass to see it. */
  readonly isResumed: boolean;
  readonly hasPassedCheckpoint: boolean;
  readonly stablePingPong: "ping" | "pong" | undefined;
  readonly stepRun: RecordedRun | undefined;
  readonly backgroundRun: RecordedRun | undefined;
  readonly prePromotionRun: RecordedRun | undefined;
  readonly postPromotionRun: RecordedRun | undefined;
  readonly experiment: string | undefined;
  readonly stepPlugins: readonly StepPluginStatus[];
  readonly restartedAt: string | undefined;
  /** Why no more could be done, for people; shown in the message while Progressing. */
  readonly held: string | undefined;
  /** What the pause at this step waits for, for people; shown in the message while Paused. */
  readonly pauseText: string | undefined;
  readonly isNewAttempt: boolean;
}

/** A course and what is to be told about the way there. */
export interface Turn {
  readonly course: Course;
  readonly events: readonly RolloutEvent[];
}

function isEndedByUs(judges: readonly KubeObject[], name: string | undefined): boolean {
  const found = judges.find(({ metadata }) => metadata.name === name);
  return found?.metadata.annotations?.[endedByRolloutAnnotation] !== undefined;
}

/**
 * A run ends Successful when it is terminated. If we did that on an older view of the rollout, which
 * did not know the run yet, nobody has judged anything: it is forgotten, and another one is made.
 * The same goes for an experiment.
 */
function unlessEndedByUs(
  { observed }: Facts,
  run: RecordedRun | undefined,
): RecordedRun | undefined {
  return isEndedByUs(observed.analysisRuns, run?.name) ? undefined : run;
}

function verdictsOf(
  facts: Facts,
  { canary, blueGreen }: RolloutStatus,
): Pick<
  Course,
  | "stablePingPong"
  | "stepRun"
  | "backgroundRun"
  | "prePromotionRun"
  | "postPromotionRun"
  | "experiment"
  | "stepPlugins"
> {
  return {
    stablePingPong: canary?.stablePingPong,
    stepRun: unlessEndedByUs(facts, canary?.currentStepAnalysisRunStatus),
    backgroundRun: unlessEndedByUs(facts, canary?.currentBackgroundAnalysisRunStatus),
    prePromotionRun: unlessEndedByUs(facts, blueGreen?.prePromotionAnalysisRunStatus),
    postPromotionRun: unlessEndedByUs(facts, blueGreen?.postPromotionAnalysisRunStatus),
    experiment: isEndedByUs(facts.observed.experiments, canary?.currentExperiment)
      ? undefined
      : canary?.currentExperiment,
    stepPlugins: canary?.stepPluginStatuses ?? [],
  };
}

/** The course as the stored status tells it. */
export function courseOf(facts: Facts): Course {
  const { before } = facts;
  const pauseConditions = before.pauseConditions ?? [];
  const controllerPause = before.controllerPause ?? false;
  return {
    ...verdictsOf(facts, before),
    stableHash: before.stableRS ?? "",
    stepIndex: before.currentStepIndex,
    stepHash: before.currentStepHash,
    isAborted: before.abort ?? false,
    abortMessage: undefined,
    abortedAt: before.abortedAt,
    isPromoteFull: before.promoteFull ?? false,
    pauseConditions,
    controllerPause,
    isResumed: controllerPause && pauseConditions.length === 0,
    hasPassedCheckpoint: before.blueGreen?.scaleUpPreviewCheckPoint ?? false,
    restartedAt: before.restartedAt,
    held: undefined,
    pauseText: undefined,
    isNewAttempt: false,
  };
}

export function isFullyPromoted(facts: Facts, course: Course): boolean {
  return course.stableHash !== "" && course.stableHash === facts.newHash;
}

/** Another version than recorded is the stable one now. The first version takes nobody's place. */
export function hasNewStable({ before }: Facts, { stableHash }: Course): boolean {
  return (before.stableRS ?? "") !== "" && before.stableRS !== stableHash;
}

export function hasPause(course: Course, reason: PauseReason): boolean {
  return course.pauseConditions.some((condition) => condition.reason === reason);
}

/** A verdict nobody could give: everything waits for a person. */
export function isInconclusive(course: Course): boolean {
  return hasPause(course, "InconclusiveAnalysisRun") || hasPause(course, "InconclusiveExperiment");
}

export function withPause(course: Course, reason: PauseReason, facts: Facts): Course {
  if (hasPause(course, reason)) return course;
  const added: PauseCondition = { reason, startTime: formatTime(facts.now) };
  return { ...course, pauseConditions: [...course.pauseConditions, added], controllerPause: true };
}

export function withoutPause(course: Course, reason: PauseReason): Course {
  const pauseConditions = course.pauseConditions.filter((condition) => condition.reason !== reason);
  return { ...course, pauseConditions };
}

export function withoutAnyPause(course: Course): Course {
  return { ...course, pauseConditions: [], controllerPause: false, isResumed: false };
}

/**
 * What tells one attempt at a revision from another, so that a repeated decision names the same
 * occasion: stable while the attempt lasts and the same when its first pass has to be repeated.
 */
export function attemptOf(facts: Facts, course: Course): string {
  const started = facts.before.duration?.rolloutStartedAt ?? "";
  const generation = String(facts.rollout.metadata.generation ?? 0);
  const key = course.isNewAttempt
    ? `generation ${generation} after ${facts.before.abortedAt ?? "none"}`
    : started;
  return `${String(facts.revision)}/${key}`;
}

export function rolloutEvent(
  facts: Facts,
  course: Course,
  reason: string,
  message: string,
  occasion: string,
): RolloutEvent {
  const warnings = [
    "RolloutAborted",
    "ReplicaSetCreateError",
    "AnalysisRunCreateError",
    "ReconciliationError",
    "NotShownSafe",
  ];
  const isWarning = warnings.includes(reason);
  return {
    type: isWarning ? "Warning" : "Normal",
    reason,
    message,
    cause: `${attemptOf(facts, course)}/${occasion}`,
  };
}
