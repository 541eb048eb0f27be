import type { BlueGreenStrategy } from "../../api/argo/rollout.ts";
import { isAnalysisCompleted } from "../../api/argo/analysis.ts";
import {
  availableReplicas,
  hashOf,
  isObserved,
  isSaturated,
  servingReplicas,
  specReplicas,
} from "../replicas/replica-set.ts";
import { abortWith, settleAbort } from "./abort.ts";
import { endOtherRuns, ensureRun } from "./analysis-runs.ts";
import type { RunsOutcome, WantedRun } from "./analysis-runs.ts";
import { blueGreenPause } from "./blue-green-pause.ts";
import { blueGreenSizing } from "./blue-green-replica-sets.ts";
import {
  blueGreenOf,
  isFastTrack,
  isHalted,
  isPrePromotionPassed,
  isReadyToSwitch,
  wantsVerdicts,
} from "./blue-green-view.ts";
import type { BlueGreen } from "./blue-green-view.ts";
import { timeOutText } from "./conditions/progressing.ts";
import { rolesOf } from "./context.ts";
import type { Facts } from "./context.ts";
import {
  courseOf,
  hasNewStable,
  isFullyPromoted,
  isInconclusive,
  rolloutEvent,
  withoutAnyPause,
} from "./course.ts";
import type { Course, Turn } from "./course.ts";
import { countersOf } from "./counters.ts";
import type { Effect } from "./decision.ts";
import { judgeRun } from "./judge-runs.ts";
import type { StrategyOutcome } from "./outcome.ts";
import { deadlineMs, hasProgressed } from "./progress.ts";
import { promoteStable } from "./promote.ts";
import { resetByTemplate } from "./reset.ts";
import { isFastRollback, isWithinRollbackWindow } from "./rollback.ts";
import { hashesSelected, switchService } from "./services.ts";

// Blue-green: the new version grows beside the one users see; then the active Service is switched
// in one write (§2.7). Transitions first, then what follows from them, like canary.ts.

function then(turn: Turn, next: (course: Course) => Turn): Turn {
  const { course, events } = next(turn.course);
  return { course, events: [...turn.events, ...events] };
}

function begin(facts: Facts, blueGreen: BlueGreen): Turn {
  const settled = settleAbort(resetByTemplate(facts, courseOf(facts)), facts);
  const forced: Course = settled.isPromoteFull
    ? { ...withoutAnyPause(settled), isAborted: false, abortedAt: undefined }
    : settled;
  const start: Turn = { course: forced, events: [] };
  if (!wantsVerdicts(blueGreen, forced)) return start;
  const judgedPre = then(start, (course) => judgeRun(facts, course, "PrePromotion"));
  const judged = then(judgedPre, (course) => judgeRun(facts, course, "PostPromotion"));
  return then(judged, (course) => abortIfTimedOut(facts, blueGreen, course));
}

function isWaitingForVerdict(blueGreen: BlueGreen, course: Course): boolean {
  const runs = [course.prePromotionRun, course.postPromotionRun];
  const isRunning = runs.some((run) => run !== undefined && !isAnalysisCompleted(run.status));
  return isRunning && wantsVerdicts(blueGreen, course);
}

function abortIfTimedOut(facts: Facts, blueGreen: BlueGreen, course: Course): Turn {
  const endsAtMs = deadlineMs(facts, isWaitingForVerdict(blueGreen, course));
  const isOver = endsAtMs !== undefined && endsAtMs < facts.now;
  if (!isOver || course.isAborted || !facts.spec.progressDeadlineAbort)
    return { course, events: [] };
  const selectors = { active: blueGreen.activeHash, preview: blueGreen.previewHash };
  if (hasProgressed(facts, course, countersOf(facts, blueGreen.activeHash), selectors)) {
    return { course, events: [] };
  }
  const message = timeOutText(facts);
  const event = rolloutEvent(facts, course, "RolloutAborted", message, "timed out");
  return { course: abortWith(course, message, facts), events: [event] };
}

/** The version the active Service is to lead to; undefined = leave it. */
function activeTarget(blueGreen: BlueGreen, course: Course, isPassed: boolean): string | undefined {
  const { facts } = blueGreen;
  const { stableRs } = rolesOf(facts, course.stableHash);
  if (course.isAborted) return servingReplicas(stableRs) > 0 ? course.stableHash : undefined;
  if (isHalted(blueGreen, course) || !isReadyToSwitch(blueGreen, course)) return undefined;
  if (isFastTrack(blueGreen, course)) return facts.newHash;
  return isPassed && isPrePromotionPassed(blueGreen, course) ? facts.newHash : undefined;
}

function switchServices(
  blueGreen: BlueGreen,
  course: Course,
  isPassed: boolean,
): readonly Effect[] {
  const { facts, strategy } = blueGreen;
  const preview = isHalted(blueGreen, course)
    ? []
    : switchService(facts, course, strategy.previewService, facts.newHash, true);
  const target = activeTarget(blueGreen, course, isPassed) ?? blueGreen.lostHash;
  const active =
    target === undefined ? [] : switchService(facts, course, strategy.activeService, target, true);
  return [...preview, ...active];
}

/** shouldFullPromote of blue-green; undefined = not yet (§2.8). */
function reasonToPromote(
  blueGreen: BlueGreen,
  course: Course,
  activeAfter: string,
): string | undefined {
  const { facts, strategy } = blueGreen;
  if (course.stableHash === "") return "Initial deploy";
  if (activeAfter !== facts.newHash) return undefined;
  if (course.isPromoteFull) return "Full promotion requested";
  if (isWithinRollbackWindow(facts, course)) return "Rollback within window";
  if (isFastRollback(facts, course)) return "Fast rollback";
  if (course.isAborted || isInconclusive(course)) return undefined;
  const needsVerdict = strategy.postPromotionAnalysis !== undefined;
  if (needsVerdict && course.postPromotionRun?.status !== "Successful") return undefined;
  return "Completed blue-green update";
}

function isPreviewJudgeable(blueGreen: BlueGreen): boolean {
  const { facts, strategy } = blueGreen;
  const { newRs, n } = facts;
  if (!isObserved(newRs)) return false;
  if (strategy.previewReplicaCount === undefined) return isSaturated(newRs, n);
  const preview = Math.min(strategy.previewReplicaCount, n);
  return specReplicas(newRs) === preview && availableReplicas(newRs) === preview;
}

/** Before the switch the preview is judged, after it what users get. */
function wantedRuns(blueGreen: BlueGreen, course: Course): readonly WantedRun[] {
  const { facts, strategy, activeHash } = blueGreen;
  if (!wantsVerdicts(blueGreen, course) || isInconclusive(course)) return [];
  const { prePromotionAnalysis: pre, postPromotionAnalysis: post } = strategy;
  const isActive = activeHash === facts.newHash;
  const isBefore = !isActive && isPreviewJudgeable(blueGreen);
  const isAfter = isActive && isSaturated(facts.newRs, facts.n);
  return [
    ...(pre !== undefined && isBefore
      ? [{ type: "PrePromotion" as const, analysis: pre, stepIndex: undefined }]
      : []),
    ...(post !== undefined && isAfter
      ? [{ type: "PostPromotion" as const, analysis: post, stepIndex: undefined }]
      : []),
  ];
}

function ensureRuns(blueGreen: BlueGreen, from: Course): RunsOutcome {
  const { facts } = blueGreen;
  let course = from;
  const effects: Effect[] = [];
  for (const wanted of wantedRuns(blueGreen, from)) {
    const outcome = ensureRun(facts, course, wanted);
    course = outcome.course;
    effects.push(...outcome.effects);
  }
  const current = wantsVerdicts(blueGreen, course) ? course : withoutRuns(course);
  return { course, effects: [...effects, ...endOtherRuns(facts, current)] };
}

function withoutRuns(course: Course): Course {
  return { ...course, prePromotionRun: undefined, postPromotionRun: undefined };
}

function single(facts: Facts, name: string | undefined, effects: readonly Effect[]): string {
  return hashesSelected(facts, [name], effects)[0] ?? "";
}

/** decide() of blue-green. */
export function conductBlueGreen(facts: Facts, strategy: BlueGreenStrategy): StrategyOutcome {
  const blueGreen = blueGreenOf(facts, strategy);
  const begun = begin(facts, blueGreen);
  const pause = blueGreenPause(blueGreen, begun.course);
  const services = switchServices(blueGreen, pause.course, pause.isPassed);
  const active = single(facts, strategy.activeService, services);
  const preview = single(facts, strategy.previewService, services);
  const after: BlueGreen = { ...blueGreen, activeHash: active, previewHash: preview };
  const runs = ensureRuns(after, pause.course);
  const reason = reasonToPromote(blueGreen, runs.course, active);
  const promoted: Turn =
    reason === undefined
      ? { course: runs.course, events: [] }
      : promoteStable(facts, runs.course, reason);
  const { course } = promoted;
  const sizing = blueGreenSizing(after, course, [active, preview]);
  const activeSet = facts.replicaSets.find((rs) => hashOf(rs) === active);
  const hasSwitched =
    active === facts.newHash &&
    (strategy.previewService === undefined || preview === facts.newHash);
  return {
    course,
    groundwork: services,
    hasTurned: hasNewStable(facts, course),
    story: [...begun.events, ...promoted.events],
    actions: runs.effects,
    changes: sizing.changes,
    lookAgain: [...pause.lookAgain, ...sizing.lookAgain],
    weights: undefined,
    selectors: { active, preview },
    // The first deployment is complete by definition (§1.8).
    wasIncomplete: !isFullyPromoted(facts, begun.course.stableHash === "" ? course : begun.course),
    why: undefined,
    isStrategyDone: hasSwitched && isFullyPromoted(facts, course),
    isAvailable: isSaturated(activeSet, facts.n),
    isInIndefiniteStep: isWaitingForVerdict(blueGreen, course),
  };
}
