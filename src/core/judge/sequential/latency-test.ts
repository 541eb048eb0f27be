// Kind `latency`: at up to 16 edges fixed beforehand, are more of the canary's requests slower than the edge? The mean
// of the edges' evidence is evidence again, however much they depend on each other. Whether the canary is safe, and
// the confidence sequence, are asked at one watched edge: where stable has 5 % slower requests, as known before.
import { addToCurve, confidenceOf, noCurve, type Curve } from "./confidence.ts";
import { addCounts, dispersionOf, divisorOf, withUsual, type Dispersion } from "./dispersion.ts";
import type { ArmNumbers } from "./evidence.ts";
import { fisherLogRatios, type Pair } from "./fisher.ts";
import { keptShort, logMeanExpOfAll } from "./logs.ts";
import { addLogs, logEvidence, noEvidence, ratioLogs, safeFactors, type Logs } from "./ratio.ts";
import type { MetricSettings, Settings } from "./settings.ts";
import { addDifference, noFlips, signFlipEvidence, type SignFlip } from "./sign-flip.ts";
import type { LatencySample } from "./tick.ts";

type LatencySettings = Extract<MetricSettings, { kind: "latency" }>;

/** Alternatives for the odds of a slower request. */
export const latencyFactors = [1.1, 1.25, 1.5, 2, 3, 5] as const;

const watchedShare = 0.05;

export interface LatencyState {
  readonly kind: "latency";
  /** Requests counted, and those beyond each compared edge. */
  readonly canary: { readonly total: number; readonly over: readonly number[] };
  readonly stable: { readonly total: number; readonly over: readonly number[] };
  /** Evidence at each compared edge. */
  readonly edges: readonly Logs[];
  /** Stable's requests beyond each edge in all stretches seen: how clumped they are, and where 5 % is. */
  readonly seen: {
    readonly ticks: number;
    readonly total: number;
    readonly over: readonly number[];
    readonly squares: readonly number[];
  };
  /** Instead of `edges`, with an equal-sized baseline: at the watched edge. */
  readonly flips?: SignFlip;
  /** At the watched edge. */
  readonly safe: Logs;
  readonly curve: Curve;
}

export function beginLatency(
  { compared }: LatencySettings,
  { equalSized }: Settings,
): LatencyState {
  const none = compared.map(() => 0);
  return {
    kind: "latency",
    canary: { total: 0, over: none },
    stable: { total: 0, over: none },
    edges: equalSized ? [] : compared.map(() => noEvidence(latencyFactors.length)),
    ...(equalSized ? { flips: noFlips } : {}),
    seen: { ticks: 0, total: 0, over: none, squares: none },
    safe: noEvidence(safeFactors.length),
    curve: noCurve,
  };
}

/** Requests in all, and those slower than each edge of the metric. */
export function overEdges({ buckets }: LatencySample): {
  readonly total: number;
  readonly over: readonly number[];
} {
  const over = new Array<number>(buckets.length - 1).fill(0);
  let slower = 0;
  for (let index = buckets.length - 1; index > 0; index -= 1) {
    slower += buckets[index] ?? 0;
    over[index - 1] = slower;
  }
  return { total: slower + (buckets[0] ?? 0), over };
}

function pairsOf(
  { compared }: LatencySettings,
  { canary, stable }: { readonly canary: LatencySample; readonly stable: LatencySample },
): readonly Pair[] {
  const ofCanary = overEdges(canary);
  const ofStable = overEdges(stable);
  return compared.map((edge) => ({
    bad: ofCanary.over[edge.canary] ?? 0,
    total: ofCanary.total,
    otherBad: ofStable.over[edge.stable] ?? 0,
    otherTotal: ofStable.total,
  }));
}

function withSeen(before: LatencyState, pairs: readonly Pair[]): LatencyState {
  const total = pairs[0]?.otherTotal ?? 0;
  if (total === 0) return before;
  const after = pairs.map(({ otherBad }, index) =>
    addCounts(dispersionAt(before, index), otherBad, total),
  );
  return {
    ...before,
    seen: {
      ticks: before.seen.ticks + 1,
      total: before.seen.total + total,
      over: after.map(({ count }) => count),
      squares: after.map(({ squares }) => squares),
    },
  };
}

/** How stable's slow requests at one compared edge are dispersed. */
function dispersionAt({ seen }: LatencyState, index: number): Dispersion {
  const { ticks, total, over, squares } = seen;
  return { ticks, total, count: over[index] ?? 0, squares: squares[index] ?? 0 };
}

/** The compared edge beyond which stable had about 5 % of its requests so far. */
function watchedEdge({ seen }: LatencyState): number {
  let best = Math.floor(seen.over.length / 2);
  let distance = Infinity;
  seen.over.forEach((over, index) => {
    const away = Math.abs(Math.log(over / seen.total / watchedShare));
    if (over > 0 && away < distance) [best, distance] = [index, away];
  });
  return best;
}

/** Stable's requests are looked at also while the canary has no traffic yet. */
export function observeStableLatency(
  metric: LatencySettings,
  before: LatencyState,
  stable: LatencySample,
): LatencyState {
  return withSeen(before, pairsOf(metric, { canary: stable, stable }));
}

const added = (
  before: LatencyState["canary"],
  total: number,
  over: readonly number[],
): LatencyState["canary"] => ({
  total: before.total + total,
  over: before.over.map((sum, index) => sum + (over[index] ?? 0)),
});

/** Evidence at each edge; none with an equal-sized baseline, which keeps none. */
function advanceEdges(
  { metric, settings }: { readonly metric: LatencySettings; readonly settings: Settings },
  before: LatencyState,
  pairs: readonly Pair[],
): readonly Logs[] {
  const nullOdds = metric.marginOf === "odds" ? 1 + metric.margin : 1;
  return before.edges.map((logs, index) => {
    const pair = pairs[index];
    if (pair === undefined || pair.bad + pair.otherBad === 0) return logs;
    const divisor = settings.guarded ? divisorOf(dispersionAt(before, index), "binomial") : 1;
    return addLogs(logs, fisherLogRatios(pair, nullOdds, latencyFactors), divisor, keptShort);
  });
}

function advanceWatched(
  { metric, settings }: { readonly metric: LatencySettings; readonly settings: Settings },
  before: LatencyState,
  pairs: readonly Pair[],
): Partial<LatencyState> {
  const watched = watchedEdge(before);
  const pair = pairs[watched];
  if (pair === undefined || pair.bad + pair.otherBad === 0) return {};
  const dispersion = dispersionAt(before, watched);
  const divisor = settings.guarded ? divisorOf(dispersion, "binomial") : 1;
  const usual = settings.guarded ? withUsual(pair, dispersion) : pair;
  const allowed = metric.marginOf === "odds" ? 1 + metric.margin : 1;
  const expected = (allowed * pair.otherBad * pair.total) / pair.otherTotal;
  return {
    safe: addLogs(before.safe, ratioLogs(usual, settings.safeRatio, safeFactors), divisor),
    curve: addToCurve(before.curve, pair, divisor),
    ...(before.flips === undefined
      ? {}
      : { flips: addDifference(before.flips, pair.bad - expected) }),
  };
}

/** After one more stretch with requests of both versions. */
export function advanceLatency(
  to: { readonly metric: LatencySettings; readonly settings: Settings },
  before: LatencyState,
  samples: { readonly canary: LatencySample; readonly stable: LatencySample },
): LatencyState {
  const pairs = pairsOf(to.metric, samples);
  const [first] = pairs;
  return {
    ...withSeen(before, pairs),
    canary: added(
      before.canary,
      first?.total ?? 0,
      pairs.map(({ bad }) => bad),
    ),
    stable: added(
      before.stable,
      first?.otherTotal ?? 0,
      pairs.map(({ otherBad }) => otherBad),
    ),
    edges: advanceEdges(to, before, pairs),
    ...advanceWatched(to, before, pairs),
  };
}

export function latencyEvidence({ edges, flips }: LatencyState): number {
  return flips === undefined ? logMeanExpOfAll(edges) : signFlipEvidence(flips);
}

export function latencySafeEvidence({ safe }: LatencyState): number {
  return logEvidence(safe);
}

/** What is reported of it, counted at the edge with the most evidence, if there is any, or at the watched one. */
export function latencyReport(
  metric: LatencySettings,
  state: LatencyState,
  alpha: number,
): {
  readonly canary: ArmNumbers;
  readonly stable: ArmNumbers;
  readonly confidence?: { readonly lo: number; readonly hi: number };
  readonly dispersion: number;
  readonly edges: { readonly worstMs: number; readonly watchedMs: number };
} {
  const byEdge = state.edges.map((logs) => logEvidence(logs));
  const watched = watchedEdge(state);
  const most = byEdge.reduce(
    (best, log, index) => (log > (byEdge[best] ?? 0) ? index : best),
    watched,
  );
  const shown = (byEdge[most] ?? 0) > 0 ? most : watched;
  const numbersOf = ({ total, over }: LatencyState["canary"]): ArmNumbers => {
    const count = over[shown] ?? 0;
    return total === 0 ? { total, count } : { total, count, rate: count / total };
  };
  const edgeMs = (index: number): number =>
    metric.edgesMs[metric.compared[index]?.canary ?? 0] ?? NaN;
  const confidence = confidenceOf(state.curve, alpha);
  return {
    canary: numbersOf(state.canary),
    stable: numbersOf(state.stable),
    ...(confidence === undefined ? {} : { confidence }),
    dispersion: dispersionOf(dispersionAt(state, shown), "binomial"),
    edges: { worstMs: edgeMs(shown), watchedMs: edgeMs(watched) },
  };
}
