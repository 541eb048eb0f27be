// Experiment (argo-rollouts.md §1.6), wire form.
import type { KubeObject, ObjectMeta, StringMap } from "../meta/object.ts";
import type { LabelSelector } from "../meta/label-selector.ts";
import type { PodTemplateSpec } from "../kubernetes/pod.ts";
import type {
  AnalysisArgument,
  AnalysisPhase,
  DryRunRule,
  MeasurementRetentionRule,
} from "./analysis.ts";

export interface ExperimentTemplate {
  readonly name: string;
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly selector?: LabelSelector;
  readonly template: PodTemplateSpec;
  readonly service?: { readonly name?: string };
}

export interface ExperimentAnalysis {
  readonly name: string;
  readonly templateName: string;
  readonly clusterScope?: boolean;
  readonly args?: readonly AnalysisArgument[];
  readonly requiredForCompletion?: boolean;
}

export interface ExperimentSpec {
  readonly templates: readonly ExperimentTemplate[];
  readonly duration?: string;
  readonly progressDeadlineSeconds?: number;
  readonly terminate?: boolean;
  readonly analyses?: readonly ExperimentAnalysis[];
  readonly scaleDownDelaySeconds?: number;
  readonly dryRun?: readonly DryRunRule[];
  readonly measurementRetention?: readonly MeasurementRetentionRule[];
  readonly analysisRunMetadata?: { readonly labels?: StringMap; readonly annotations?: StringMap };
}

export const templatePhases = ["Progressing", "Running", "Successful", "Failed", "Error"] as const;
export type TemplatePhase = (typeof templatePhases)[number];

export interface TemplateStatus {
  readonly name: string;
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly collisionCount?: number;
  readonly status?: TemplatePhase;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly serviceName?: string;
  readonly podTemplateHash?: string;
}

export interface ExperimentAnalysisRunStatus {
  readonly name: string;
  readonly analysisRun: string;
  readonly phase?: AnalysisPhase;
  readonly message?: string;
}

export interface ExperimentCondition {
  readonly type: "InvalidSpec" | "Completed" | "Progressing" | "Running" | "ReplicaFailure";
  readonly status: "True" | "False" | "Unknown";
  readonly lastUpdateTime: string;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

export interface ExperimentStatus {
  readonly phase?: AnalysisPhase;
  readonly message?: string;
  readonly availableAt?: string;
  readonly conditions?: readonly ExperimentCondition[];
  readonly templateStatuses?: readonly TemplateStatus[];
  readonly analysisRuns?: readonly ExperimentAnalysisRunStatus[];
}

export interface Experiment extends KubeObject {
  readonly apiVersion: "argoproj.io/v1alpha1";
  readonly kind: "Experiment";
  readonly metadata: ObjectMeta;
  readonly spec: ExperimentSpec;
  readonly status?: ExperimentStatus;
}
