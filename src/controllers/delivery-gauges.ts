// What there is, for Prometheus: gauges under Argo Rollouts' names (argo-rollouts.md §1.11), read from
// the caches at each scrape, so that what is deleted is gone at once.
import { instanceIdLabel } from "../api/argo/keys.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import {
  analysisPhases,
  rolloutFigures,
  rolloutPhases,
  runFigures,
  type MetricFigures,
  type RolloutFigures,
  type RunFigures,
} from "../core/view/figures.ts";
import type { MetricLabels, Metrics, Sample } from "../runtime/metrics.ts";

export interface GaugeSources {
  readonly rollouts: () => readonly KubeObject[];
  readonly experiments: () => readonly KubeObject[];
  readonly analysisRuns: () => readonly KubeObject[];
  readonly templates: () => readonly KubeObject[];
}

interface Sampled {
  readonly name: string;
  readonly help: string;
  /** Besides namespace and name. */
  readonly labels: readonly string[];
}

type Row = readonly [more: MetricLabels, value: number];

const experimentPhases = analysisPhases.filter((phase) => phase !== "Failed");

/** Figures are read once for each state of an object: a scrape asks for them several times. */
function remembered<F>(read: (object: KubeObject) => F): (object: KubeObject) => F {
  const known = new WeakMap<KubeObject, F>();
  return (object) => {
    const figures = known.get(object) ?? read(object);
    known.set(object, figures);
    return figures;
  };
}

function stateRows(
  labels: MetricLabels,
  phases: readonly string[],
  current: string,
): readonly Row[] {
  return phases.map((phase) => [{ ...labels, phase }, phase === current ? 1 : 0]);
}

/** Series of the objects of one kind, one by one. */
function* samplesOf(
  objects: readonly KubeObject[],
  rowsOf: (object: KubeObject) => readonly Row[],
): Generator<Sample> {
  for (const object of objects) {
    const { namespace = "", name } = object.metadata;
    for (const [more, value] of rowsOf(object))
      yield { labels: { namespace, name, ...more }, value };
  }
}

function sampler<F>(
  metrics: Metrics,
  objects: () => readonly KubeObject[],
  figuresOf: (object: KubeObject) => F,
): (sampled: Sampled, rowsOf: (figures: F) => readonly Row[]) => void {
  return ({ name, help, labels }, rowsOf) =>
    metrics.sampled({ name, help, labels: ["namespace", "name", ...labels] }, () =>
      samplesOf(objects(), (object) => rowsOf(figuresOf(object))),
    );
}

function sampleRollouts(metrics: Metrics, objects: GaugeSources["rollouts"]): void {
  const figuresOf = remembered<RolloutFigures>((object) => rolloutFigures(asJson(object)));
  const sample = sampler(metrics, objects, figuresOf);
  sample(
    {
      name: "rollout_info",
      help: "Information about rollout.",
      labels: ["strategy", "traffic_router", "phase"],
    },
    ({ strategy, trafficRouter, phase }) => [
      [{ strategy, traffic_router: trafficRouter, phase }, 1],
    ],
  );
  for (const which of ["available", "unavailable", "desired", "updated"] as const) {
    const name = `rollout_info_replicas_${which}`;
    sample(
      { name, help: `The number of ${which} replicas per rollout.`, labels: [] },
      (figures) => [[{}, figures.replicas[which]]],
    );
  }
  sample(
    {
      name: "rollout_phase",
      help: "[Deprecated - use rollout_info] Information on the state of the rollout.",
      labels: ["strategy", "phase"],
    },
    ({ strategy, phase }) => stateRows({ strategy }, rolloutPhases, phase),
  );
}

function sampleRuns(
  metrics: Metrics,
  kind: "analysis_run" | "experiment",
  objects: () => readonly KubeObject[],
  phases: readonly string[],
): void {
  const figuresOf = remembered<RunFigures>((object) => runFigures(asJson(object)));
  const sample = sampler(metrics, objects, figuresOf);
  const words = kind.replace("_", " ");
  sample(
    { name: `${kind}_info`, help: `Information about ${words}.`, labels: ["phase"] },
    (run) => [[{ phase: run.phase }, 1]],
  );
  sample(
    {
      name: `${kind}_phase`,
      help: `[Deprecated - use ${kind}_info] Information on the state of the ${words}.`,
      labels: ["phase"],
    },
    (run) => stateRows({}, phases, run.phase),
  );
  if (kind === "experiment") return;
  const ofMetric = ({ metric, type }: MetricFigures): MetricLabels => ({ metric, type });
  sample(
    {
      name: "analysis_run_metric_type",
      help: "Information on the type of a specific metric in the Analysis Runs.",
      labels: ["metric", "type"],
    },
    (run) => run.metrics.map((metric): Row => [ofMetric(metric), 1]),
  );
  sample(
    {
      name: "analysis_run_metric_phase",
      help: "Information on the phase of a specific metric in the Analysis Run.",
      labels: ["metric", "type", "dry_run", "phase"],
    },
    (run) =>
      run.metrics.flatMap((metric) =>
        stateRows(
          { ...ofMetric(metric), dry_run: String(metric.isDryRun) },
          analysisPhases,
          metric.phase,
        ),
      ),
  );
}

function sampleTemplates(metrics: Metrics, objects: GaugeSources["templates"]): void {
  const figuresOf = remembered<RunFigures>((object) => runFigures(asJson(object)));
  const sample = sampler(metrics, objects, figuresOf);
  sample(
    { name: "analysis_template_info", help: "Information about analysis templates.", labels: [] },
    () => [[{}, 1]],
  );
  sample(
    {
      name: "analysis_template_metric_info",
      help: "Information on metrics in analysis templates.",
      labels: ["type", "metric"],
    },
    (template) => template.metrics.map(({ type, metric }): Row => [{ type, metric }, 1]),
  );
}

/** Only objects of this instance are shown: whoever looks after the others shows them. */
export function sampleDeliveries(
  metrics: Metrics,
  sources: GaugeSources,
  instanceId: string,
): void {
  const own = (objects: () => readonly KubeObject[]) => () =>
    objects().filter(({ metadata }) => (metadata.labels?.[instanceIdLabel] ?? "") === instanceId);
  sampleRollouts(metrics, own(sources.rollouts));
  sampleRuns(metrics, "analysis_run", own(sources.analysisRuns), analysisPhases);
  sampleRuns(metrics, "experiment", own(sources.experiments), experimentPhases);
  sampleTemplates(metrics, own(sources.templates));
}
