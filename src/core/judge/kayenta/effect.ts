// How large a difference is, and which size a configuration allows.
import type { Label } from "./classification.ts";
import { commonLanguageEffect } from "./mann-whitney.ts";
import { mean } from "./numbers.ts";
import type { EffectMeasure, EffectSize } from "./settings.ts";

export interface Values {
  readonly experiment: readonly number[];
  readonly control: readonly number[];
}

/** NaN where it is not known: the ratio to or of a mean of 0. */
export function effectOf({ experiment, control }: Values, measure: EffectMeasure): number {
  if (measure === "cles") return commonLanguageEffect(experiment, control);
  const [above, below] = [mean(experiment), mean(control)];
  return above === 0 || below === 0 ? Number.NaN : above / below;
}

/** Whether a difference of a critical metric is critical itself; one of unknown size is. */
export function isBeyondCritical(label: Label, effect: number, size: EffectSize): boolean {
  if (label !== "High" && label !== "Low") return false;
  if (Number.isNaN(effect)) return true;
  return label === "High" ? effect >= size.criticalIncrease : effect <= size.criticalDecrease;
}
