// Kinds `errors` and `count`: is the ratio of rates beyond the margin, and is it below R₀? Where more is better the
// versions change places: stable having far more conversions is the canary having far fewer.
import { addToCurve, confidenceOf, noCurve, type Curve } from "./confidence.ts";
import {
  addCounts,
  dispersionOf,
  divisorOf,
  noDispersion,
  withUsual,
  type Dispersion,
} from "./dispersion.ts";
import type { ArmNumbers } from "./evidence.ts";
import type { Pair } from "./fisher.ts";
import { logMeanExp } from "./logs.ts";
import { rareLogs } from "./negligible.ts";
import { addLogs, logEvidence, noEvidence, ratioLogs, safeFactors, worseFactors } from "./ratio.ts";
import type { Logs } from "./ratio.ts";
import type { MetricSettings, Settings } from "./settings.ts";
import { addDifference, noFlips, signFlipEvidence, type SignFlip } from "./sign-flip.ts";
import type { CountSample } from "./tick.ts";

type CountSettings = Extract<MetricSettings, { kind: "errors" | "count" }>;

interface Counted {
  readonly total: number;
  readonly count: number;
}

export interface CountState {
  readonly kind: "count";
  readonly canary: Counted;
  readonly stable: Counted;
  readonly worse: Logs;
  readonly safe: Logs;
  /** Evidence that next to nothing fails, where a share is named that is nobody's trouble. */
  readonly rare?: Logs;
  readonly curve: Curve;
  readonly dispersion: Dispersion;
  /** Instead of `worse`, with an equal-sized baseline. */
  readonly flips?: SignFlip;
}

const nothing: Counted = { total: 0, count: 0 };

export function beginCount(metric: CountSettings, settings: Settings): CountState {
  return {
    kind: "count",
    canary: nothing,
    stable: nothing,
    worse: noEvidence(worseFactors.length),
    safe: noEvidence(safeFactors.length),
    ...(metric.negligible === undefined ? {} : { rare: noEvidence(safeFactors.length) }),
    curve: noCurve,
    dispersion: noDispersion,
    ...(settings.equalSized ? { flips: noFlips } : {}),
  };
}

/** The ratio of rates, suspect over other, that counts as no worse. */
export function allowedRatio({ better, margin }: { better: string; margin: number }): number {
  return better === "higher" ? 1 / (1 - margin) : 1 + margin;
}

function pairOf(metric: CountSettings, canary: CountSample, stable: CountSample): Pair {
  const [suspect, other] = metric.better === "higher" ? [stable, canary] : [canary, stable];
  return {
    bad: suspect.count,
    total: suspect.total,
    otherBad: other.count,
    otherTotal: other.total,
  };
}

const added = (before: Counted, { total, count }: CountSample): Counted => ({
  total: before.total + total,
  count: before.count + count,
});

/** Stable's counts tell how clumped events are, also while the canary has no traffic yet. */
export function observeStableCount(before: CountState, stable: CountSample): CountState {
  return { ...before, dispersion: addCounts(before.dispersion, stable.count, stable.total) };
}

function rareAfter(
  { metric, settings }: { readonly metric: CountSettings; readonly settings: Settings },
  { rare }: CountState,
  canary: CountSample,
  divisor: number,
): Pick<CountState, "rare"> {
  if (rare === undefined || metric.negligible === undefined) return {};
  const logs = rareLogs(canary, settings.safeRatio * metric.negligible);
  return { rare: addLogs(rare, logs, divisor) };
}

/** After one more stretch with requests of both versions. */
export function advanceCount(
  { metric, settings }: { readonly metric: CountSettings; readonly settings: Settings },
  before: CountState,
  { canary, stable }: { readonly canary: CountSample; readonly stable: CountSample },
): CountState {
  const divisor = settings.guarded ? divisorOf(before.dispersion) : 1;
  const counted = {
    ...observeStableCount(before, stable),
    canary: added(before.canary, canary),
    stable: added(before.stable, stable),
    ...rareAfter({ metric, settings }, before, canary, divisor),
  };
  if (canary.count + stable.count === 0) return counted;
  const pair = pairOf(metric, canary, stable);
  const ratio = allowedRatio(metric);
  const isCapped = settings.guarded && metric.better === "lower";
  const usual = isCapped ? withUsual(pair, before.dispersion) : pair;
  const safe = ratioLogs(usual, settings.safeRatio, safeFactors);
  const expected = (ratio * pair.otherBad * pair.total) / pair.otherTotal;
  return {
    ...counted,
    worse: addLogs(before.worse, ratioLogs(pair, ratio, worseFactors), divisor),
    safe: addLogs(before.safe, safe, divisor),
    curve: addToCurve(before.curve, pair, divisor),
    ...(before.flips === undefined
      ? {}
      : { flips: addDifference(before.flips, pair.bad - expected) }),
  };
}

export function countEvidence({ worse, flips }: CountState): number {
  return flips === undefined ? logEvidence(worse) : signFlipEvidence(flips);
}

/** Either way will do: half of the evidence is each one's. */
export function countSafeEvidence({ safe, rare }: CountState): number {
  return rare === undefined
    ? logEvidence(safe)
    : logMeanExp([logEvidence(safe), logEvidence(rare)]);
}

const numbersOf = ({ total, count }: Counted): ArmNumbers =>
  total === 0 ? { total, count } : { total, count, rate: count / total };

/** What is reported of it. The confidence sequence is that of canary over stable. */
export function countReport(
  metric: CountSettings,
  state: CountState,
  alpha: number,
): {
  readonly canary: ArmNumbers;
  readonly stable: ArmNumbers;
  readonly confidence?: { readonly lo: number; readonly hi: number };
  readonly dispersion: number;
} {
  const found = confidenceOf(state.curve, alpha);
  const turned =
    found === undefined || metric.better === "lower"
      ? found
      : { lo: 1 / found.hi, hi: 1 / found.lo };
  return {
    canary: numbersOf(state.canary),
    stable: numbersOf(state.stable),
    ...(turned === undefined ? {} : { confidence: turned }),
    dispersion: dispersionOf(state.dispersion),
  };
}
