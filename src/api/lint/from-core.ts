// What lint needs from rooms that api may not import.
import type { Metric } from "../argo/analysis.ts";

/** What the core knows and api may not import: hand in the functions of these names. */
export interface LintCore {
  /** core/analysis/validate-metrics: `validateMetrics`. */
  readonly metricsProblem: (spec: { readonly metrics: readonly Metric[] }) => string | undefined;
  /** metrics/sequential: what is wrong with a metric of the sequential judge; undefined = nothing, or no such metric. */
  readonly judgeProblem?: (metric: Metric) => string | undefined;
  /** core/replicas/counts-basic: `approximateSplit`. */
  readonly split: (
    asked: { readonly n: number; readonly weight: number; readonly maxWeight: number },
    maxSurge: number,
  ) => { readonly canary: number; readonly stable: number };
}
