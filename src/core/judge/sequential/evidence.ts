// What the sequential judge says: an action, and the numbers behind it. Plain data, for status, charts and JSON.
import type { EpochMs } from "../../../lib/time.ts";
import type { Judgement } from "../judge.ts";
import type { SequentialMetric } from "./config.ts";

/**
 * `roll back`: the canary is worse than stable (failed). `safe`: it is shown to be no worse than R₀ times
 * (successful). `hold`: stop where it is and tell a person, never roll back: both versions breach the
 * objective, or the versions do not get the requests they should (inconclusive). `no data`: something is
 * missing (inconclusive). `go on`: not decided yet (inconclusive).
 */
export type Action = "roll back" | "safe" | "hold" | "no data" | "go on";

export interface ArmNumbers {
  /** Requests, visits or values counted so far. */
  readonly total: number;
  /** Bad or counted events among them (latency: slower than the watched edge). Absent for means and slopes. */
  readonly count?: number;
  /** count / total, or the mean of values, or the growth per hour. undefined = nothing seen. */
  readonly rate?: number;
}

export interface MetricEvidence {
  readonly name: string;
  readonly kind: SequentialMetric["kind"];
  /** Its part of the whole verdict, 0 to 1. */
  readonly weight: number;
  readonly canary: ArmNumbers;
  readonly stable: ArmNumbers;
  /** How many times as much as stable the canary has, by its rates. */
  readonly ratio?: number;
  /** The ratio that counts as no worse. */
  readonly allowedRatio: number;
  /** The natural logarithm of the evidence that the canary is worse. */
  readonly logE: number;
  /** What logE must reach for this metric alone to be blamed: log(K / alpha). */
  readonly blameThreshold: number;
  readonly blamed: boolean;
  /** Evidence that it is safe, and what it must reach. Kinds errors, count and latency. */
  readonly safe?: { readonly logE: number; readonly threshold: number; readonly shown: boolean };
  /** Ratios not ruled out, at every moment at once with 1 − alpha. Kinds errors, count and latency. */
  readonly confidence?: { readonly lo: number; readonly hi: number };
  /** Latency: the edge with the most evidence, and the one `canary` and `stable` are counted at. */
  readonly edges?: { readonly worstMs: number; readonly watchedMs: number };
  /** How clumped the bad events are: 1 = independent. */
  readonly dispersion?: number;
  /** Both versions breach the objective now. */
  readonly breach: { readonly canary: boolean; readonly stable: boolean };
  /** Ends of the first and last stretch counted. */
  readonly fromMs?: EpochMs;
  readonly toMs?: EpochMs;
  readonly sentence: string;
}

export interface SequentialEvidence {
  readonly action: Action;
  readonly metrics: readonly MetricEvidence[];
  /** log of the weighted mean of the metrics' evidence; failed when it reaches `threshold` = log(1 / alpha). */
  readonly logE: number;
  readonly threshold: number;
  /** When logE first reached the threshold. */
  readonly decidedAtMs?: EpochMs;
  /** The chance that a version no worse than stable ever shows this much: min(1, 1 / largest E). */
  readonly falseAlarmChance: number;
  readonly sampleRatio?: { readonly logE: number; readonly threshold: number };
  /** What is missing, when the action is `no data`. */
  readonly missing: readonly string[];
  /** Data errors said so far. */
  readonly dataErrors: number;
}

export type SequentialJudgement = Judgement<SequentialEvidence>;
