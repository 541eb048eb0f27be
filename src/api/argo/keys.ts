// Labels and annotations of the Rollouts API (argo-rollouts.md §1.7), spelled once.

export const podTemplateHashLabel = "rollouts-pod-template-hash";
export const instanceIdLabel = "argo-rollouts.argoproj.io/controller-instance-id";
export const rolloutTypeLabel = "rollout-type";
export const stepIndexLabel = "step-index";
export const analysisRunUidLabel = "analysisrun.argoproj.io/uid";

export const revisionAnnotation = "rollout.argoproj.io/revision";
export const revisionHistoryAnnotation = "rollout.argoproj.io/revision-history";
export const desiredReplicasAnnotation = "rollout.argoproj.io/desired-replicas";
export const scaleDownDeadlineAnnotation = "scale-down-deadline";
export const ephemeralMetadataAnnotation = "rollout.argoproj.io/ephemeral-metadata";
export const workloadGenerationAnnotation = "rollout.argoproj.io/workload-generation";
export const managedByRolloutsAnnotation = "argo-rollouts.argoproj.io/managed-by-rollouts";
export const experimentNameAnnotation = "experiment.argoproj.io/name";
export const experimentTemplateAnnotation = "experiment.argoproj.io/template-name";
export const analysisRunNameAnnotation = "analysisrun.argoproj.io/name";
export const analysisRunNamespaceAnnotation = "analysisrun.argoproj.io/namespace";
export const analysisRunMetricAnnotation = "analysisrun.argoproj.io/metric-name";
/** Ours, on AnalysisRuns and Experiments: a rollout ended it because it wanted no verdict; what it says is none. */
export const endedByRolloutAnnotation = "haldane.dev/ended-by-rollout";
/** Ours: `rollingUpdate` or `recreate`, for clusters whose CRD would drop the strategy field. */
export const strategyAnnotation = "haldane.dev/strategy";
/** Ours, on objects a router makes for a managed route: the route as the step says it, in JSON. */
export const managedRouteAnnotation = "haldane.dev/managed-route";

/** Ours, under a metric's provider.plugin: the sequential judge. */
export const sequentialKind = "haldane.dev/sequential";
/** Ours, on Rollouts: what the sequential judge is to watch from the first weight on (`errors,latency`). */
export const guardAnnotation = "haldane.dev/guard";
/** Ours, beside it: where the guard counts, in JSON, as under the judge's `source`; without it the gateway. */
export const guardSourceAnnotation = "haldane.dev/guard-source";
/** Ours, on AnalysisRuns: the run of the same revision whose evidence this one goes on from. */
export const continuesAnnotation = "haldane.dev/continues";
/** Ours, on Rollouts: evidence from before this moment is not gone on from. */
export const judgeAnewAnnotation = "haldane.dev/judge-anew-since";
/** Ours, under steps[].plugin.name: a pause that ends as soon as the judge has shown the canary to be safe. */
export const pauseUntilSafePlugin = "haldane.dev/pause-until-safe";

/** Annotations of a Rollout that are not copied to its ReplicaSets. */
export const annotationsNotCopied: readonly string[] = [
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  "notified.notifications.argoproj.io",
];

export const argoApiVersion = "argoproj.io/v1alpha1";
