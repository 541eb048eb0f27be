// What the Kayenta judge is told: Kayenta's own analysis configuration, with its defaults put in.

export type Direction = "increase" | "decrease" | "either";

/** How many times as much (`meanRatio`), or how often more than the control (`cles`, 0 to 1). */
export type EffectMeasure = "meanRatio" | "cles";

export interface EffectSize {
  readonly measure: EffectMeasure;
  readonly allowedIncrease: number;
  readonly allowedDecrease: number;
  readonly criticalIncrease: number;
  readonly criticalDecrease: number;
}

/** `analysisConfigurations.canary` of one metric. */
export interface MetricAnalysis {
  readonly direction: Direction;
  /** What a missing value (NaN) is: nothing, or a zero. */
  readonly nanStrategy: "remove" | "replace";
  readonly outliers: { readonly strategy: "keep" | "remove"; readonly outlierFactor: number };
  readonly critical: boolean;
  readonly muted: boolean;
  readonly mustHaveData: boolean;
  readonly effectSize: EffectSize;
}

export interface JudgedMetric {
  readonly name: string;
  readonly groups: readonly string[];
  readonly analysis: MetricAnalysis;
}

export interface Thresholds {
  /** Scores from here on pass, 0 to 100. */
  readonly pass: number;
  /** Scores from here on, below `pass`, are marginal. */
  readonly marginal: number;
}

export interface KayentaSettings {
  readonly metrics: readonly JudgedMetric[];
  /** Shares of the score in percent; groups without one share what is left of 100. */
  readonly groupWeights: Readonly<Record<string, number>>;
  readonly thresholds: Thresholds;
  /** `parity`: as Kayenta judges, faults included. `strict`: with its known faults closed. */
  readonly mode: "parity" | "strict";
}

/** The points of one metric, in any order; NaN where there was none. */
export interface MetricSeries {
  /** The name of a metric of the settings. */
  readonly metric: string;
  /** Tells several series of one metric apart; empty if there is one. */
  readonly tags: string;
  readonly control: readonly number[];
  readonly experiment: readonly number[];
}

const neutral: Readonly<Record<EffectMeasure, number>> = { meanRatio: 1, cles: 0.5 };

/** The effect size that allows no difference, and to which every difference is critical. */
export function effectSizeWithDefaults(written: Partial<EffectSize>): EffectSize {
  const measure = written.measure ?? "meanRatio";
  const none = neutral[measure];
  return {
    measure,
    allowedIncrease: written.allowedIncrease ?? none,
    allowedDecrease: written.allowedDecrease ?? none,
    criticalIncrease: written.criticalIncrease ?? none,
    criticalDecrease: written.criticalDecrease ?? none,
  };
}

/** What `analysisConfigurations.canary` leaves out. */
export const defaultAnalysis: MetricAnalysis = {
  direction: "either",
  nanStrategy: "remove",
  outliers: { strategy: "keep", outlierFactor: 3 },
  critical: false,
  muted: false,
  mustHaveData: false,
  effectSize: effectSizeWithDefaults({}),
};
