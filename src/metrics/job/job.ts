// metrics/job: a Job whose end is the verdict (argo-metric-providers.md §9). The Job's name is made
// of the run, the metric and the measurement's number, so asking twice makes one Job. job-object.ts
// builds the Job and reads it, pure; this file talks to the object store.
import type { AnalysisRun, Measurement, Metric } from "../../api/argo/analysis.ts";
import { analysisRunMetricAnnotation, analysisRunUidLabel } from "../../api/argo/keys.ts";
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { Job } from "../../api/kubernetes/workloads.ts";
import { controllerOf, refOf, type ObjectRef } from "../../api/meta/object.ts";
import { parseTime } from "../../lib/time.ts";
import { isStoreError, type ObjectStore } from "../../objects/object-store.ts";
import { answered, failed } from "../answered.ts";
import {
  ProviderError,
  type MetricAnswer,
  type MetricProvider,
  type MetricQuestion,
  type ProviderContext,
  type ProviderFactory,
} from "../provider.ts";
import {
  checkJob,
  isOfOtherMetric,
  isOfRun,
  jobOf,
  metricLabelOf,
  outcomeOf,
  stuckMessage,
} from "./job-object.ts";

const capabilities = { asynchronous: true } as const;

const namespaceVariable = "ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE";
const kubeconfigVariable = "ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG";

class JobProvider implements MetricProvider {
  readonly type = "Job";
  readonly #store: ObjectStore;
  readonly #isElsewhere: boolean;
  readonly #namespace: string | undefined;

  constructor({ store, jobStore }: ProviderContext, namespace: string | undefined) {
    this.#store = jobStore ?? store;
    this.#isElsewhere = jobStore !== undefined;
    this.#namespace = namespace;
  }

  async measure({ run, metric, now }: MetricQuestion): Promise<MetricAnswer> {
    return answered(async () => {
      const place = { namespace: this.#namespaceOf(run), isElsewhere: this.#isElsewhere };
      const made =
        (await this.#create(jobOf(run, metric, place), run)) ??
        (await this.#create(jobOf(run, metric, { ...place, isNameTaken: true }), run));
      if (typeof made !== "object") return failed(made ?? "the Job's name is another metric's");
      const { name, namespace = "" } = made.metadata;
      const metadata = { "job-name": name, "job-namespace": namespace };
      return { kind: "running", resumeAtMs: now, metadata };
    });
  }

  async resume({ now }: MetricQuestion, measurement: Measurement): Promise<MetricAnswer> {
    return answered(async () => {
      const job = await this.#read(measurement);
      if (typeof job === "string") return failed(job);
      const outcome = outcomeOf(job);
      if (outcome !== undefined) return { kind: "phase", phase: outcome };
      const message = stuckMessage(await this.#podsOf(job));
      if (message !== undefined) return { kind: "phase", phase: "Inconclusive", message };
      const elapsedMs = now - (parseTime(measurement.startedAt) ?? now);
      return { kind: "running", resumeAtMs: now + Math.sqrt((2 * elapsedMs) / 1000) * 1000 };
    });
  }

  /** A Job that has ended by now keeps its verdict; any other is deleted with its pods. */
  async terminate(_question: MetricQuestion, measurement: Measurement): Promise<MetricAnswer> {
    return answered(async () => {
      const job = await this.#read(measurement);
      if (typeof job === "string") return { kind: "phase", phase: "Inconclusive" };
      const outcome = outcomeOf(job);
      await this.#delete(job);
      return { kind: "phase", phase: outcome ?? "Inconclusive" };
    });
  }

  async garbageCollect(run: AnalysisRun, metric: Metric, limit: number): Promise<void> {
    const jobs = await this.#jobsOf(run, metric);
    const oldestFirst = [...jobs].sort(
      (a, b) =>
        (parseTime(a.metadata.creationTimestamp) ?? 0) -
          (parseTime(b.metadata.creationTimestamp) ?? 0) ||
        measurementNumber(a) - measurementNumber(b),
    );
    const surplus = Math.max(0, oldestFirst.length - limit);
    for (const job of oldestFirst.slice(0, surplus)) await this.#delete(job);
  }

  #namespaceOf(run: AnalysisRun): string {
    return this.#namespace ?? run.metadata.namespace ?? "";
  }

  /** The Job, made or ours already; what is wrong; undefined if the name is another metric's of the run. */
  async #create(wanted: Job, run: AnalysisRun): Promise<Job | string | undefined> {
    try {
      await this.#store.create(wanted);
      return wanted;
    } catch (error) {
      if (!isStoreError(error, "AlreadyExists")) throw error;
      const existing = await this.#store.get<Job>(refOf(wanted));
      if (!existing || !isOfRun(existing, run)) return error.message;
      return isOfOtherMetric(existing, wanted) ? undefined : existing;
    }
  }

  async #read({ metadata = {} }: Measurement): Promise<Job | string> {
    const name = metadata["job-name"];
    const namespace = metadata["job-namespace"];
    if (name === undefined || namespace === undefined) return "job metadata reference missing";
    const ref: ObjectRef = { apiVersion: "batch/v1", kind: "Job", namespace, name };
    return (await this.#store.get<Job>(ref)) ?? `job.batch "${name}" not found`;
  }

  async #podsOf(job: Job): Promise<readonly Pod[]> {
    const uid = job.metadata.labels?.[analysisRunUidLabel];
    const { items } = await this.#store.list<Pod>({
      apiVersion: "v1",
      kind: "Pod",
      namespace: job.metadata.namespace ?? "",
      ...(uid === undefined
        ? {}
        : { labelSelector: { matchLabels: { [analysisRunUidLabel]: uid } } }),
    });
    return items.filter((pod) => controllerOf(pod)?.uid === job.metadata.uid);
  }

  async #jobsOf(run: AnalysisRun, metric: Metric): Promise<readonly Job[]> {
    const { items } = await this.#store.list<Job>({
      apiVersion: "batch/v1",
      kind: "Job",
      namespace: this.#namespaceOf(run),
      labelSelector: { matchLabels: { [analysisRunUidLabel]: run.metadata.uid ?? "" } },
    });
    const name = metricLabelOf(metric);
    return items.filter(
      ({ metadata }) => metadata.annotations?.[analysisRunMetricAnnotation] === name,
    );
  }

  async #delete(job: Job): Promise<void> {
    const { uid } = job.metadata;
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    try {
      await this.#store.delete(refOf(job), { ...preconditions, propagation: "Foreground" });
    } catch (error) {
      if (!isStoreError(error, "NotFound")) throw error;
    }
  }
}

function measurementNumber({ metadata: { name } }: Job): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}

export const jobProvider: ProviderFactory = {
  kind: "job",
  capabilities,
  create(metric: Metric, context: ProviderContext): MetricProvider {
    const { env, jobStore } = context;
    if ((env[kubeconfigVariable] ?? "") !== "" && jobStore === undefined) {
      throw new ProviderError(
        `${kubeconfigVariable} is set, but nothing here reaches that cluster; unset it`,
      );
    }
    checkJob(metric);
    const namespace = env[namespaceVariable] ?? "";
    return new JobProvider(context, namespace === "" ? undefined : namespace);
  },
};
