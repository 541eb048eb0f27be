// Kind `slope`: does the canary's level (memory) grow faster than stable's and the margin? Each block of time gives
// y = log(canary's level / stable's) − margin·hours; under "no faster" y has no upward trend. Helmert's contrasts,
// y minus the mean of all y before, scaled by √(k/(k+1)), are independent of each other for steady noise and grow
// with the trend; their signs are flipped. Logarithms make it independent of units and of how much each one uses.
import type { ArmNumbers } from "./evidence.ts";
import type { MetricSettings } from "./settings.ts";
import { addDifference, noFlips, signFlipEvidence, type SignFlip } from "./sign-flip.ts";
import type { LevelSample } from "./tick.ts";
import type { EpochMs } from "../../../lib/time.ts";

type SlopeSettings = Extract<MetricSettings, { kind: "slope" }>;

const hourMs = 3_600_000;

interface Block {
  readonly fromMs: EpochMs;
  readonly ticks: number;
  /** Σ log(level). */
  readonly canary: number;
  readonly stable: number;
}

/** Least squares of a version's log(level) over hours since the first block. */
interface Line {
  readonly sum: number;
  readonly timesHours: number;
}

export interface SlopeState {
  readonly kind: "slope";
  readonly block?: Block;
  readonly firstMs?: EpochMs;
  readonly blocks: number;
  /** Mean of all y so far. */
  readonly mean: number;
  readonly hours: { readonly sum: number; readonly squares: number };
  readonly canary: Line;
  readonly stable: Line;
  readonly flips: SignFlip;
}

const noLine: Line = { sum: 0, timesHours: 0 };

export function beginSlope(): SlopeState {
  const hours = { sum: 0, squares: 0 };
  return {
    kind: "slope",
    blocks: 0,
    mean: 0,
    hours,
    canary: noLine,
    stable: noLine,
    flips: noFlips,
  };
}

const onLine = (before: Line, value: number, hours: number): Line => ({
  sum: before.sum + value,
  timesHours: before.timesHours + value * hours,
});

function withBlock(metric: SlopeSettings, before: SlopeState, block: Block): SlopeState {
  const { block: _closed, ...rest } = before;
  const firstMs = before.firstMs ?? block.fromMs;
  const hours = (block.fromMs - firstMs) / hourMs;
  const [canary, stable] = [block.canary / block.ticks, block.stable / block.ticks];
  const y = canary - stable - metric.margin * hours;
  const { blocks: k } = before;
  const contrast = (y - before.mean) * Math.sqrt(k / (k + 1));
  return {
    ...rest,
    firstMs,
    blocks: k + 1,
    mean: before.mean + (y - before.mean) / (k + 1),
    hours: { sum: before.hours.sum + hours, squares: before.hours.squares + hours * hours },
    canary: onLine(before.canary, canary, hours),
    stable: onLine(before.stable, stable, hours),
    flips: k === 0 ? before.flips : addDifference(before.flips, contrast),
  };
}

/** After one more stretch. A block counts once it is as long as the metric asks for. */
export function advanceSlope(
  metric: SlopeSettings,
  before: SlopeState,
  samples: { readonly canary: LevelSample; readonly stable: LevelSample },
  { fromMs, toMs }: { readonly fromMs: EpochMs; readonly toMs: EpochMs },
): SlopeState {
  const isOver = before.block !== undefined && fromMs >= before.block.fromMs + metric.blockMs;
  const current = isOver ? withBlock(metric, before, before.block) : before;
  const block = current.block ?? { fromMs, ticks: 0, canary: 0, stable: 0 };
  const grown: Block = {
    fromMs: block.fromMs,
    ticks: block.ticks + 1,
    canary: block.canary + Math.log(samples.canary.level),
    stable: block.stable + Math.log(samples.stable.level),
  };
  const counted: SlopeState = { ...current, block: grown };
  return toMs >= grown.fromMs + metric.blockMs ? withBlock(metric, counted, grown) : counted;
}

export function slopeEvidence({ flips }: SlopeState): number {
  return signFlipEvidence(flips);
}

function numbersOf({ blocks, hours }: SlopeState, line: Line): ArmNumbers {
  const spread = blocks * hours.squares - hours.sum * hours.sum;
  if (blocks < 2 || spread <= 0) return { total: blocks };
  const perHour = (blocks * line.timesHours - hours.sum * line.sum) / spread;
  return { total: blocks, rate: perHour };
}

/** `rate` is the growth in an hour as a share of the level (its logarithm): .1 = about 10 %. */
export function slopeReport(state: SlopeState): {
  readonly canary: ArmNumbers;
  readonly stable: ArmNumbers;
} {
  return { canary: numbersOf(state, state.canary), stable: numbersOf(state, state.stable) };
}
