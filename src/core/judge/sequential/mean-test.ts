// Kind `mean`: is the canary's mean beyond stable's and the margin? Each block of time gives one difference
// D = mean(canary) − (1 + margin)·mean(stable), or its mirror image where more is better. With a known largest value
// D is bounded, and betting on it is exact; without, D's signs are flipped, which asks that noise be about symmetric.
import { addGain, capitalEvidence, startCapital, type Capital } from "./betting.ts";
import type { ArmNumbers } from "./evidence.ts";
import type { MetricSettings, Settings } from "./settings.ts";
import { addDifference, noFlips, signFlipEvidence, type SignFlip } from "./sign-flip.ts";
import type { MeanSample } from "./tick.ts";
import type { EpochMs } from "../../../lib/time.ts";

type MeanSettings = Extract<MetricSettings, { kind: "mean" }>;

interface Summed {
  readonly values: number;
  readonly sum: number;
}

interface Block {
  readonly fromMs: EpochMs;
  readonly canary: Summed;
  readonly stable: Summed;
}

type Game = { readonly capital: Capital } | { readonly flips: SignFlip };

export interface MeanState {
  readonly kind: "mean";
  readonly canary: Summed;
  readonly stable: Summed;
  readonly block?: Block;
  readonly worse: Game;
  readonly safe: Game;
}

const nothing: Summed = { values: 0, sum: 0 };

export function beginMean({ atMost }: MeanSettings): MeanState {
  const game: Game = atMost === undefined ? { flips: noFlips } : { capital: startCapital };
  return { kind: "mean", canary: nothing, stable: nothing, worse: game, safe: game };
}

const added = (before: Summed, { values, sum }: MeanSample): Summed => ({
  values: before.values + values,
  sum: before.sum + sum,
});

/** `loss` = most that D can be below 0: stakes are shares of it. */
function played(game: Game, difference: number, loss: number): Game {
  return "flips" in game
    ? { flips: addDifference(game.flips, difference) }
    : { capital: addGain(game.capital, difference / loss) };
}

function withBlock(
  { metric, settings }: { readonly metric: MeanSettings; readonly settings: Settings },
  before: MeanState,
  { canary, stable }: Block,
): MeanState {
  const { block: _closed, ...rest } = before;
  if (canary.values === 0 || stable.values === 0) return rest;
  const mine = canary.sum / canary.values;
  const theirs = stable.sum / stable.values;
  const { margin, atMost = NaN } = metric;
  const { safeRatio } = settings;
  // Each pair: the difference that is evidence when positive, and how far below 0 it can fall.
  const [worse, safe] =
    metric.better === "lower"
      ? [
          [mine - (1 + margin) * theirs, (1 + margin) * atMost] as const,
          [safeRatio * theirs - mine, atMost] as const,
        ]
      : [
          [(1 - margin) * theirs - mine, atMost] as const,
          [mine - theirs / safeRatio, atMost / safeRatio] as const,
        ];
  return {
    ...rest,
    worse: played(before.worse, ...worse),
    safe: played(before.safe, ...safe),
  };
}

/** After one more stretch. A block counts once it is as long as the metric asks for. */
export function advanceMean(
  to: { readonly metric: MeanSettings; readonly settings: Settings },
  before: MeanState,
  samples: { readonly canary: MeanSample; readonly stable: MeanSample },
  { fromMs, toMs }: { readonly fromMs: EpochMs; readonly toMs: EpochMs },
): MeanState {
  const { blockMs } = to.metric;
  const isOver = before.block !== undefined && fromMs >= before.block.fromMs + blockMs;
  const current = isOver ? withBlock(to, before, before.block) : before;
  const block = current.block ?? { fromMs, canary: nothing, stable: nothing };
  const grown: Block = {
    fromMs: block.fromMs,
    canary: added(block.canary, samples.canary),
    stable: added(block.stable, samples.stable),
  };
  const counted: MeanState = {
    ...current,
    canary: added(current.canary, samples.canary),
    stable: added(current.stable, samples.stable),
    block: grown,
  };
  return toMs >= grown.fromMs + blockMs ? withBlock(to, counted, grown) : counted;
}

const evidenceOf = (game: Game): number =>
  "flips" in game ? signFlipEvidence(game.flips) : capitalEvidence(game.capital);

export function meanEvidence({ worse }: MeanState): number {
  return evidenceOf(worse);
}

export function meanSafeEvidence({ safe }: MeanState): number {
  return evidenceOf(safe);
}

const numbersOf = ({ values, sum }: Summed): ArmNumbers =>
  values === 0 ? { total: values } : { total: values, rate: sum / values };

export function meanReport({ canary, stable }: MeanState): {
  readonly canary: ArmNumbers;
  readonly stable: ArmNumbers;
} {
  return { canary: numbersOf(canary), stable: numbersOf(stable) };
}
