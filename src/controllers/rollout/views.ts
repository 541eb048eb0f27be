import type { AnalysisRun, AnalysisTemplate } from "../../api/argo/analysis.ts";
import type { Experiment } from "../../api/argo/experiment.ts";
import type { Pod } from "../../api/kubernetes/pod.ts";
import type {
  Deployment,
  PodTemplate,
  ReplicaSet,
  Service,
} from "../../api/kubernetes/workloads.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import type { Cache } from "../../runtime/cache.ts";

/** The caches a rollout is observed through. */
export interface RolloutViews {
  readonly rollouts: Cache<KubeObject>;
  readonly replicaSets: Cache<ReplicaSet>;
  readonly pods: Cache<Pod>;
  readonly services: Cache<Service>;
  readonly analysisRuns: Cache<AnalysisRun>;
  readonly experiments: Cache<Experiment>;
  readonly analysisTemplates: Cache<AnalysisTemplate>;
  readonly clusterAnalysisTemplates: Cache<AnalysisTemplate>;
  readonly deployments: Cache<Deployment>;
  readonly podTemplates: Cache<PodTemplate>;
  /** ReplicaSets that Rollouts name as their workload; `replicaSets` may hold our own only. */
  readonly workloadReplicaSets: Cache<ReplicaSet>;
}
