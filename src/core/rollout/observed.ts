// core/rollout: what should happen next to one Rollout. `decide.ts` is the door: a pure function
// from everything observed and the time to a status, effects in order, and when to look again.
// Imports lib, api and its neighbours in core. A new step kind is a file in steps/.
import type { AnalysisRun, AnalysisTemplate } from "../../api/argo/analysis.ts";
import type { RouterAbilities } from "../../api/argo/capabilities.ts";
import type { Experiment } from "../../api/argo/experiment.ts";
import type { Rollout } from "../../api/argo/rollout.ts";
import type { TrafficState } from "../../api/argo/traffic.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { ReplicaSet, Service } from "../../api/kubernetes/workloads.ts";

/** Everything a decision may rest on. Nothing here is an event: only what is there now. */
export interface ObservedRollout {
  /** Parsed and valid in itself; template and selector already resolved from workloadRef. */
  readonly rollout: Rollout;
  /** The Rollout as stored, for what the core copies on (labels, annotations, fieldPath args). */
  readonly manifest: JsonObject;
  /** Why the spec or something it refers to is wrong: the first error's text (§1.12), if any. */
  readonly invalid: string | undefined;
  /** The object behind spec.workloadRef. */
  readonly workload: ObservedWorkload | undefined;
  /** ReplicaSets controlled by this Rollout, deleting ones included. */
  readonly replicaSets: readonly ReplicaSet[];
  /** ReplicaSets of the namespace that nobody controls. */
  readonly orphans: readonly ReplicaSet[];
  /** Whatever ReplicaSet already has the name a new one would get, if it is not ours. */
  readonly foreignReplicaSet: ReplicaSet | undefined;
  /** By name, every Service the strategy names that exists. */
  readonly services: Readonly<Record<string, Service>>;
  readonly analysisRuns: readonly AnalysisRun[];
  readonly experiments: readonly Experiment[];
  readonly analysisTemplates: readonly AnalysisTemplate[];
  /** Pods of all owned ReplicaSets. Read only when `needsPods(rollout)` says so; else empty. */
  readonly pods: readonly Pod[];
  /** One entry per configured router, in order; empty without traffic routing. */
  readonly traffic: readonly ObservedRouter[];
  readonly instanceId: string;
}

export interface ObservedWorkload {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly generation: number;
  /** spec.replicas of a Deployment; undefined for other kinds. */
  readonly replicas: number | undefined;
}

export interface ObservedRouter {
  readonly kind: string;
  /** Whether this router's data plane confirms weights; then a weight is live only once confirmed. */
  readonly acknowledges: boolean;
  /** What it is told of a plan: the rest it has no means for, and other routers may. */
  readonly abilities: RouterAbilities;
  readonly state: TrafficState;
}
