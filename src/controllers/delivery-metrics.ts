// What happens, for Prometheus: passes, events and ended attempts under Argo Rollouts' names
// (argo-rollouts.md §1.11). Series of objects that are gone are forgotten after a last scrape or two.
import type { KubeObject } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { attemptEnded } from "../core/view/figures.ts";
import { keyOf, splitKey, type Cache } from "../runtime/cache.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ControllerObserver } from "../runtime/controller.ts";
import type { EventRecorder } from "../runtime/events.ts";
import type { Counter, Histogram, MetricLabels, Metrics } from "../runtime/metrics.ts";

/** Prometheus scrapes once a minute at the longest. */
const forgetAfterMs = 65_000;
const base = ["namespace", "name"] as const;
const passSeconds = [0.01, 0.15, 0.25, 0.5, 1];
const durationSeconds = [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800];
const progressionSeconds = [30, 60, 120, 300, 600, 900, 1800, 3600];
const pauseSeconds = [0, 60, 300, 600, 1800, 3600, 7200, 14_400, 28_800];

/** Our controllers' names, as Argo begins the names of its metrics and calls its queues. */
const kinds: Readonly<Record<string, { readonly prefix: string; readonly queue: string }>> = {
  rollout: { prefix: "rollout", queue: "Rollouts" },
  experiment: { prefix: "experiment", queue: "Experiments" },
  "analysis-run": { prefix: "analysis_run", queue: "AnalysisRuns" },
};

export function queueNameOf(controller: string): string {
  if (controller === "service") return "Services";
  if (controller === "ingress") return "Ingresses";
  return kinds[controller]?.queue ?? controller;
}

interface PassFigures {
  readonly took: Histogram;
  readonly failed: Counter;
}

function labelsOf(key: string): MetricLabels {
  const { namespace, name } = splitKey(key);
  return { namespace, name };
}

/** Counts passes over rollouts, experiments and analysis runs by object. */
export class ObjectPasses implements ControllerObserver {
  readonly #clock: Clock;
  readonly #figures = new Map<string, PassFigures>();

  constructor(metrics: Metrics, clock: Clock) {
    this.#clock = clock;
    for (const [controller, { prefix }] of Object.entries(kinds)) {
      const words = prefix.replace("_", " ");
      this.#figures.set(controller, {
        took: metrics.histogram({
          name: `${prefix}_reconcile`,
          help: `Reconciliation performance of ${words}.`,
          labels: base,
          buckets: passSeconds,
        }),
        failed: metrics.counter({
          name: `${prefix}_reconcile_error`,
          help: `Error occurring during the ${words}.`,
          labels: base,
        }),
      });
    }
  }

  readonly passed: ControllerObserver["passed"] = (controller, key, tookMs, outcome) => {
    const figures = this.#figures.get(controller);
    if (figures === undefined) return;
    figures.took.observe(labelsOf(key), tookMs / 1000);
    if (outcome.kind === "failed") figures.failed.add(labelsOf(key));
  };

  /** Forgets the objects of a controller a while after they are gone. */
  forgetGone(controller: string, cache: Cache<KubeObject>): void {
    whenGone(cache, this.#clock, (key) => {
      const figures = this.#figures.get(controller);
      figures?.took.remove(labelsOf(key));
      figures?.failed.remove(labelsOf(key));
    });
  }
}

/** Calls `forget` for each object that is gone for a while and has not come back. */
function whenGone(cache: Cache<KubeObject>, clock: Clock, forget: (key: string) => void): void {
  cache.onChange(({ before, after }) => {
    if (before === undefined || after !== undefined) return;
    const { namespace = "", name } = before.metadata;
    clock.after(forgetAfterMs, () => {
      if (cache.get(namespace, name) === undefined) forget(keyOf(before));
    });
  });
}

/** Counts the events on Rollouts by object, type and reason; all are passed on. */
export function countedEvents(
  events: EventRecorder,
  { metrics, clock, rollouts }: CountedEventsOptions,
): EventRecorder {
  const counter = metrics.counter({
    name: "rollout_events_total",
    help: "Count of rollout events",
    labels: [...base, "type", "reason"],
  });
  const seen = new Map<string, Map<string, MetricLabels>>();
  whenGone(rollouts, clock, (key) => {
    for (const labels of seen.get(key)?.values() ?? []) counter.remove(labels);
    seen.delete(key);
  });
  return {
    async record(object, event) {
      await events.record(object, event);
      if (object.kind !== "Rollout") return;
      const { type, reason } = event;
      const labels = { ...labelsOf(keyOf(object)), type, reason };
      const own = seen.get(keyOf(object)) ?? new Map<string, MetricLabels>();
      seen.set(keyOf(object), own.set(`${type} ${reason}`, labels));
      counter.add(labels);
    },
  };
}

export interface CountedEventsOptions {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly rollouts: Cache<KubeObject>;
}

/** How long attempts took that end while we look on. */
export function measureAttempts(metrics: Metrics, rollouts: Cache<KubeObject>): void {
  const histogram = (name: string, help: string, buckets: readonly number[]): Histogram =>
    metrics.histogram({ name, help, labels: ["status"], buckets });
  const total = histogram(
    "rollout_duration_seconds",
    "Duration of rollouts from start to completion.",
    durationSeconds,
  );
  const progression = histogram(
    "rollout_progression_duration_seconds",
    "Duration of rollouts without the time they were paused for people.",
    progressionSeconds,
  );
  const paused = histogram(
    "rollout_manual_pause_duration_seconds",
    "Time rollouts were paused for people.",
    pauseSeconds,
  );
  rollouts.onChange(({ before, after }) => {
    if (!before || !after || before.metadata.uid !== after.metadata.uid) return;
    const ended = attemptEnded(asJson(before), asJson(after));
    if (ended === undefined) return;
    const { status, totalSeconds, manualPauseSeconds } = ended;
    total.observe({ status }, totalSeconds);
    progression.observe({ status }, Math.max(0, totalSeconds - manualPauseSeconds));
    paused.observe({ status }, manualPauseSeconds);
  });
}
