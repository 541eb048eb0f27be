// metrics: who answers questions about a version. This file is the port; registry.ts is the list;
// each folder is one provider of the same shape, answering conformance.ts as fake/ does. A
// provider asks and translates; whether an answer is good is decided in core/analysis.
// May import lib, api, runtime and objects/object-store.ts.
import type { AnalysisRun, Measurement, Metric } from "../api/argo/analysis.ts";
import type { StringMap } from "../api/meta/object.ts";
import type { ExprInput } from "../lib/expr/expr.ts";
import type { EpochMs } from "../lib/time.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { TrafficSource } from "./traffic/source.ts";

/** The metric with all `{{args.x}}` replaced, and the run it is asked for. */
export interface MetricQuestion {
  readonly run: AnalysisRun;
  readonly metric: Metric;
  readonly now: EpochMs;
  readonly signal: AbortSignal;
}

export type MetricAnswer = MetricSaying & {
  /** Kept in metricResult.metadata from now on, entry by entry: figures the next measurement goes on from. */
  readonly record?: StringMap;
};

type MetricSaying =
  /** A value to be judged by the metric's conditions. `text` is what measurement.value shows. */
  | {
      readonly kind: "value";
      readonly text: string;
      readonly result: ExprInput;
      readonly metadata?: StringMap;
    }
  /** Not finished: ask again with `resume` at `resumeAtMs`. */
  | { readonly kind: "running"; readonly resumeAtMs: EpochMs; readonly metadata?: StringMap }
  /** The provider itself knows the outcome (a Job that ended). */
  | {
      readonly kind: "phase";
      readonly phase: "Successful" | "Failed" | "Inconclusive";
      readonly text?: string;
      readonly message?: string;
      readonly metadata?: StringMap;
    }
  | {
      readonly kind: "error";
      readonly message: string;
      readonly text?: string;
      readonly metadata?: StringMap;
    };

export interface MetricProvider {
  /** Argo's type name (`Prometheus`, `Job`, …): the `type` label of metrics. */
  readonly type: string;
  /** Never rejects for what the world does wrong: that is an `error` answer. */
  measure(question: MetricQuestion): Promise<MetricAnswer>;
  /** Only for providers that answer `running`. */
  readonly resume?: (question: MetricQuestion, measurement: Measurement) => Promise<MetricAnswer>;
  readonly terminate?: (
    question: MetricQuestion,
    measurement: Measurement,
  ) => Promise<MetricAnswer>;
  /** Removes leftovers (Jobs) beyond `limit` measurements. */
  readonly garbageCollect?: (run: AnalysisRun, metric: Metric, limit: number) => Promise<void>;
  /** metricResult.metadata, taken once when the metric's result is created. */
  readonly describe?: (metric: Metric) => StringMap | undefined;
}

/** What providers may use of the world. `env` is the process's environment. */
export interface ProviderContext {
  readonly store: ObjectStore;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The gateway's counts, where there is a gateway. */
  readonly traffic: TrafficSource | undefined;
  /** Where Secrets of the installation are; default: POD_NAMESPACE of the environment, else argo-rollouts. */
  readonly controllerNamespace?: string;
  /** Where Jobs run, if that is another cluster than that of the AnalysisRuns. */
  readonly jobStore?: ObjectStore | undefined;
}

/** Declared, not discovered by silence: `lint` and the documents read it. */
export interface ProviderCapabilities {
  /** Answers `running` first, so it has resume and terminate. */
  readonly asynchronous: boolean;
}

export interface ProviderFactory {
  /** The key under a metric's `provider`, or the name under `provider.plugin`. */
  readonly kind: string;
  readonly capabilities: ProviderCapabilities;
  /** Built anew for each measurement. Throws a ProviderError when the configuration is not usable. */
  create(metric: Metric, context: ProviderContext): MetricProvider;
}

/** A provider that cannot be built; its text becomes the measurement's message. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
}
