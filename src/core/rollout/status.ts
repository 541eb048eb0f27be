import { workloadGenerationAnnotation } from "../../api/argo/keys.ts";
import type { RolloutSpec } from "../../api/argo/rollout.ts";
import type {
  BlueGreenStatus,
  CanaryStatus,
  RolloutStatus,
} from "../../api/argo/rollout-status.ts";
import { formatSelector } from "../../api/meta/label-selector.ts";
import { formatTime } from "../../lib/time.ts";
import { conditionsAfter } from "./conditions/all-conditions.ts";
import type { Counters } from "./counters.ts";
import type { Facts } from "./context.ts";
import { isFullyPromoted, type Course } from "./course.ts";
import { durationAfter } from "./duration.ts";
import type { StrategyOutcome } from "./outcome.ts";
import { phaseOf } from "./phase.ts";

type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Without the entries that say nothing: undefined, "", 0, false and empty lists are not written (§1.4). */
function withoutZeroValues<T extends object>(wire: Optional<T>): Partial<T> {
  const says = (value: unknown): boolean =>
    value !== undefined &&
    value !== "" &&
    value !== 0 &&
    value !== false &&
    !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(wire).filter(([, value]) => says(value))) as Partial<T>;
}

function canaryStatus({ course, weights }: StrategyOutcome): CanaryStatus {
  return withoutZeroValues<CanaryStatus>({
    currentStepAnalysisRunStatus: course.stepRun,
    currentBackgroundAnalysisRunStatus: course.backgroundRun,
    currentExperiment: course.experiment,
    weights,
    stablePingPong: course.stablePingPong,
    stepPluginStatuses: course.stepPlugins,
  });
}

function blueGreenStatus({ course, selectors }: StrategyOutcome): BlueGreenStatus {
  return withoutZeroValues<BlueGreenStatus>({
    previewSelector: selectors?.preview,
    activeSelector: selectors?.active,
    scaleUpPreviewCheckPoint: course.hasPassedCheckpoint,
    prePromotionAnalysisRunStatus: course.prePromotionRun,
    postPromotionAnalysisRunStatus: course.postPromotionRun,
  });
}

/**
 * A person has ended a pause while spec.paused stands, as promote does an instant before it lifts
 * that, too: the word counts as soon as it is lifted. One about an undecided verdict is used up.
 */
function isWordKept({ paused, strategy }: RolloutSpec, course: Course): boolean {
  if (!paused || !course.isResumed) return false;
  if (strategy.kind === "blueGreen")
    return !strategy.prePromotionAnalysis || course.prePromotionRun?.status === "Successful";
  if (strategy.kind !== "canary") return false;
  const kind = strategy.steps[course.stepIndex ?? 0]?.kind;
  return kind === "pause" || kind === "pauseUntilSafe";
}

function isBlueGreen(facts: Facts): boolean {
  return facts.spec.strategy.kind === "blueGreen";
}

function withPhase(facts: Facts, outcome: StrategyOutcome, status: RolloutStatus): RolloutStatus {
  const { spec } = facts;
  const { strategy } = spec;
  const { course } = outcome;
  const held = isFullyPromoted(facts, course) ? undefined : course.held;
  const { phase, message } = phaseOf({
    n: facts.n,
    isPaused: spec.paused,
    restartAt: spec.restartAtMs === undefined ? undefined : formatTime(spec.restartAtMs),
    strategy: isBlueGreen(facts) ? "blueGreen" : "canary",
    isRouted: strategy.kind === "canary" && strategy.trafficRouting !== undefined,
    hasPostPromotionAnalysis:
      strategy.kind === "blueGreen" && strategy.postPromotionAnalysis !== undefined,
    held,
    pauseText: course.pauseText,
    status,
  });
  return { ...status, phase, ...(message === "" ? {} : { message }) };
}

/** `alb` is the last of `albs`; both only as long as a router says them. */
function albsAfter({ observed: { traffic } }: Facts): Pick<RolloutStatus, "alb" | "albs"> {
  const albs = traffic.flatMap(({ state }) => state.albs ?? []);
  const last = albs.at(-1);
  return last === undefined ? {} : { alb: last, albs };
}

/** The whole status after this pass (§1.4). */
export function statusAfter(
  facts: Facts,
  outcome: StrategyOutcome,
  counters: Counters,
): RolloutStatus {
  const { course } = outcome;
  const { rollout } = facts;
  const status: RolloutStatus = {
    ...withoutZeroValues<RolloutStatus>({
      observedGeneration: String(rollout.metadata.generation ?? 0),
      conditions: conditionsAfter(facts, outcome, counters),
      pauseConditions: course.pauseConditions,
      controllerPause:
        course.controllerPause &&
        (course.pauseConditions.length > 0 || isWordKept(facts.spec, course)),
      abort: course.isAborted,
      abortedAt: course.isAborted ? course.abortedAt : undefined,
      promoteFull: course.isPromoteFull,
      currentPodHash: facts.newHash,
      stableRS: course.stableHash,
      currentStepHash: course.stepHash,
      replicas: counters.replicas,
      updatedReplicas: counters.updated,
      readyReplicas: counters.ready,
      availableReplicas: counters.available,
      HPAReplicas: counters.hpaReplicas,
      selector: formatSelector(counters.selector),
      ...albsAfter(facts),
      restartedAt: course.restartedAt,
      workloadObservedGeneration:
        facts.spec.workloadRef === undefined
          ? undefined
          : rollout.metadata.annotations?.[workloadGenerationAnnotation],
      collisionCount: facts.collisionCount,
      duration: durationAfter(facts, course),
    }),
    ...(course.stepIndex === undefined ? {} : { currentStepIndex: course.stepIndex }),
    blueGreen: isBlueGreen(facts) ? blueGreenStatus(outcome) : {},
    canary: isBlueGreen(facts) ? {} : canaryStatus(outcome),
  };
  return withPhase(facts, outcome, status);
}
