// What a rollout's steps will be able to see, before it starts: the judge's own evidence about errors, played a few hundred
// times against versions that fail 1.5, 2, 3 … times as often as stable. Its dice have a fixed seed: the same plan
// gives the same answer. `eventsNeeded` is the formula behind it, for a quick estimate.
import { poisson } from "../../lib/chance.ts";
import { invariant } from "../../lib/invariant.ts";
import { createRng, type Rng } from "../../lib/rng.ts";
import { divisorOf, type Dispersion } from "./sequential/dispersion.ts";
import { addLogs, logEvidence, noEvidence, ratioLogs, worseFactors } from "./sequential/ratio.ts";

export interface PlannedStep {
  /** The canary's share of the requests, 0 to 1. */
  readonly share: number;
  readonly seconds: number;
}

export interface PlanSettings {
  /** Of both versions together. */
  readonly requestsPerSecond: number;
  /** The share of stable's requests that fail, more than 0 and less than 1. */
  readonly baseRate: number;
  /** As the judge's: default .01 and .2. */
  readonly alpha?: number;
  readonly margin?: number;
  /** The share of the whole verdict that errors have, 0 to 1. Default 1. */
  readonly weight?: number;
  /** How often counts arrive. Default 1. */
  readonly tickSeconds?: number;
  /** How long stable is known before the canary begins. Default 60. */
  readonly secondsBefore?: number;
  /** Regressions to look at, as multiples of `baseRate`. Default: 1.5 to 100, and failing everything. */
  readonly ratios?: readonly number[];
  /** How often each is played. Default 400; about 0.1 s for each ratio of an hour. */
  readonly runs?: number;
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
}

export interface RegressionPlan {
  readonly ratio: number;
  /** Its share of failed requests. */
  readonly rate: number;
  /** The chance that it is rolled back before the last step ends, 0 to 1. */
  readonly seen: number;
  /** Seconds since the start. A quantile is Infinity when fewer than its share are rolled back. */
  readonly seconds: Quantiles;
  /** What users meet until the rollback, or until the last step ends: requests to the bad version, and failed ones. */
  readonly requests: Quantiles;
  readonly failed: Quantiles;
  /** The step in which half of them are rolled back. */
  readonly step?: number;
}

export interface StepPlan {
  readonly share: number;
  /** By itself it could not even see a version that fails every request: too few requests, or nobody to compare with. */
  readonly isBlind: boolean;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** The smallest regression of those looked at that 95 % are rolled back of by the end of this step. */
  readonly smallestRatio?: number;
  /** Whether an earlier step has seen that one already: more users meet it, nothing more is learned. */
  readonly addsNothing: boolean;
  /** How long this step must last for that, and how much shorter it could be. */
  readonly neededSeconds: number;
  readonly surplusSeconds: number;
}

export interface Plan {
  readonly regressions: readonly RegressionPlan[];
  readonly steps: readonly StepPlan[];
  /** The chance that a good version is rolled back: what is promised, and what the plays gave (to 1 / runs). */
  readonly falseRollback: { readonly atMost: number; readonly played: number };
}

const defaultRatios = [1.5, 2, 3, 5, 10, 30, 100] as const;
const enough = 0.95;
/** Looks get rarer by this share of the time passed: seconds matter at first, minutes after an hour. */
const lookGrowth = 0.03;

interface Look {
  readonly atSeconds: number;
  readonly seconds: number;
  readonly share: number;
}

function looksOf(steps: readonly PlannedStep[], tickSeconds: number): readonly Look[] {
  const looks: Look[] = [];
  let startSeconds = 0;
  for (const { share, seconds } of steps) {
    let passed = 0;
    while (passed < seconds) {
      const growing =
        Math.floor(((startSeconds + passed) * lookGrowth) / tickSeconds) * tickSeconds;
      const length = Math.min(Math.max(tickSeconds, growing), seconds - passed);
      passed += length;
      looks.push({ atSeconds: startSeconds + passed, seconds: length, share });
    }
    startSeconds += seconds;
  }
  return looks;
}

interface Played {
  /** Seconds until the rollback; Infinity: none. */
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
}

interface Game {
  readonly settings: Required<Omit<PlanSettings, "ratios" | "runs">>;
  readonly looks: readonly Look[];
}

/** What is known of stable's errors when they have turned out to be independent: a dispersion of 1. */
function unclumped(ticks: number, count: number, total: number): Dispersion {
  return { ticks, count, total, squares: total > 0 ? (count * (ticks - 1 + count)) / total : 0 };
}

function play({ settings, looks }: Game, ratio: number, rng: Rng): Played {
  const { requestsPerSecond, baseRate, alpha, margin, tickSeconds, secondsBefore } = settings;
  const threshold = -Math.log(alpha * settings.weight);
  let stableTotal = secondsBefore * requestsPerSecond;
  let stableFailed = poisson(rng, stableTotal * baseRate);
  let logs = noEvidence(worseFactors.length);
  let [requests, failed] = [0, 0];
  for (const { atSeconds, seconds, share } of looks) {
    const total = share * seconds * requestsPerSecond;
    const otherTotal = (1 - share) * seconds * requestsPerSecond;
    const bad = poisson(rng, total * ratio * baseRate);
    const otherBad = poisson(rng, otherTotal * baseRate);
    const ticks = (secondsBefore + atSeconds - seconds) / tickSeconds;
    const divisor = divisorOf(unclumped(ticks, stableFailed, stableTotal));
    const pair = { bad, total, otherBad, otherTotal };
    logs = addLogs(logs, ratioLogs(pair, 1 + margin, worseFactors), divisor);
    requests += total;
    failed += bad;
    stableTotal += otherTotal;
    stableFailed += otherBad;
    if (logEvidence(logs) >= threshold) return { seconds: atSeconds, requests, failed };
  }
  return { seconds: Infinity, requests, failed };
}

function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
  return { p50: at(0.5), p95: at(enough) };
}

function regressionPlan(
  ratio: number,
  baseRate: number,
  plays: readonly Played[],
  ends: readonly number[],
): RegressionPlan {
  const seconds = quantilesOf(plays.map((each) => each.seconds));
  const step = ends.findIndex((end) => seconds.p50 <= end);
  return {
    ratio,
    rate: ratio * baseRate,
    seen: plays.filter((each) => each.seconds < Infinity).length / plays.length,
    seconds,
    requests: quantilesOf(plays.map(({ requests }) => requests)),
    failed: quantilesOf(plays.map(({ failed }) => failed)),
    ...(step === -1 ? {} : { step }),
  };
}

function isBlind({ share, seconds }: PlannedStep, settings: Game["settings"]): boolean {
  if (share <= 0 || share >= 1) return true;
  const requests = share * seconds * settings.requestsPerSecond;
  return requests < eventsNeeded(1 / settings.baseRate, share, settings.alpha * settings.weight);
}

function stepPlans(
  {
    steps,
    settings,
  }: { readonly steps: readonly PlannedStep[]; readonly settings: Game["settings"] },
  ends: readonly number[],
  regressions: readonly RegressionPlan[],
): readonly StepPlan[] {
  let before: number | undefined;
  return steps.map((step, index): StepPlan => {
    const { share, seconds } = step;
    const toSeconds = ends[index] ?? 0;
    const fromSeconds = toSeconds - seconds;
    const smallest = regressions.find((each) => each.seconds.p95 <= toSeconds);
    const addsNothing = smallest === undefined || smallest.ratio === before;
    before = smallest?.ratio;
    const neededSeconds = addsNothing ? 0 : Math.max(0, smallest.seconds.p95 - fromSeconds);
    return {
      share,
      isBlind: isBlind(step, settings),
      fromSeconds,
      toSeconds,
      ...(smallest === undefined ? {} : { smallestRatio: smallest.ratio }),
      addsNothing,
      neededSeconds,
      surplusSeconds: seconds - neededSeconds,
    };
  });
}

function ratiosOf({ ratios, baseRate }: PlanSettings): readonly number[] {
  const wanted = [...(ratios ?? [...defaultRatios, 1 / baseRate])].sort((a, b) => a - b);
  return [...new Set(wanted)].filter((ratio) => ratio * baseRate <= 1 + 1e-12);
}

/**
 * What the steps can see. Assumes errors that do not come in clumps, traffic that stays as it is, and a version that is
 * bad from its first request. A step with a share of 0 or 1 sees nothing: there is nobody to compare with.
 */
export function planOf(given: PlanSettings, steps: readonly PlannedStep[]): Plan {
  const { runs = 400, alpha = 0.01, margin = 0.2, weight = 1, tickSeconds = 1 } = given;
  const { baseRate, requestsPerSecond, secondsBefore = 60 } = given;
  invariant(baseRate > 0 && baseRate < 1, "a plan needs a baseRate between 0 and 1");
  invariant(requestsPerSecond > 0, "a plan needs requestsPerSecond above 0");
  const settings = {
    baseRate,
    requestsPerSecond,
    alpha,
    margin,
    weight,
    tickSeconds,
    secondsBefore,
  };
  const game: Game = { settings, looks: looksOf(steps, tickSeconds) };
  const ends: number[] = [];
  for (const { seconds } of steps) ends.push((ends.at(-1) ?? 0) + seconds);
  const playAll = (ratio: number, times: number): readonly Played[] =>
    Array.from({ length: times }, (_, run) => play(game, ratio, createRng(run * 7919 + 1)));
  const regressions = ratiosOf(given).map((ratio) =>
    regressionPlan(ratio, baseRate, playAll(ratio, runs), ends),
  );
  const good = playAll(1, runs);
  const alarms = good.filter(({ seconds }) => seconds < Infinity).length;
  return {
    regressions,
    steps: stepPlans({ steps, settings }, ends, regressions),
    falseRollback: { atMost: alpha, played: alarms / runs },
  };
}

/**
 * About how many failed requests of the canary are needed to roll back a version that fails `ratio` times as often at
 * this share (0 to 1): q·log(8/α) / KL(q‖w), q the canary's part of all failures then, w without a regression.
 */
export function eventsNeeded(ratio: number, share: number, alpha: number): number {
  const w = share;
  const q = (w * ratio) / (w * ratio + 1 - w);
  const divergence = q * Math.log(q / w) + (1 - q) * Math.log((1 - q) / (1 - w));
  return (q * Math.log(worseFactors.length / alpha)) / divergence;
}
