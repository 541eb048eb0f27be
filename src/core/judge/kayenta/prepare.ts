// From the points of a series to values that can be compared: gaps, outliers, and the noise of constant values.
import { next, type Rng } from "../../../lib/rng.ts";
import type { Values } from "./effect.ts";
import { onlyValue, withoutOutliers } from "./numbers.ts";
import type { MetricAnalysis, MetricSeries } from "./settings.ts";

/** Sums and differences of values up to this size are numbers still. */
const largest = 1e300;

function isComparable(value: number): boolean {
  return Math.abs(value) <= largest;
}

type Policy = Pick<MetricAnalysis, "nanStrategy" | "outliers">;

function cleaned(
  points: readonly number[],
  { nanStrategy, outliers }: Policy,
  slack: number,
): readonly number[] {
  const values =
    nanStrategy === "remove"
      ? points.filter((value) => !Number.isNaN(value))
      : points.map((value) => (Number.isNaN(value) ? 0 : value));
  const isKept = outliers.strategy === "keep" || values.length === 0;
  return isKept ? values : withoutOutliers(values, outliers.outlierFactor, slack);
}

/** The values of both sides, or why they cannot be compared. `fenceSlack` as for `withoutOutliers`. */
export function valuesOf(
  series: MetricSeries,
  policy: Policy,
  fenceSlack = 0,
): Values | { problem: string } {
  for (const side of ["experiment", "control"] as const) {
    const bad = series[side].find((value) => !Number.isNaN(value) && !isComparable(value));
    if (bad !== undefined) return { problem: `the ${side} has a value that is no figure: ${bad}` };
  }
  return {
    experiment: cleaned(series.experiment, policy, fenceSlack),
    control: cleaned(series.control, policy, fenceSlack),
  };
}

/** One draw of the normal distribution around 0 (Box and Muller). */
function gaussian(rng: Rng, deviation: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - next(rng)));
  return deviation * radius * Math.cos(2 * Math.PI * next(rng));
}

const noiseShare = 1e-5;

/** The values, with a little noise where each side has one value only. */
export function withNoise(values: Values, rng: Rng): Values {
  const noisy = (side: readonly number[]): readonly number[] =>
    side.map((value) => value + gaussian(rng, noiseShare * Math.abs(value)));
  const { experiment, control } = values;
  const isConstant = onlyValue(experiment) !== undefined && onlyValue(control) !== undefined;
  return isConstant ? { experiment: noisy(experiment), control: noisy(control) } : values;
}
