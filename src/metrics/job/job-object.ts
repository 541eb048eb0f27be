import type { AnalysisRun, Metric } from "../../api/argo/analysis.ts";
import {
  analysisRunMetricAnnotation,
  analysisRunNameAnnotation,
  analysisRunNamespaceAnnotation,
  analysisRunUidLabel,
  instanceIdLabel,
} from "../../api/argo/keys.ts";
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { Job, JobSpec } from "../../api/kubernetes/workloads.ts";
import { controllerReference, isControlledBy, type StringMap } from "../../api/meta/object.ts";
import { fnv1a32Text } from "../../lib/fnv.ts";
import { isJsonObject, ownProperty, type Json, type JsonObject } from "../../lib/json.ts";
import { blockOf } from "../http-config.ts";
import { ProviderError } from "../provider.ts";

const longestName = 63;

/** A name must not have a dash before its next dot, where the cut may have left one. */
function cutTo(room: number, name: string): string {
  return name.length <= room ? name : name.slice(0, Math.max(0, room)).replace(/[-.]+$/, "");
}

/**
 * `<run uid>.<metric>.<n>`, the metric cut so that the whole fits a label. `isTaken`: another metric
 * of the run has that name, having been cut to the same; then a hash tells them apart.
 */
function jobName(run: AnalysisRun, metric: Metric, isTaken: boolean): string {
  const result = run.status?.metricResults?.find(({ name }) => name === metric.name);
  const n = (result?.count ?? 0) + (result?.error ?? 0) + 1;
  const uid = run.metadata.uid ?? "";
  const hash = isTaken ? `-${fnv1a32Text(metric.name).toString(16)}` : "";
  const room = longestName - uid.length - String(n).length - 2 - hash.length;
  return `${uid}.${cutTo(room, metric.name)}${hash}.${n}`;
}

function specOf(metric: Metric): JobSpec {
  const spec = ownProperty(blockOf(metric.provider, "job"), "spec");
  const template = isJsonObject(spec) ? ownProperty(spec, "template") : undefined;
  if (!isJsonObject(spec) || !isJsonObject(template)) {
    throw new ProviderError(`metric '${metric.name}': provider.job.spec.template is missing`);
  }
  // Verbatim what the user wrote; the store's own validation says what a Job may not be.
  return spec as unknown as JobSpec;
}

function stringsOf(metadata: Json | undefined, field: "labels" | "annotations"): StringMap {
  const map = isJsonObject(metadata) ? ownProperty(metadata, field) : undefined;
  if (!isJsonObject(map)) return {};
  return Object.fromEntries(
    Object.entries(map).flatMap(([key, value]) =>
      typeof value === "string" ? [[key, value]] : [],
    ),
  );
}

/** What a metric's Jobs are told apart by. */
export function metricLabelOf(metric: Metric): string {
  return metric.name;
}

function withUidLabel(template: JobSpec["template"], uid: string): JobSpec["template"] {
  const labels = { ...template.metadata?.labels, [analysisRunUidLabel]: uid };
  return { ...template, metadata: { ...template.metadata, labels } };
}

function labelsOf(run: AnalysisRun, metadata: Json | undefined): StringMap {
  const instanceId = run.metadata.labels?.[instanceIdLabel];
  return {
    ...stringsOf(metadata, "labels"),
    [analysisRunUidLabel]: run.metadata.uid ?? "",
    ...(instanceId === undefined ? {} : { [instanceIdLabel]: instanceId }),
  };
}

/** Where a metric's Jobs run. */
export interface JobPlace {
  readonly namespace: string;
  /** Another cluster than the AnalysisRun's. */
  readonly isElsewhere: boolean;
  /** The name it would have belongs to another metric of the run. */
  readonly isNameTaken?: boolean;
}

/**
 * The Job of the metric's next measurement. An owner in another namespace or cluster is not
 * possible: then labels tell whose it is.
 */
export function jobOf(run: AnalysisRun, metric: Metric, place: JobPlace): Job {
  const { namespace, isElsewhere, isNameTaken = false } = place;
  const config: JsonObject = blockOf(metric.provider, "job");
  const metadata = ownProperty(config, "metadata");
  const spec = specOf(metric);
  const isNeighbour = !isElsewhere && namespace === (run.metadata.namespace ?? "");
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobName(run, metric, isNameTaken),
      namespace,
      labels: labelsOf(run, metadata),
      annotations: {
        ...stringsOf(metadata, "annotations"),
        [analysisRunNameAnnotation]: run.metadata.name,
        [analysisRunNamespaceAnnotation]: run.metadata.namespace ?? "",
        [analysisRunMetricAnnotation]: metricLabelOf(metric),
      },
      ...(isNeighbour ? { ownerReferences: [controllerReference(run)] } : {}),
    },
    spec: { ...spec, template: withUidLabel(spec.template, run.metadata.uid ?? "") },
  };
}

/** Throws a ProviderError when the metric has no usable Job. */
export function checkJob(metric: Metric): void {
  specOf(metric);
}

export function isOfRun(job: Job, run: AnalysisRun): boolean {
  const uid = run.metadata.uid ?? "";
  return isControlledBy(job, run) || job.metadata.labels?.[analysisRunUidLabel] === uid;
}

/** Two long metric names may have been cut to the same: a Job must not answer for both. */
export function isOfOtherMetric(job: Job, wanted: Job): boolean {
  const metricOf = ({ metadata }: Job): string | undefined =>
    metadata.annotations?.[analysisRunMetricAnnotation];
  return metricOf(job) !== undefined && metricOf(job) !== metricOf(wanted);
}

/** Only conditions that hold count: Kubernetes keeps a condition it has taken back, with status False. */
export function outcomeOf(job: Job): "Successful" | "Failed" | undefined {
  const holds = (type: string): boolean =>
    (job.status?.conditions ?? []).some((c) => c.type === type && c.status !== "False");
  if (holds("Failed")) return "Failed";
  return holds("Complete") ? "Successful" : undefined;
}

const hopeless: readonly string[] = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"];

/** A container that will never start, init containers first; undefined if there is hope. */
export function stuckMessage(pods: readonly Pod[]): string | undefined {
  for (const { metadata, status } of pods) {
    const containers = [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
    ];
    for (const { name, state } of containers) {
      const { reason = "", message = "" } = state?.waiting ?? {};
      if (!hopeless.includes(reason)) continue;
      return `Pod ${metadata.name}, container ${name} has terminal error (${reason}): ${message}\n`;
    }
  }
  return undefined;
}
