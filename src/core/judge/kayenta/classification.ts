// What one series of one metric has come to. The words are Kayenta's.
import type { Shift } from "./mann-whitney.ts";

/**
 * `Nodata`: nothing to compare. `NodataFailMetric`: the same, where there must be data. `Error`: values that
 * cannot be compared.
 */
export type Label = "Pass" | "High" | "Low" | "Nodata" | "NodataFailMetric" | "Error";

export interface Classification {
  readonly label: Label;
  /** Enough to take the whole score to 0. */
  readonly isCritical: boolean;
  /** Why, as a clause after the metric's name. */
  readonly reason: string;
  /** How far the experiment is from the control, where that was asked. */
  readonly shift?: Shift;
  /** By the effect measure; absent where it is not known, as with a mean of 0. */
  readonly effect?: number;
}

/** A number as people read it: four digits that matter. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
