// One metric of any kind: the same questions, answered by the test of its kind. A new kind of metric is a union
// member in config.ts and settings.ts, a test of its own beside count-test.ts, and an answer in each switch here.
import { unreachable } from "../../../lib/invariant.ts";
import type { EpochMs } from "../../../lib/time.ts";
import type { ObjectiveSample } from "./breach.ts";
import {
  advanceCount,
  allowedRatio,
  beginCount,
  countEvidence,
  countReport,
  countSafeEvidence,
  observeStableCount,
  type CountState,
} from "./count-test.ts";
import type { MetricEvidence } from "./evidence.ts";
import {
  advanceLatency,
  beginLatency,
  latencyEvidence,
  latencyReport,
  latencySafeEvidence,
  observeStableLatency,
  overEdges,
  type LatencyState,
} from "./latency-test.ts";
import {
  advanceMean,
  beginMean,
  meanEvidence,
  meanReport,
  meanSafeEvidence,
  type MeanState,
} from "./mean-test.ts";
import type { MetricSettings, Settings } from "./settings.ts";
import {
  advanceSlope,
  beginSlope,
  slopeEvidence,
  slopeReport,
  type SlopeState,
} from "./slope-test.ts";
import type {
  BothSamples,
  CountSample,
  LatencySample,
  LevelSample,
  MeanSample,
  Sample,
} from "./tick.ts";

export type TestState = CountState | LatencyState | MeanState | SlopeState;

export interface To {
  readonly metric: MetricSettings;
  readonly settings: Settings;
}

type Both<S extends Sample> = { readonly canary: S; readonly stable: S };

export function beginTest({ metric, settings }: To): TestState {
  switch (metric.kind) {
    case "errors":
    case "count":
      return beginCount(metric, settings);
    case "latency":
      return beginLatency(metric, settings);
    case "mean":
      return beginMean(metric);
    case "slope":
      return beginSlope();
  }
}

/** Whether a version was seen at all in a stretch: no requests are no data. Samples have passed `samplesProblem`. */
export function hasData(metric: MetricSettings, sample: Sample): boolean {
  switch (metric.kind) {
    case "errors":
    case "count":
      return (sample as CountSample).total > 0;
    case "latency":
      return (sample as LatencySample).buckets.some((count) => count > 0);
    case "mean":
      return (sample as MeanSample).values > 0;
    case "slope":
      return true;
  }
}

/** Stable alone was seen, or the stretch is not to count. */
export function observeStable({ metric }: To, before: TestState, stable: Sample): TestState {
  switch (before.kind) {
    case "count":
      return observeStableCount(before, stable as CountSample);
    case "latency":
      return metric.kind === "latency"
        ? observeStableLatency(metric, before, stable as LatencySample)
        : before;
    case "mean":
    case "slope":
      return before;
  }
}

/** One more stretch with data of both versions. */
export function advanceTest(
  { metric, settings }: To,
  before: TestState,
  samples: BothSamples,
  stretch: { readonly fromMs: EpochMs; readonly toMs: EpochMs },
): TestState {
  switch (metric.kind) {
    case "errors":
    case "count":
      return before.kind === "count"
        ? advanceCount({ metric, settings }, before, samples as Both<CountSample>)
        : before;
    case "latency":
      return before.kind === "latency"
        ? advanceLatency({ metric, settings }, before, samples as Both<LatencySample>)
        : before;
    case "mean":
      return before.kind === "mean"
        ? advanceMean({ metric, settings }, before, samples as Both<MeanSample>, stretch)
        : before;
    case "slope":
      return before.kind === "slope"
        ? advanceSlope(metric, before, samples as Both<LevelSample>, stretch)
        : before;
  }
}

/** log of the evidence that the canary is worse than the margin allows. */
export function evidenceOf(state: TestState): number {
  switch (state.kind) {
    case "count":
      return countEvidence(state);
    case "latency":
      return latencyEvidence(state);
    case "mean":
      return meanEvidence(state);
    case "slope":
      return slopeEvidence(state);
  }
}

/** log of the evidence that it is less than R₀ times as bad; undefined: this kind cannot show that. */
export function safeEvidenceOf(state: TestState): number | undefined {
  switch (state.kind) {
    case "count":
      return countSafeEvidence(state);
    case "latency":
      return latencySafeEvidence(state);
    case "mean":
      return meanSafeEvidence(state);
    case "slope":
      return undefined;
  }
}

/** The ratio canary over stable that counts as no worse. Slopes: how much faster in an hour. */
export function allowedRatioOf(metric: MetricSettings): number {
  switch (metric.kind) {
    case "errors":
    case "count":
      return metric.better === "higher" ? 1 - metric.margin : allowedRatio(metric);
    case "mean":
      return metric.better === "higher" ? 1 - metric.margin : 1 + metric.margin;
    case "latency":
      return metric.marginOf === "odds" ? 1 + metric.margin : 1;
    case "slope":
      return metric.margin;
  }
}

/** Bad events against the objective of a version in a stretch; undefined: there is no objective. */
export function objectiveSample(
  metric: MetricSettings,
  sample: Sample,
): ObjectiveSample | undefined {
  if (metric.kind === "errors" && metric.objective !== undefined) {
    const { count, total } = sample as CountSample;
    return { bad: count, total, share: metric.objective };
  }
  if (metric.kind === "latency" && metric.objective !== undefined) {
    const { total, over } = overEdges(sample as LatencySample);
    return { bad: over[metric.objective.edge] ?? 0, total, share: metric.objective.share };
  }
  return undefined;
}

/** The numbers a person wants to see. */
export function reportOf(
  { metric, settings }: To,
  state: TestState,
): Pick<MetricEvidence, "canary" | "stable" | "confidence" | "dispersion" | "edges"> {
  switch (state.kind) {
    case "count":
      return metric.kind === "errors" || metric.kind === "count"
        ? countReport(metric, state, settings.alpha)
        : unreachable(metric as never);
    case "latency":
      return metric.kind === "latency"
        ? latencyReport(metric, state, settings.alpha)
        : unreachable(metric as never);
    case "mean":
      return meanReport(state);
    case "slope":
      return slopeReport(state);
  }
}
