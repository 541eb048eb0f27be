// Metrics for Prometheus to scrape: what is counted is kept by prom-client, which is loaded when metrics
// are first wanted; what is read from elsewhere for each scrape is kept nowhere.
import { setImmediate as othersTurn } from "node:timers/promises";
import type promClient from "prom-client";
import type { Registry } from "prom-client";
import type { Metrics } from "./metrics.ts";
import { sampledText, type SampledMetric } from "./sampled-text.ts";

export interface PrometheusMetrics extends Metrics {
  /** The text of a scrape. */
  render(): Promise<string>;
  readonly contentType: string;
}

type PromClient = typeof promClient;

/** The usual 10 ms wake a process that has nothing to do a hundred times a second. */
const eventLoopPrecisionMs = 100;

/** The metric of this name, made on first use: `known` keeps what was handed out. */
function once<M>(known: Map<string, M>, name: string, make: () => M): M {
  const metric = known.get(name) ?? make();
  known.set(name, metric);
  return metric;
}

function metricsIn(registry: Registry, client: PromClient, sampled: SampledMetric[]): Metrics {
  const counters = new Map<string, InstanceType<PromClient["Counter"]>>();
  const gauges = new Map<string, InstanceType<PromClient["Gauge"]>>();
  const histograms = new Map<string, InstanceType<PromClient["Histogram"]>>();
  const registers = [registry];
  return {
    counter({ name, help, labels }) {
      const make = (): InstanceType<PromClient["Counter"]> =>
        new client.Counter({ name, help, labelNames: [...labels], registers });
      const counter = once(counters, name, make);
      return {
        add: (values, by = 1) => counter.inc(values, by),
        remove: (values) => counter.remove(values),
      };
    },
    gauge({ name, help, labels }) {
      const make = (): InstanceType<PromClient["Gauge"]> =>
        new client.Gauge({ name, help, labelNames: [...labels], registers });
      const gauge = once(gauges, name, make);
      return {
        set: (values, value) => gauge.set(values, value),
        remove: (values) => gauge.remove(values),
      };
    },
    histogram({ name, help, labels, buckets }) {
      const make = (): InstanceType<PromClient["Histogram"]> =>
        new client.Histogram({
          name,
          help,
          labelNames: [...labels],
          buckets: [...buckets],
          registers,
        });
      const histogram = once(histograms, name, make);
      return {
        observe: (values, value) => histogram.observe(values, value),
        remove: (values) => histogram.remove(values),
      };
    },
    sampled(description, read) {
      sampled.push({ ...description, read });
    },
  };
}

/** The text of a scrape, a metric at a time: whoever reacts to an abort does not wait until all are written. */
async function textOf(registry: Registry, sampled: readonly SampledMetric[]): Promise<string> {
  const texts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    texts.push(await registry.getSingleMetricAsString(name));
    await othersTurn();
  }
  for (const metric of sampled) {
    texts.push(await sampledText(metric));
    await othersTurn();
  }
  return `${texts.join("\n\n")}\n`;
}

/** With `processMetrics` also prom-client's own on CPU, memory and the event loop. */
export async function prometheusMetrics(options: {
  readonly processMetrics: boolean;
}): Promise<PrometheusMetrics> {
  const { default: client } = await import("prom-client");
  const registry = new client.Registry();
  if (options.processMetrics)
    client.collectDefaultMetrics({
      register: registry,
      eventLoopMonitoringPrecision: eventLoopPrecisionMs,
    });
  const sampled: SampledMetric[] = [];
  return {
    ...metricsIn(registry, client, sampled),
    render: async () => textOf(registry, sampled),
    contentType: registry.contentType,
  };
}
