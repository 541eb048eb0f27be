// What Kubernetes' own controllers report of their work queues, under the same names.
import type { Metrics, Sample } from "./metrics.ts";
import type { QueueObserver, WorkQueue } from "./work-queue.ts";

/** 10 ns … 1,000 s, as Kubernetes has them. */
const secondsBuckets = Array.from({ length: 12 }, (_each, exponent) => 10 ** (exponent - 8));
const labels = ["name"] as const;

export interface QueueMetricsOptions {
  readonly metrics: Metrics;
  /** The name a controller's queue goes by. */
  readonly nameOf: (controller: string) => string;
  /** All queues there are, by their controllers. */
  readonly queues: () => readonly (readonly [controller: string, queue: WorkQueue])[];
}

/** Who is told of a controller's queue. */
export function queueMetrics(options: QueueMetricsOptions): (controller: string) => QueueObserver {
  const { metrics, nameOf } = options;
  sampleQueues(options);
  const counter = (name: string, help: string) =>
    metrics.counter({ name: `workqueue_${name}`, help, labels });
  const histogram = (name: string, help: string) =>
    metrics.histogram({ name: `workqueue_${name}`, help, labels, buckets: secondsBuckets });
  const adds = counter("adds_total", "Keys added to the queue.");
  const retries = counter("retries_total", "Keys added again because their pass failed.");
  const waits = histogram("queue_duration_seconds", "How long keys waited before their pass.");
  const work = histogram("work_duration_seconds", "How long passes took.");
  return (controller) => {
    const name = { name: nameOf(controller) };
    return {
      added: () => adds.add(name),
      taken: (waitedMs) => waits.observe(name, waitedMs / 1000),
      done: (tookMs) => work.observe(name, tookMs / 1000),
      retried: () => retries.add(name),
    };
  };
}

function sampleQueues({ metrics, nameOf, queues }: QueueMetricsOptions): void {
  const sample = (name: string, help: string, valueOf: (queue: WorkQueue) => number): void =>
    metrics.sampled({ name: `workqueue_${name}`, help, labels }, () =>
      queues().map(([controller, queue]): Sample => ({
        labels: { name: nameOf(controller) },
        value: valueOf(queue),
      })),
    );
  const sum = (times: readonly number[]): number => times.reduce((all, ms) => all + ms, 0) / 1000;
  sample("depth", "Keys that wait for their pass.", (queue) => queue.depth);
  sample("unfinished_work_seconds", "Time that passes under way have taken so far.", (queue) =>
    sum(queue.workMs()),
  );
  sample(
    "longest_running_processor_seconds",
    "Time that the longest pass under way has taken so far.",
    (queue) => Math.max(0, ...queue.workMs()) / 1000,
  );
}
