// Metrics as a port: counters, gauges and histograms by name and labels, and what the controller
// loops report of themselves. metrics-prometheus.ts carries them to Prometheus.
import type { ControllerObserver } from "./controller.ts";

export type MetricLabels = Readonly<Record<string, string>>;

export interface MetricDescription {
  /** Prometheus' form: lower case, unit last, counters ending in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export interface Counter {
  add(labels: MetricLabels, by?: number): void;
  /** Forgets the series with these labels, e.g. of an object that is gone. */
  remove(labels: MetricLabels): void;
}

export interface Gauge {
  set(labels: MetricLabels, value: number): void;
  remove(labels: MetricLabels): void;
}

export interface Histogram {
  observe(labels: MetricLabels, value: number): void;
  remove(labels: MetricLabels): void;
}

export interface Sample {
  readonly labels: MetricLabels;
  readonly value: number;
}

/** Asked twice for one name, it gives the same metric. */
export interface Metrics {
  counter(description: MetricDescription): Counter;
  gauge(description: MetricDescription): Gauge;
  histogram(description: MetricDescription & { readonly buckets: readonly number[] }): Histogram;
  /** A gauge that is read anew for each scrape: it has exactly the series that `read` gives. */
  sampled(description: MetricDescription, read: () => Iterable<Sample>): void;
}

const passSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Counts every pass of every controller, how it ended and how long it took. */
export function passMetrics(metrics: Metrics): ControllerObserver {
  const passes = metrics.counter({
    name: "haldane_controller_passes_total",
    help: "Passes over one object, by controller and how they ended (settled, requeueAfter, failed).",
    labels: ["controller", "outcome"],
  });
  const seconds = metrics.histogram({
    name: "haldane_controller_pass_seconds",
    help: "How long passes took, by controller.",
    labels: ["controller"],
    buckets: passSeconds,
  });
  return {
    passed(controller, _key, tookMs, outcome) {
      passes.add({ controller, outcome: outcome.kind });
      seconds.observe({ controller }, tookMs / 1000);
    },
  };
}
