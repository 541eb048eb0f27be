// One metric as Kayenta's NetflixACAJudge-v1.0 classifies it, its faults included.
import { createRng } from "../../../lib/rng.ts";
import { deepEqual } from "../../../lib/deep-equal.ts";
import { shown, type Classification, type Label } from "./classification.ts";
import { effectOf, isBeyondCritical, type Values } from "./effect.ts";
import { shiftOf, type Shift } from "./mann-whitney.ts";
import { ascending, onlyValue } from "./numbers.ts";
import { valuesOf, withNoise } from "./prepare.ts";
import type { MetricAnalysis, MetricSeries } from "./settings.ts";

/** A shift counts when its confidence interval is farther from 0 than this share of the estimate. */
export const tolerance = 0.25;

/** Kayenta draws the noise of constant values anew each time; here the same values give the same answer. */
const noiseSeed = 1;

function pass(reason: string): Classification {
  return { label: "Pass", isCritical: false, reason };
}

/** What a metric is without values on one of the sides. */
function withoutData({ nanStrategy, mustHaveData, critical }: MetricAnalysis): Classification {
  if (nanStrategy === "replace") return pass("has no data, which counts as no difference");
  const label: Label = mustHaveData && !critical ? "NodataFailMetric" : "Nodata";
  return { label, isCritical: critical, reason: "has no data" };
}

/** A shortcut for values that need no test; undefined where they do. */
function plainly({ experiment, control }: Values): Classification | undefined {
  if (deepEqual(ascending(experiment), ascending(control))) return pass("has the same values");
  const only = onlyValue([...experiment, ...control]);
  return only === undefined ? undefined : pass(`is ${shown(only)} throughout`);
}

function labelOf({ low, high, estimate }: Shift, effect: number, analysis: MetricAnalysis): Label {
  const { direction, effectSize } = analysis;
  const bound = tolerance * Math.abs(estimate);
  const isLarger = Number.isNaN(effect) || effect >= effectSize.allowedIncrease;
  if (direction !== "decrease" && low > bound && isLarger) return "High";
  // A ratio that is not known (a mean of 0) is never Low here.
  const isSmaller = effect <= effectSize.allowedDecrease;
  return direction !== "increase" && high < -bound && isSmaller ? "Low" : "Pass";
}

/** `is 22.5 above the control (98 % sure: 6 to 39), 10 times as much on average`. */
export function shiftSentence({ low, high, estimate }: Shift, effect: number): string {
  const side = estimate < 0 ? "below" : "above";
  const [near, far] = estimate < 0 ? [-high, -low] : [low, high];
  const by = `is ${shown(Math.abs(estimate))} ${side} the control`;
  const size = Number.isNaN(effect) ? "" : `, effect ${shown(effect)}`;
  return `${by} (98 % sure: ${shown(near)} to ${shown(far)})${size}`;
}

function compared(raw: Values, analysis: MetricAnalysis): Classification {
  const values = withNoise(raw, createRng(noiseSeed));
  const effect = effectOf(values, analysis.effectSize.measure);
  const shift = shiftOf(values.experiment, values.control);
  const label = labelOf(shift, effect, analysis);
  return {
    label,
    isCritical: analysis.critical && isBeyondCritical(label, effect, analysis.effectSize),
    reason: shiftSentence(shift, effect),
    shift,
    ...(Number.isNaN(effect) ? {} : { effect }),
  };
}

/** A series as Kayenta classifies it. Any numbers are taken; what cannot be compared is an Error. */
export function classifyAsKayenta(series: MetricSeries, analysis: MetricAnalysis): Classification {
  const values = valuesOf(series, analysis);
  if ("problem" in values) {
    return { label: "Error", isCritical: analysis.critical, reason: values.problem };
  }
  if (values.experiment.length === 0 || values.control.length === 0) return withoutData(analysis);
  return plainly(values) ?? compared(values, analysis);
}
