// What is observed of one Experiment and what a decision about it consists of; see experiment.ts.
import type { AnalysisRun, AnalysisTemplate } from "../../api/argo/analysis.ts";
import type { Experiment, ExperimentStatus } from "../../api/argo/experiment.ts";
import type { ReplicaSet, Service } from "../../api/kubernetes/workloads.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { EpochMs } from "../../lib/time.ts";

export interface ObservedExperiment {
  readonly experiment: Experiment;
  /** What in the spec could not be read, for people. */
  readonly unreadable: string | undefined;
  /** ReplicaSets this Experiment controls, deleting ones left out. */
  readonly replicaSets: readonly ReplicaSet[];
  /** Services it controls, and any that has a name it wants. */
  readonly services: readonly Service[];
  /** Runs it controls, and any that has a name it may want: those that begin with `<name>-`. */
  readonly analysisRuns: readonly AnalysisRun[];
  /** Those of the namespace and all cluster-wide ones. */
  readonly analysisTemplates: readonly AnalysisTemplate[];
  /** What the store refused for good when the last decision was carried out. */
  readonly refusals: readonly Refusal[];
  readonly instanceId: string;
}

/** `target` is the template's or the analysis' name. */
export interface Refusal {
  readonly what: "replicaSet" | "scale" | "service" | "analysisRun";
  readonly target: string;
  readonly message: string;
}

export interface ExperimentDecision {
  /** The whole new status; equal to the observed one when nothing changed. */
  readonly status: ExperimentStatus;
  readonly effects: readonly ExperimentEffect[];
  readonly next: { readonly atMs: EpochMs; readonly why: string } | undefined;
}

export interface ExperimentEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly cause: string;
}

export type ExperimentEffect =
  | { readonly kind: "event"; readonly event: ExperimentEvent }
  /** On the Rollout that made the Experiment, if one did. */
  | { readonly kind: "ownerEvent"; readonly event: ExperimentEvent }
  | {
      readonly kind: "createReplicaSet";
      readonly template: string;
      readonly replicaSet: ReplicaSet;
    }
  | {
      readonly kind: "patchReplicaSet";
      readonly template: string;
      readonly name: string;
      readonly resourceVersion: string | undefined;
      readonly patch: JsonObject;
      /** The size the patch asks for, for what is said if it is refused. */
      readonly replicas: number;
    }
  | { readonly kind: "createService"; readonly template: string; readonly service: Service }
  | { readonly kind: "deleteService"; readonly name: string; readonly uid: string }
  | { readonly kind: "createAnalysisRun"; readonly analysis: string; readonly run: AnalysisRun }
  | { readonly kind: "terminateAnalysisRun"; readonly name: string };
