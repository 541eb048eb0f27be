import { analysisRunNameAnnotation, analysisRunNamespaceAnnotation } from "../../api/argo/keys.ts";
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import type { Job } from "../../api/kubernetes/workloads.ts";
import { controllerOf, type KubeObject } from "../../api/meta/object.ts";
import { inFlight } from "../../core/analysis/plan.ts";
import type { Cache } from "../../runtime/cache.ts";

/** The run a metric's Job belongs to: its owner, or, from another namespace, what its annotations say. */
export function runKeysOfJob(job: KubeObject): readonly string[] {
  const owner = controllerOf(job);
  if (owner?.kind === "AnalysisRun") return [`${job.metadata.namespace ?? ""}/${owner.name}`];
  const annotations = job.metadata.annotations ?? {};
  const namespace = annotations[analysisRunNamespaceAnnotation];
  const name = annotations[analysisRunNameAnnotation];
  return namespace === undefined || name === undefined ? [] : [`${namespace}/${name}`];
}

function hasEnded({ status }: Job): boolean {
  const ends = status?.conditions?.filter(({ type }) => type === "Complete" || type === "Failed");
  return ends?.some((condition) => condition.status !== "False") ?? false;
}

/** Metrics of the run whose Job has ended since the last look at it. */
export function metricsWithEndedJob(run: AnalysisRun, jobs: Cache<Job>): readonly string[] {
  const results = run.status?.metricResults ?? [];
  return results.flatMap((result): readonly string[] => {
    const { "job-name": name, "job-namespace": namespace } = inFlight(result)?.metadata ?? {};
    if (name === undefined || namespace === undefined) return [];
    const job = jobs.get(namespace, name);
    return job && hasEnded(job) ? [result.name] : [];
  });
}
