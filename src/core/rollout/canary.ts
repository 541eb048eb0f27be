import type { CanaryStrategy } from "../../api/argo/rollout.ts";
import type { TrafficWeights } from "../../api/argo/rollout-status.ts";
import { availableReplicas, sumOf } from "../replicas/replica-set.ts";
import { recordedWeights, weightChangeText } from "../traffic/plan.ts";
import { abortWith, settleAbort } from "./abort.ts";
import { endOtherRuns, ensureRun } from "./analysis-runs.ts";
import type { RunsOutcome, WantedRun } from "./analysis-runs.ts";
import { canarySizing } from "./canary-replica-sets.ts";
import { canaryServiceEffects } from "./canary-services.ts";
import { decideTraffic } from "./canary-traffic.ts";
import type { TrafficDecision } from "./canary-traffic.ts";
import { areStepsDone, canaryOf, currentStep, versionLeftBehind } from "./canary-view.ts";
import type { Canary } from "./canary-view.ts";
import type { Facts } from "./context.ts";
import { courseOf, hasNewStable, isFullyPromoted, isInconclusive, rolloutEvent } from "./course.ts";
import type { Course, Turn } from "./course.ts";
import { countersOf } from "./counters.ts";
import { timeOutText } from "./conditions/progressing.ts";
import type { Effect, LookAgain, RolloutEvent } from "./decision.ts";
import { ensureExperiment } from "./experiments.ts";
import { watchOf } from "./guard.ts";
import { judgeRun, observedRun } from "./judge-runs.ts";
import type { StrategyOutcome } from "./outcome.ts";
import { deadlineMs, hasProgressed } from "./progress.ts";
import { promoteIfEarned, skipStepsIfForced } from "./promote.ts";
import { resetCanary } from "./reset.ts";
import { isFastRollback } from "./rollback.ts";
import { canaryAndStableServices } from "./service-names.ts";
import { hashesSelected } from "./services.ts";
import { stepIndexLabel } from "../../api/argo/keys.ts";
import { walkSteps } from "./walk-steps.ts";
import type { Walk } from "./walk-steps.ts";

// A canary, from what is observed to what is wanted: first the course is brought up to date
// (transitions), then the world is brought to the course (actions). Rolling updates pass through here too.

function then(turn: Turn, next: (course: Course) => Turn): Turn {
  const { course, events } = next(turn.course);
  return { course, events: [...turn.events, ...events] };
}

/** Verdicts only count while they are asked for (§2.13 Creation). */
function wantsVerdicts(canary: Canary, course: Course): boolean {
  const { facts } = canary;
  return (
    course.stableHash !== "" &&
    !course.isAborted &&
    !course.isPromoteFull &&
    !isFullyPromoted(facts, course) &&
    !isFastRollback(facts, course)
  );
}

/** Forgets recorded runs nobody waits for any more; they are ended by endOtherRuns. */
function withWantedRuns(canary: Canary, course: Course): Course {
  if (!wantsVerdicts(canary, course)) {
    return { ...course, stepRun: undefined, backgroundRun: undefined, experiment: undefined };
  }
  const step = currentStep(canary, course);
  const run = observedRun(canary.facts, course.stepRun?.name);
  const isForOtherStep =
    run !== undefined && run.metadata.labels?.[stepIndexLabel] !== String(course.stepIndex);
  const isStepRunWanted = step?.kind === "analysis" && !isForOtherStep;
  return {
    ...course,
    stepRun: isStepRunWanted ? course.stepRun : undefined,
    backgroundRun: watchOf(canary.strategy) === undefined ? undefined : course.backgroundRun,
    experiment: step?.kind === "experiment" ? course.experiment : undefined,
  };
}

function begin(canary: Canary): Turn {
  const { facts } = canary;
  const reset = resetCanary(canary, courseOf(facts));
  const settled = settleAbort(reset.course, facts);
  const forced = skipStepsIfForced(canary, settled);
  const wanted: Turn = { course: withWantedRuns(canary, forced), events: reset.events };
  const judgedStep = then(wanted, (course) => judgeRun(facts, course, "Step"));
  return then(judgedStep, (course) => judgeRun(facts, course, "Background"));
}

/** progressDeadlineAbort: the time given for progress is over and nothing has moved (§2.11). */
function abortIfTimedOut(canary: Canary, course: Course): Turn {
  const { facts } = canary;
  const endsAtMs = deadlineMs(facts, isInIndefiniteStep(canary, course));
  const isOver = endsAtMs !== undefined && endsAtMs < facts.now;
  const isExempt =
    course.isAborted || isFullyPromoted(facts, course) || !facts.spec.progressDeadlineAbort;
  if (!isOver || isExempt) return { course, events: [] };
  if (hasProgressed(facts, course, countersOf(facts, undefined), undefined))
    return { course, events: [] };
  const message = timeOutText(facts);
  const event = rolloutEvent(facts, course, "RolloutAborted", message, "timed out");
  return { course: abortWith(course, message, facts), events: [event] };
}

function isInIndefiniteStep(canary: Canary, course: Course): boolean {
  const kind = currentStep(canary, course)?.kind;
  return (
    kind === "pause" || kind === "pauseUntilSafe" || kind === "analysis" || kind === "experiment"
  );
}

interface Arrived {
  readonly walk: Walk;
  readonly course: Course;
  readonly events: readonly RolloutEvent[];
  readonly traffic: TrafficDecision;
}

/** Everything that can be known to have happened by now. */
function arrive(canary: Canary, begun: Turn): Arrived {
  const walk = walkSteps(canary, begun.course);
  const promoted = promoteIfEarned(canary, walk);
  const last = then(promoted, (course) => abortIfTimedOut(canary, course));
  const hasTurned = last.course !== walk.course;
  return {
    walk,
    course: last.course,
    events: [...begun.events, ...walk.events, ...last.events],
    traffic: hasTurned ? decideTraffic(canary, last.course) : walk.traffic,
  };
}

function backgroundRun(canary: Canary, course: Course): WantedRun | undefined {
  const analysis = watchOf(canary.strategy);
  if (analysis === undefined || !wantsVerdicts(canary, course)) return undefined;
  const hasStarted = (course.stepIndex ?? 0) >= analysis.startingStep;
  return hasStarted ? { type: "Background", analysis, stepIndex: undefined } : undefined;
}

function stepRun(canary: Canary, course: Course): WantedRun | undefined {
  const step = currentStep(canary, course);
  if (step?.kind !== "analysis" || !wantsVerdicts(canary, course)) return undefined;
  if (course.pauseConditions.length > 0) return undefined;
  // The canary Service still leads to the version before: that is who would be judged.
  if (versionLeftBehind(canary, course) !== undefined) return undefined;
  return { type: "Step", analysis: step.analysis, stepIndex: course.stepIndex };
}

function ensureRuns(canary: Canary, from: Course): RunsOutcome {
  const { facts } = canary;
  let course = from;
  const effects: Effect[] = [];
  if (!isInconclusive(from)) {
    for (const wanted of [stepRun(canary, from), backgroundRun(canary, from)]) {
      if (wanted === undefined) continue;
      const outcome = ensureRun(facts, course, wanted);
      course = outcome.course;
      effects.push(...outcome.effects);
    }
  }
  return { course, effects: [...effects, ...endOtherRuns(facts, course)] };
}

interface TrafficActions {
  readonly effects: readonly Effect[];
  readonly weights: TrafficWeights | undefined;
}

/** The step the weight is from: a repeated pass may stand at another, but not before another weight. */
function stepOfWeight({ strategy }: Canary, { stepIndex }: Course): number {
  return strategy.steps
    .slice(0, (stepIndex ?? 0) + 1)
    .findLastIndex((step) => step.kind === "setWeight");
}

function trafficActions(canary: Canary, course: Course, traffic: TrafficDecision): TrafficActions {
  const { facts, strategy } = canary;
  if (!canary.isRouted) return { effects: [], weights: undefined };
  const before = facts.before.canary?.weights;
  const { plan } = traffic;
  if (plan === undefined) return { effects: [], weights: before };
  const weights = recordedWeights(plan, strategy.pingPong === undefined, traffic.verified);
  const text = weightChangeText(before, weights);
  const occasion = `${String(stepOfWeight(canary, course))}/${text ?? ""}`;
  const told: readonly Effect[] =
    text === undefined
      ? []
      : [
          {
            kind: "event",
            event: rolloutEvent(facts, course, "TrafficWeightUpdated", text, occasion),
          },
        ];
  const applied: readonly Effect[] = traffic.isInForce ? [] : [{ kind: "applyTraffic", plan }];
  return { effects: [...applied, ...told], weights };
}

/** Where nobody tells when the data plane has followed, it is asked again. */
function routersToAskAgain({ observed, now }: Facts): readonly LookAgain[] {
  return observed.traffic.flatMap(({ kind, state: { askAgainMs } }) =>
    askAgainMs === undefined ? [] : [{ atMs: now + askAgainMs, why: `${kind} is asked again` }],
  );
}

/** Another version takes the place of the one that is tried out, with less traffic than that one has. */
function takesOverWithLess(
  { facts }: Canary,
  course: Course,
  plan: TrafficDecision["plan"],
): boolean {
  const before = facts.before.canary?.weights?.canary;
  if (before === undefined || plan === undefined || isFullyPromoted(facts, course)) return false;
  const isAnother = before.podTemplateHash !== plan.canary.podTemplateHash;
  return isAnother && plan.canary.weight < before.weight;
}

/**
 * A weight grows only once the Services lead where it is to go. After an abort the weight is first:
 * users leave the bad version with it, and the canary Service follows. So it is when a version takes
 * over with less: it must not meet, even for a moment, all that the one before it had.
 */
function inOrder(
  canary: Canary,
  course: Course,
  services: readonly Effect[],
  routing: readonly Effect[],
  plan: TrafficDecision["plan"],
): readonly Effect[] {
  const { strategy } = canary;
  const isStableServiceMoved = services.some(
    (effect) => effect.kind === "patchService" && effect.name === strategy.stableService,
  );
  const isLeaving = course.isAborted && strategy.pingPong === undefined;
  const isLess = isLeaving || takesOverWithLess(canary, course, plan);
  const isWeightFirst = isLess && !isStableServiceMoved;
  return isWeightFirst ? [...routing, ...services] : [...services, ...routing];
}

/** decide() of a canary. */
export function conductCanary(facts: Facts, strategy: CanaryStrategy): StrategyOutcome {
  const canary = canaryOf(facts, strategy);
  const begun = begin(canary);
  const { walk, course: arrived, events, traffic } = arrive(canary, begun);
  const services = canaryServiceEffects(canary, arrived, traffic);
  const routing = trafficActions(canary, arrived, traffic);
  const runs = ensureRuns(canary, arrived);
  const experiments = ensureExperiment(canary, runs.course);
  const names = canaryAndStableServices(strategy, arrived);
  const watched = strategy.pingPong === undefined ? [names.canary, names.stable] : [];
  const selected = hashesSelected(facts, watched, services);
  const sizing = canarySizing(canary, arrived, traffic, selected);
  const reach = inOrder(canary, arrived, services, routing.effects, traffic.plan);
  const { course } = experiments;
  return {
    course: { ...course, held: course.held ?? traffic.held },
    groundwork: walk.reliesOnTraffic ? reach : [],
    hasTurned: walk.course.stepIndex !== begun.course.stepIndex || hasNewStable(facts, course),
    story: events,
    actions: [...(walk.reliesOnTraffic ? [] : reach), ...runs.effects, ...experiments.effects],
    changes: sizing.changes,
    lookAgain: [
      ...sizing.lookAgain,
      ...(walk.lookAgain === undefined ? [] : [walk.lookAgain]),
      ...routersToAskAgain(facts),
    ],
    weights: routing.weights,
    selectors: undefined,
    wasIncomplete: !isFullyPromoted(facts, begun.course),
    why: walk.why ?? traffic.waitingFor,
    isStrategyDone: isDone(canary, course) && hasAllTraffic(canary, traffic),
    isAvailable: sumOf(facts.replicaSets, availableReplicas) >= facts.n,
    isInIndefiniteStep: isInIndefiniteStep(canary, course),
  };
}

/** Users are where the status says they are, as far as the data plane can tell. */
function hasAllTraffic(canary: Canary, traffic: TrafficDecision): boolean {
  if (!canary.isRouted || traffic.plan === undefined) return !canary.isRouted;
  return traffic.isSettled && traffic.plan.canary.weight === 0;
}

function isDone(canary: Canary, course: Course): boolean {
  const { facts } = canary;
  const { replicas } = countersOf(facts, undefined);
  return areStepsDone(canary, course) && isFullyPromoted(facts, course) && replicas === facts.n;
}
