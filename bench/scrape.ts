// One answer of /metrics for many rollouts: how long it takes, and how long everybody else in the process
// (a reaction to an abort, say) has to wait at the most. Beside it the same series as gauges of
// prom-client that are filled and rendered for each scrape.
// npx tsx bench/scrape.ts [rounds]
import client from "prom-client";
import type { KubeObject } from "../src/api/meta/object.ts";
import { sampleDeliveries } from "../src/controllers/delivery-gauges.ts";
import type { Metrics } from "../src/runtime/metrics.ts";
import { prometheusMetrics } from "../src/runtime/metrics-prometheus.ts";
import { median, report, type Row } from "./report.ts";

const [rounds = 15] = process.argv.slice(2).map(Number);

interface Scraped {
  readonly metrics: Metrics;
  readonly render: () => Promise<string>;
}

async function ours(): Promise<Scraped> {
  const metrics = await prometheusMetrics({ processMetrics: true });
  return { metrics, render: async () => metrics.render() };
}

/** prom-client alone: a gauge for everything, kept between two scrapes. */
async function peer(): Promise<Scraped> {
  const own = await prometheusMetrics({ processMetrics: false });
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const registers = [registry];
  const metrics: Metrics = {
    ...own,
    histogram({ name, help, labels, buckets }) {
      const histogram = new client.Histogram({
        name,
        help,
        labelNames: [...labels],
        buckets: [...buckets],
        registers,
      });
      return {
        observe: (values, value) => histogram.observe(values, value),
        remove: (values) => histogram.remove(values),
      };
    },
    sampled({ name, help, labels }, read) {
      const gauge = new client.Gauge({
        name,
        help,
        labelNames: [...labels],
        registers,
        collect() {
          gauge.reset();
          for (const { labels: values, value } of read()) gauge.set(values, value);
        },
      });
    },
  };
  return { metrics, render: async () => registry.metrics() };
}

function rolloutOf(at: number): KubeObject {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: `shop-${String(at)}`, namespace: "default" },
    spec: { replicas: 1, strategy: { canary: { steps: [{ setWeight: 50 }] } } },
    status: { phase: "Healthy", availableReplicas: 1 },
  } as KubeObject;
}

function fill({ metrics }: Scraped, count: number): void {
  const rollouts = Array.from({ length: count }, (_, at) => rolloutOf(at));
  const nothing = (): readonly KubeObject[] => [];
  const others = { experiments: nothing, analysisRuns: nothing, templates: nothing };
  sampleDeliveries(metrics, { rollouts: () => rollouts, ...others }, "");
  const passes = metrics.histogram({
    name: "rollout_reconcile",
    help: "Rollout reconciliation performance.",
    labels: ["namespace", "name"],
    buckets: [0.01, 0.15, 0.25, 0.5, 1],
  });
  for (const { metadata } of rollouts)
    passes.observe({ namespace: "default", name: metadata.name }, 0.02);
}

/** Milliseconds of one answer, and the longest that others had no turn meanwhile. */
async function scrape({ render }: Scraped): Promise<{ readonly took: number; block: number }> {
  let [lastTurn, block, isWritten] = [performance.now(), 0, false];
  const takeTurn = (): void => {
    const now = performance.now();
    block = Math.max(block, now - lastTurn);
    lastTurn = now;
    if (!isWritten) setImmediate(takeTurn);
  };
  setImmediate(takeTurn);
  const started = performance.now();
  await render();
  const took = performance.now() - started;
  await new Promise((resolve) => setImmediate(resolve));
  isWritten = true;
  return { took, block };
}

async function measure(count: number): Promise<readonly Row[]> {
  const [own, other] = [await ours(), await peer()];
  for (const each of [own, other]) fill(each, count);
  const taken: Record<"own" | "other", { took: number; block: number }[]> = { own: [], other: [] };
  for (let round = 0; round < rounds + 3; round += 1) {
    const figures = { own: await scrape(own), other: await scrape(other) };
    if (round < 3) continue;
    taken.own.push(figures.own);
    taken.other.push(figures.other);
  }
  const middle = (which: "own" | "other", figure: "took" | "block"): number =>
    median(taken[which].map((one) => one[figure]));
  const rowOf = (which: "own" | "other"): Row["values"] => ({
    ms: middle(which, "took"),
    "longest wait ms": middle(which, "block"),
    "ratio of the waits": middle(which, "block") / middle("other", "block"),
  });
  const of = `${count.toLocaleString("en")} rollouts`;
  return [
    { name: `${of}, prom-client alone`, values: rowOf("other") },
    { name: of, values: rowOf("own"), bound: { value: "ratio of the waits", most: 0.5 } },
  ];
}

report("scrape", `one answer of /metrics, medians of ${String(rounds)}`, [
  ...(await measure(1000)),
  ...(await measure(5000)),
]);
