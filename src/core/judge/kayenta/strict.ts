// One metric with Kayenta's known faults closed. Beside the shift of Kayenta's test (found to a share of the values'
// range, not to a fixed 1e-4) it looks at the mean and at the spread, which see what a shift does not: rare errors, a
// few points that are far worse, values that vary more. And what is not known does not pass.
import { deepEqual } from "../../../lib/deep-equal.ts";
import { shown, type Classification, type Label } from "./classification.ts";
import { effectOf, isBeyondCritical, type Values } from "./effect.ts";
import { shiftOf, type Shift } from "./mann-whitney.ts";
import { ascending, at, mean, onlyValue, quantile } from "./numbers.ts";
import { shiftSentence, tolerance } from "./parity.ts";
import { smallestChance, tailsOf } from "./permutation.ts";
import { valuesOf } from "./prepare.ts";
import type { MetricAnalysis, MetricSeries } from "./settings.ts";

/** How rarely a healthy metric may be called worse by its mean, and again by its spread, on one side. */
const level = 0.0025;

/** What rounding may do to a border, as a share of the values' range. */
const fenceSlack = 1e-9;

/** Which sides are known to be alive: a missing value is a zero only where something else was measured. */
export interface Alive {
  readonly experiment: boolean;
  readonly control: boolean;
}

function isMissing(points: readonly number[]): boolean {
  return points.every((value) => Number.isNaN(value));
}

function withoutData(analysis: MetricAnalysis): Classification {
  const label: Label = analysis.mustHaveData && !analysis.critical ? "NodataFailMetric" : "Nodata";
  return { label, isCritical: analysis.critical, reason: "has no data" };
}

/** The series with zeros for a side that was measured but has no points of this metric; undefined = no data. */
function filled(
  series: MetricSeries,
  analysis: MetricAnalysis,
  alive: Alive,
): MetricSeries | undefined {
  const { experiment, control } = series;
  const missing = { experiment: isMissing(experiment), control: isMissing(control) };
  if (!missing.experiment && !missing.control) return series;
  const isZero = analysis.nanStrategy === "replace" && !analysis.mustHaveData;
  if (!isZero || (missing.experiment && !alive.experiment)) return undefined;
  if (missing.control && !alive.control) return undefined;
  if (missing.experiment && missing.control) return series;
  const zeros = Array<number>(Math.max(experiment.length, control.length)).fill(0);
  return {
    ...series,
    experiment: missing.experiment ? zeros : experiment,
    control: missing.control ? zeros : control,
  };
}

interface Finding {
  readonly label: "High" | "Low";
  readonly reason: string;
  /** How large it is, as a ratio of means or of spreads; NaN = not known. */
  readonly effect: number;
}

/** A ratio of means says something only where both are above 0. */
function knownEffect(values: Values, analysis: MetricAnalysis): number {
  const { measure } = analysis.effectSize;
  if (measure === "meanRatio" && Math.min(mean(values.experiment), mean(values.control)) <= 0) {
    return Number.NaN;
  }
  return effectOf(values, measure);
}

interface Look {
  readonly values: Values;
  readonly analysis: MetricAnalysis;
  readonly effect: number;
  readonly shift: Shift;
}

function isLargeEnough(label: "High" | "Low", { effect, analysis }: Look): boolean {
  if (Number.isNaN(effect)) return true;
  const { allowedIncrease, allowedDecrease } = analysis.effectSize;
  return label === "High" ? effect >= allowedIncrease : effect <= allowedDecrease;
}

function isAskedFor(label: "High" | "Low", { direction }: MetricAnalysis): boolean {
  return direction === "either" || (label === "High") === (direction === "increase");
}

function shifted(look: Look): Finding | undefined {
  const { low, high, estimate } = look.shift;
  const bound = tolerance * Math.abs(estimate);
  const label = low > bound ? "High" : high < -bound ? "Low" : undefined;
  if (label === undefined || !isAskedFor(label, look.analysis)) return undefined;
  if (!isLargeEnough(label, look)) return undefined;
  return { label, reason: shiftSentence(look.shift, look.effect), effect: look.effect };
}

function meanMoved(look: Look): Finding | undefined {
  const { experiment, control } = look.values;
  const { above, below } = tailsOf(experiment, control, level);
  const label = above <= level ? "High" : below <= level ? "Low" : undefined;
  if (label === undefined || !isAskedFor(label, look.analysis)) return undefined;
  if (!isLargeEnough(label, look)) return undefined;
  const means = `is ${shown(mean(experiment))} on average, the control ${shown(mean(control))}`;
  const reason = `${means}: by chance less than once in ${1 / level}`;
  return { label, reason, effect: look.effect };
}

/** Distances from the median. */
function deviations(values: readonly number[]): readonly number[] {
  const middle = quantile(ascending(values), 0.5);
  return values.map((value) => Math.abs(value - middle));
}

/** More spread is worse whichever way is worse: some points lie farther out. Less is a change only for `either`. */
function spreadChanged({ values, analysis }: Look): Finding | undefined {
  const [experiment, control] = [deviations(values.experiment), deviations(values.control)];
  const { above, below } = tailsOf(experiment, control, level);
  const [wide, narrow] = [mean(experiment), mean(control)];
  const { allowedIncrease, allowedDecrease, measure } = analysis.effectSize;
  const allowed = measure === "meanRatio" ? { allowedIncrease, allowedDecrease } : undefined;
  const times = wide / narrow;
  const reason = `varies by ${shown(wide)}, the control by ${shown(narrow)}`;
  if (above <= level && times >= Math.max(1, allowed?.allowedIncrease ?? 1)) {
    const isLow = analysis.direction === "decrease";
    return { label: isLow ? "Low" : "High", reason, effect: isLow ? 1 / times : times };
  }
  const isLess = below <= level && times <= Math.min(1, allowed?.allowedDecrease ?? 1);
  return isLess && analysis.direction === "either"
    ? { label: "Low", reason, effect: times }
    : undefined;
}

function compared(values: Values, analysis: MetricAnalysis): Classification {
  const effect = knownEffect(values, analysis);
  const [experiment, control] = [ascending(values.experiment), ascending(values.control)];
  const range = Math.max(at(experiment, experiment.length - 1), at(control, control.length - 1));
  const width = range - Math.min(at(experiment, 0), at(control, 0));
  const search = { tolerance: 1e-10 * width, maxIterations: 1000 };
  const shift = shiftOf(experiment, control, search);
  const look: Look = { values, analysis, effect, shift };
  const found = shifted(look) ?? meanMoved(look) ?? spreadChanged(look);
  const isCritical =
    analysis.critical &&
    found !== undefined &&
    isBeyondCritical(found.label, found.effect, analysis.effectSize);
  return {
    label: found?.label ?? "Pass",
    isCritical,
    reason: found?.reason ?? shiftSentence(shift, effect),
    shift,
    ...(Number.isNaN(effect) ? {} : { effect }),
  };
}

/** A series judged with the faults closed. Any numbers are taken; what cannot be compared is an Error. */
export function classifyStrictly(
  series: MetricSeries,
  analysis: MetricAnalysis,
  alive: Alive,
): Classification {
  const measured = filled(series, analysis, alive);
  if (measured === undefined) return withoutData(analysis);
  if (isMissing(measured.experiment) && isMissing(measured.control)) {
    return { label: "Pass", isCritical: false, reason: "has no data on either side, which is 0" };
  }
  const values = valuesOf(measured, analysis, fenceSlack);
  if ("problem" in values) {
    return { label: "Error", isCritical: analysis.critical, reason: values.problem };
  }
  const { experiment, control } = values;
  if (smallestChance(experiment.length, control.length) > level) {
    const points = `${experiment.length} and ${control.length} points`;
    // That is early, not missing: no reason to fail, whatever is critical or must have data.
    const reason = `has ${points}: too few for any difference to show`;
    return { label: "Nodata", isCritical: false, reason };
  }
  const only = onlyValue([...experiment, ...control]);
  if (only !== undefined || deepEqual(ascending(experiment), ascending(control))) {
    const reason = only === undefined ? "has the same values" : `is ${shown(only)} throughout`;
    return { label: "Pass", isCritical: false, reason };
  }
  return compared(values, analysis);
}

/** Which sides have a point in any of the series. */
export function aliveIn(all: readonly MetricSeries[]): Alive {
  return {
    experiment: all.some(({ experiment }) => !isMissing(experiment)),
    control: all.some(({ control }) => !isMissing(control)),
  };
}
