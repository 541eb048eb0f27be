// All figures of a Kubernetes controller: Argo Rollouts' names first, then ours.
import { argoApiVersion } from "../api/argo/keys.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { sampleDeliveries } from "../controllers/delivery-gauges.ts";
import {
  countedEvents,
  measureAttempts,
  ObjectPasses,
  queueNameOf,
} from "../controllers/delivery-metrics.ts";
import type { ApiRequest } from "../objects/kubernetes/api-client.ts";
import { requestInfo } from "../objects/kubernetes/request-info.ts";
import type { Cache } from "../runtime/cache.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ControllerObserver } from "../runtime/controller.ts";
import type { EventRecorder } from "../runtime/events.ts";
import type { Manager } from "../runtime/manager.ts";
import { passMetrics, type Metrics } from "../runtime/metrics.ts";
import { queueMetrics } from "../runtime/queue-metrics.ts";

export interface MetricsOptions {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly version: string;
  readonly instanceId: string;
  /** AnalysisRuns are all that is looked after. */
  readonly isAnalysisOnly: boolean;
}

/** Told of every answer of the API server. */
export function requestMetrics(metrics: Metrics): (request: ApiRequest, code: number) => void {
  const counter = metrics.counter({
    name: "controller_clientset_k8s_request_total",
    help: "Number of kubernetes requests executed during application reconciliation.",
    labels: ["kind", "namespace", "name", "verb", "status_code"],
  });
  const isNameless = (kind: string, name: string): boolean =>
    name === "" || kind === "events" || kind === "replicasets" || kind === "pods";
  return (request, code) => {
    const { kind, namespace, name, verb } = requestInfo(request);
    counter.add({
      kind,
      namespace,
      name: isNameless(kind, name) ? "N/A" : name,
      verb,
      status_code: String(code),
    });
  };
}

function tellBuild({ metrics, version }: MetricsOptions): void {
  const info = (name: string, help: string, labels: Readonly<Record<string, string>>): void =>
    metrics.gauge({ name, help, labels: Object.keys(labels) }).set(labels, 1);
  info("argo_rollouts_controller_info", "Running Argo-rollouts version", { version });
  info("build_info", "The version that runs, and what it runs on.", {
    version,
    goversion: `node ${process.version}`,
    goarch: process.arch,
    commit: "",
  });
}

/** What a manager has to be made with so that its passes and queues are counted. */
export function countedPasses(
  options: MetricsOptions,
  manager: () => Manager | undefined,
): ControllerObserver & { readonly objects: ObjectPasses } {
  const { metrics, clock } = options;
  tellBuild(options);
  const ours = passMetrics(metrics);
  const objects = new ObjectPasses(metrics, clock);
  const queueOf = queueMetrics({
    metrics,
    nameOf: queueNameOf,
    queues: () => manager()?.queues() ?? [],
  });
  return {
    objects,
    queueOf,
    passed(controller, key, tookMs, outcome) {
      ours.passed(controller, key, tookMs, outcome);
      objects.passed(controller, key, tookMs, outcome);
    },
  };
}

/** Shows what is in the caches; call before the manager starts. Resolves with what also counts events. */
export function showDeliveries(
  { metrics, clock, instanceId, isAnalysisOnly }: MetricsOptions,
  manager: Manager,
  objects: ObjectPasses,
): (events: EventRecorder) => EventRecorder {
  const cache = (kind: string): Cache<KubeObject> => manager.cache(argoApiVersion, kind);
  const runs = cache("AnalysisRun");
  objects.forgetGone("analysis-run", runs);
  const nothing = (): readonly KubeObject[] => [];
  if (isAnalysisOnly) {
    const rest = { rollouts: nothing, experiments: nothing, templates: nothing };
    sampleDeliveries(metrics, { ...rest, analysisRuns: () => runs.list() }, instanceId);
    return (events) => events;
  }
  const rollouts = cache("Rollout");
  const experiments = cache("Experiment");
  const [templates, shared] = [cache("AnalysisTemplate"), cache("ClusterAnalysisTemplate")];
  objects.forgetGone("rollout", rollouts);
  objects.forgetGone("experiment", experiments);
  measureAttempts(metrics, rollouts);
  const sources = {
    rollouts: () => rollouts.list(),
    experiments: () => experiments.list(),
    analysisRuns: () => runs.list(),
    templates: () => [...templates.list(), ...shared.list()],
  };
  sampleDeliveries(metrics, sources, instanceId);
  return (events) => countedEvents(events, { metrics, clock, rollouts });
}
