// core/judge/sequential: is the canary worse than stable? May be asked after every tick and still calls a good
// version worse in at most alpha of all rollouts, whatever the weights do in between (an e-process; the proof is in
// docs/judgement-mathematics.md). Flow:
//
//   begin(config, nowMs)              → the state before the first tick                     (state.ts)
//   advance(config, state, ticks)     → { state, errors }: each tick counted once, in order of event time
//   verdictOf(config, state, nowMs)   → verdict, action, numbers, sentence                  (verdict.ts)
//   restore(config, text)             → the state of JSON.stringify(state)                  (state.ts)
//
// Begin with ticks from before the canary's first request where there are some (stable alone, canary 0 of 0): a dozen
// of them tell how clumped stable's errors usually are, and the first failures of the canary count in full.
// Guarantees: the same ticks give the same state to the bit, in one call or in many, before or after a restart; a tick
// seen before changes nothing. Assumes: settings were fixed before the first tick; a tick's weights were set before it.
import { addToBreach, isBreach } from "./breach.ts";
import { samplesProblem, tickProblem } from "./check.ts";
import type { SequentialConfig } from "./config.ts";
import { kept, logSumExp } from "./logs.ts";
import {
  advanceTest,
  evidenceOf,
  hasData,
  objectiveSample,
  observeStable,
  safeEvidenceOf,
  type To,
} from "./metric-test.ts";
import { addRequests } from "./sample-ratio.ts";
import { settingsOf, type Settings } from "./settings.ts";
import type { MetricState, SequentialState } from "./state.ts";
import type { BothSamples, Tick } from "./tick.ts";

export interface Advanced {
  readonly state: SequentialState;
  /** Data errors in these ticks, one sentence each; what they concern was not counted. */
  readonly errors: readonly string[];
}

const isSeen = (tick: Tick, seenMs: number | undefined): boolean =>
  seenMs !== undefined && tick.fromMs < seenMs;

function withBreach(
  { metric, settings }: To,
  before: MetricState["breach"],
  samples: BothSamples,
): MetricState["breach"] {
  const canary = objectiveSample(metric, samples.canary);
  const stable = objectiveSample(metric, samples.stable);
  if (canary === undefined || stable === undefined) return before;
  return {
    canary: addToBreach(before.canary, canary, settings.threshold),
    stable: addToBreach(before.stable, stable, settings.threshold),
  };
}

interface Given {
  readonly tick: Tick;
  /** New and sound. */
  readonly samples: BothSamples;
  /** The warm-up is over. */
  readonly isWarm: boolean;
}

function advanceMetric(to: To, before: MetricState, { tick, samples, isWarm }: Given): MetricState {
  const { metric, settings } = to;
  const seen = { ...before, seenMs: tick.toMs };
  const hasBoth = hasData(metric, samples.canary) && hasData(metric, samples.stable);
  // While stable itself breaches the objective nothing is learned about the canary (nor about stable's usual errors).
  if (isBreach(before.breach.stable, settings.threshold)) {
    const stretch = hasBoth ? { toMs: tick.toMs } : {};
    return { ...seen, ...stretch, breach: withBreach(to, before.breach, samples) };
  }
  if (!isWarm || !hasBoth) {
    if (!hasData(metric, samples.stable)) return seen;
    return { ...seen, test: observeStable(to, before.test, samples.stable) };
  }
  const test = advanceTest(to, before.test, samples, tick);
  const logE = kept(evidenceOf(test));
  const safe = before.isSafe ? undefined : safeEvidenceOf(test);
  return {
    ...seen,
    fromMs: before.fromMs ?? tick.fromMs,
    toMs: tick.toMs,
    logE,
    best: Math.max(before.best, logE),
    isSafe: before.isSafe || (safe !== undefined && safe >= settings.threshold),
    breach: withBreach(to, before.breach, samples),
    test,
  };
}

/**
 * log of the weighted mean of the metrics' evidence, without those whose stable version breaches its
 * objective; 0 = none, when that is all of them. */
export function wholeEvidence(settings: Settings, metrics: SequentialState["metrics"]): number {
  const terms = settings.metrics.flatMap(({ name, weight }) => {
    const metric = metrics[name];
    if (metric === undefined || isBreach(metric.breach.stable, settings.threshold)) return [];
    return [Math.log(weight) + metric.logE];
  });
  return terms.length === 0 ? 0 : logSumExp(terms);
}

function withRequests(state: SequentialState, tick: Tick): SequentialState {
  const { requests, canaryShare } = tick;
  if (requests === undefined || isSeen(tick, state.requestsSeenMs)) return state;
  const seen = { ...state, requestsSeenMs: tick.toMs };
  if (canaryShare === undefined) return seen;
  return { ...seen, sampleRatio: addRequests(state.sampleRatio, requests, canaryShare) };
}

/** The start of the warm-up: of the first tick with sound data of the canary. */
function startOf(settings: Settings, before: SequentialState, tick: Tick): number | undefined {
  if (before.startedMs !== undefined) return before.startedMs;
  const hasCanary = settings.metrics.some((metric) => {
    const samples = tick.samples[metric.name];
    if (samples === undefined || samplesProblem(metric, samples) !== undefined) return false;
    return hasData(metric, samples.canary);
  });
  return hasCanary ? tick.fromMs : undefined;
}

function advanceOne(settings: Settings, before: SequentialState, tick: Tick): Advanced {
  const problem = tickProblem(tick);
  if (problem !== undefined) return { state: before, errors: [problem] };
  const startedMs = startOf(settings, before, tick);
  const isWarmAfter = (warmUpMs: number): boolean =>
    startedMs !== undefined && tick.fromMs >= startedMs + warmUpMs;
  const errors: string[] = [];
  const metrics: Record<string, MetricState> = { ...before.metrics };
  for (const metric of settings.metrics) {
    const state = before.metrics[metric.name];
    const samples = tick.samples[metric.name];
    if (state === undefined || samples === undefined || isSeen(tick, state.seenMs)) continue;
    const wrong = samplesProblem(metric, samples);
    if (wrong !== undefined) errors.push(wrong);
    const isWarm = isWarmAfter(metric.warmUpMs);
    metrics[metric.name] =
      wrong === undefined
        ? advanceMetric({ metric, settings }, state, { tick, samples, isWarm })
        : { ...state, seenMs: tick.toMs };
  }
  const whole = kept(wholeEvidence(settings, metrics));
  const decides = before.decidedMs === undefined && whole >= settings.threshold;
  const state: SequentialState = {
    ...before,
    ...(startedMs === undefined ? {} : { startedMs }),
    best: Math.max(before.best, whole),
    ...(decides ? { decidedMs: tick.toMs } : {}),
    dataErrors: before.dataErrors + errors.length,
    metrics,
  };
  return { state: withRequests(state, tick), errors };
}

/**
 * The state after these ticks, whatever their order in the list. What was seen before, begins before the end of what
 * was seen, or comes too late, is not counted: asking twice changes nothing. A stretch nobody measured is simply
 * not there. Negative numbers, NaN and more failures than requests are said and not counted.
 */
export function advance(
  config: SequentialConfig,
  state: SequentialState,
  ticks: readonly Tick[],
): Advanced {
  const settings = settingsOf(config);
  const errors: string[] = [];
  let after = state;
  for (const tick of ticks.toSorted((a, b) => a.toMs - b.toMs || a.fromMs - b.fromMs)) {
    const one = advanceOne(settings, after, tick);
    after = one.state;
    errors.push(...one.errors);
  }
  return { state: after, errors };
}
