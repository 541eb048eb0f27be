// One attempt at a revision: from the moment the status speaks of it until another begins. What
// people did since then, and which gates the steps have, decides how far it may be.
import type { CanaryStep, Rollout, Strategy } from "../../api/argo/rollout.ts";
import { rolloutTypeLabel, stepIndexLabel } from "../../api/argo/keys.ts";
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import { isShownSafe } from "../../core/rollout/shown-safe.ts";
import { parseTime } from "../../lib/time.ts";
import { hashOf } from "./view.ts";

export interface Attempt {
  readonly hash: string;
  readonly stepHash: string | undefined;
  readonly startedAtMs: number;
  readonly promotes: number;
  readonly isFull: boolean;
  readonly isAborted: boolean;
  /** It follows an abort of the same version. */
  readonly isRepeated: boolean;
}

/** The attempt after a change of the status. */
export function attemptAfter(
  before: Attempt | undefined,
  { status }: Rollout,
  atMs: number,
): Attempt | undefined {
  const hash = status.currentPodHash;
  if (hash === undefined) return before;
  const isAborted = status.abort === true;
  const isSame =
    before?.hash === hash &&
    before.stepHash === status.currentStepHash &&
    (isAborted || !before.isAborted);
  if (isSame) return { ...before, isAborted };
  // A full promotion ends an abort, too, and goes on counting.
  const isRepeated = before?.hash === hash && before.isAborted;
  const isFull = isRepeated && before.isFull;
  return {
    hash,
    stepHash: status.currentStepHash,
    startedAtMs: atMs,
    promotes: 0,
    isFull,
    isAborted,
    isRepeated,
  };
}

/** Whether pods are the weight, and never become fewer on the way. */
function hasGrowingPods(strategy: Strategy): boolean {
  if (strategy.kind === "rollingUpdate") return true;
  if (strategy.kind !== "canary" || strategy.trafficRouting !== undefined) return false;
  const weights = strategy.steps.flatMap((step) =>
    step.kind === "setWeight" ? [step.weight] : [],
  );
  const areAllWeights = strategy.steps.every(({ kind }) => kind !== "setCanaryScale");
  return areAllWeights && weights.every((weight, i) => weight >= (weights[i - 1] ?? 0));
}

/** The first attempt at what the spec says, with pods that only ever move one way. */
export function isUndisputed({ metadata, spec, status }: Rollout, attempt: Attempt): boolean {
  const isKnown = String(metadata.generation ?? 0) === status.observedGeneration;
  const isGoingOn = !attempt.isRepeated && !attempt.isAborted && !spec.paused;
  return isKnown && isGoingOn && hasGrowingPods(spec.strategy);
}

/** Times in statuses are whole seconds, so every pause may be that much shorter. */
const roundingMs = 1000;

interface Gates {
  readonly pausesMs: readonly number[];
  /** Gates only a person can have opened. */
  readonly closed: number;
}

function isRunOf(run: AnalysisRun, type: string, attempt: Attempt): boolean {
  return hashOf(run) === attempt.hash && run.metadata.labels?.[rolloutTypeLabel] === type;
}

export function runsOf(
  runs: Iterable<AnalysisRun>,
  type: string,
  attempt: Attempt,
): readonly AnalysisRun[] {
  return [...runs].filter((run) => isRunOf(run, type, attempt));
}

function hasPassed(runs: Iterable<AnalysisRun>, index: number, attempt: Attempt): boolean {
  return runsOf(runs, "Step", attempt).some(
    ({ metadata, status }) =>
      metadata.labels?.[stepIndexLabel] === String(index) && status?.phase === "Successful",
  );
}

function wasShownSafe(runs: Iterable<AnalysisRun>, attempt: Attempt): boolean {
  return runsOf(runs, "Background", attempt).some((run) => isShownSafe(run));
}

function gatesBefore(
  steps: readonly CanaryStep[],
  end: number,
  attempt: Attempt,
  runs: Iterable<AnalysisRun>,
): Gates {
  const pausesMs: number[] = [];
  let closed = 0;
  for (const [index, step] of steps.slice(0, end).entries()) {
    if (step.kind === "pause" && step.durationSeconds !== undefined)
      pausesMs.push(Math.max(0, step.durationSeconds * 1000 - roundingMs));
    else if (step.kind === "pause") closed += 1;
    else if (step.kind === "pauseUntilSafe" && !wasShownSafe(runs, attempt)) {
      if (step.atMax === "proceed" && step.maxSeconds !== undefined)
        pausesMs.push(Math.max(0, step.maxSeconds * 1000 - roundingMs));
      else closed += 1;
    } else if (step.kind === "analysis" && !hasPassed(runs, index, attempt)) closed += 1;
  }
  return { pausesMs, closed };
}

function maySkipTo(
  steps: readonly CanaryStep[],
  end: number,
  attempt: Attempt,
  runs: Iterable<AnalysisRun>,
  atMs: number,
): boolean {
  const { pausesMs, closed } = gatesBefore(steps, end, attempt, runs);
  const spare = attempt.promotes - closed;
  if (spare < 0) return false;
  const waited = [...pausesMs].sort((a, b) => b - a).slice(spare);
  return atMs - attempt.startedAtMs >= waited.reduce((sum, ms) => sum + ms, 0);
}

/** The largest weight whose gates have all been passed or opened by people. */
export function reachableWeight(
  steps: readonly CanaryStep[],
  attempt: Attempt,
  runs: Iterable<AnalysisRun>,
  atMs: number,
): number {
  if (attempt.isFull) return Infinity;
  const known = [...runs];
  for (let end = steps.length; end >= 0; end -= 1) {
    if (!maySkipTo(steps, end, attempt, known, atMs)) continue;
    if (end === steps.length) return Infinity;
    const weights = steps
      .slice(0, end + 1)
      .flatMap((step) => (step.kind === "setWeight" ? [step.weight] : []));
    return Math.max(0, ...weights);
  }
  return 0;
}

interface VerdictTimes {
  readonly startMs: number;
  /** Verdicts after this moment (since the start) need not be known yet. */
  readonly knownBeforeMs: number;
}

/** Why nothing may grow at all: a verdict against this attempt that nobody has overruled. */
export function verdictAgainst(
  attempt: Attempt,
  runs: Iterable<AnalysisRun>,
  { startMs, knownBeforeMs }: VerdictTimes,
): string | undefined {
  if (attempt.isFull) return undefined;
  for (const run of runs) {
    const isOurs =
      hashOf(run) === attempt.hash && run.metadata.labels?.[rolloutTypeLabel] !== undefined;
    const createdMs = (parseTime(run.metadata.creationTimestamp) ?? 0) - startMs;
    const decidedMs = (parseTime(run.status?.completedAt) ?? startMs) - startMs;
    if (!isOurs || createdMs + roundingMs < attempt.startedAtMs || decidedMs > knownBeforeMs)
      continue;
    const phase = run.status?.phase;
    if (phase === "Failed" || phase === "Error") return `${run.metadata.name} is ${phase}`;
    if (phase === "Inconclusive" && attempt.promotes === 0)
      return `${run.metadata.name} is ${phase}`;
  }
  return undefined;
}

/** Why a blue-green rollout may not switch its users yet; undefined if it may. */
export function closedGate(
  { spec: { strategy } }: Rollout,
  attempt: Attempt,
  runs: Iterable<AnalysisRun>,
  atMs: number,
): string | undefined {
  if (strategy.kind !== "blueGreen" || attempt.isFull || attempt.promotes > 0) return undefined;
  if (!strategy.autoPromotionEnabled) return "users were switched although nobody promoted";
  const waitedMs = atMs - attempt.startedAtMs + roundingMs;
  if (waitedMs < strategy.autoPromotionSeconds * 1000)
    return `users were switched after ${Math.round(waitedMs / 1000)} s`;
  const hasPassedBefore = runsOf(runs, "PrePromotion", attempt).some(
    ({ status }) => status?.phase === "Successful",
  );
  return strategy.prePromotionAnalysis && !hasPassedBefore
    ? "users were switched before the preview had passed"
    : undefined;
}
