import type { AnalysisRun, AnalysisTemplate } from "../../api/argo/analysis.ts";
import type { Experiment } from "../../api/argo/experiment.ts";
import { parseExperiment } from "../../api/argo/parse/objects.ts";
import { formatProblem } from "../../api/argo/parse/problem.ts";
import type { ReplicaSet, Service } from "../../api/kubernetes/workloads.ts";
import { isControlledBy, type KubeObject } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { ObservedExperiment, Refusal } from "../../core/experiment/decision.ts";
import { serviceName } from "../../core/experiment/template-objects.ts";
import type { Cache } from "../../runtime/cache.ts";
import type { Manager } from "../../runtime/manager.ts";

/** Every cache a decision about an Experiment reads. */
export interface ExperimentViews {
  readonly experiments: Cache<Experiment>;
  readonly replicaSets: Cache<ReplicaSet>;
  readonly services: Cache<Service>;
  readonly analysisRuns: Cache<AnalysisRun>;
  readonly analysisTemplates: Cache<AnalysisTemplate>;
  readonly clusterAnalysisTemplates: Cache<AnalysisTemplate>;
}

const argo = "argoproj.io/v1alpha1";

/** Call before the manager starts. */
export function experimentViews(manager: Manager): ExperimentViews {
  return {
    experiments: manager.cache(argo, "Experiment"),
    replicaSets: manager.cache("apps/v1", "ReplicaSet"),
    services: manager.cache("v1", "Service"),
    analysisRuns: manager.cache(argo, "AnalysisRun"),
    analysisTemplates: manager.cache(argo, "AnalysisTemplate"),
    clusterAnalysisTemplates: manager.cache(argo, "ClusterAnalysisTemplate"),
  };
}

function isStaying({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

/** The Experiment as its types promise it, and the first thing in its spec that is not so. */
function readExperiment(stored: Experiment): Pick<ObservedExperiment, "experiment" | "unreadable"> {
  const { object, problems } = parseExperiment(asJson(stored));
  const problem = problems.find(({ path }) => path[0] === "spec");
  return { experiment: object, unreadable: problem && formatProblem(problem) };
}

export function observe(
  stored: Experiment,
  views: ExperimentViews,
  refusals: readonly Refusal[],
  instanceId: string,
): ObservedExperiment {
  const { experiment, unreadable } = readExperiment(stored);
  const { uid, name, namespace = "" } = experiment.metadata;
  const wantedServices = experiment.spec.templates.map((template) =>
    serviceName(experiment, template),
  );
  const services = views.services
    .list(namespace)
    .filter((one) => isControlledBy(one, experiment) || wantedServices.includes(one.metadata.name));
  const analysisRuns = views.analysisRuns
    .list(namespace)
    .filter((run) => isControlledBy(run, experiment) || run.metadata.name.startsWith(`${name}-`));
  return {
    experiment,
    unreadable,
    replicaSets: views.replicaSets.ownedBy(uid).filter(isStaying),
    services,
    analysisRuns,
    analysisTemplates: [
      ...views.analysisTemplates.list(namespace),
      ...views.clusterAnalysisTemplates.list(),
    ],
    refusals,
    instanceId,
  };
}
