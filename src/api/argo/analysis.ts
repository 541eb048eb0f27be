// AnalysisTemplate, ClusterAnalysisTemplate and AnalysisRun (argo-rollouts.md §1.5). The wire form
// is used inside too: `{{args.x}}` may stand in any string until a run is resolved.
import type { KubeObject, ObjectMeta, StringMap } from "../meta/object.ts";
import type { IntOrString } from "../kubernetes/pod.ts";
import type { JsonObject } from "../../lib/json.ts";

export interface TemplateRef {
  readonly templateName: string;
  readonly clusterScope: boolean;
}

export interface AnalysisArgument {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly fieldRef?: { readonly fieldPath: string };
    readonly podTemplateHashValue?: "Stable" | "Latest";
  };
}

export interface DryRunRule {
  readonly metricName: string;
}

export interface MeasurementRetentionRule {
  readonly metricName: string;
  readonly limit: number;
}

/** `provider` has exactly one key, e.g. `{ prometheus: {…} }` or `{ plugin: { "haldane.dev/traffic": {…} } }`. */
export interface Metric {
  readonly name: string;
  readonly interval?: string;
  readonly initialDelay?: string;
  readonly count?: IntOrString;
  readonly successCondition?: string;
  readonly failureCondition?: string;
  readonly failureLimit?: IntOrString;
  readonly inconclusiveLimit?: IntOrString;
  readonly consecutiveErrorLimit?: IntOrString;
  readonly consecutiveSuccessLimit?: IntOrString;
  readonly provider: JsonObject;
}

export interface AnalysisTemplateSpec {
  readonly metrics?: readonly Metric[];
  readonly args?: readonly AnalysisArgument[];
  readonly dryRun?: readonly DryRunRule[];
  readonly measurementRetention?: readonly MeasurementRetentionRule[];
  readonly templates?: readonly {
    readonly templateName: string;
    readonly clusterScope?: boolean;
  }[];
}

export interface AnalysisTemplate extends KubeObject {
  readonly kind: "AnalysisTemplate" | "ClusterAnalysisTemplate";
  readonly spec: AnalysisTemplateSpec;
}

export interface TtlStrategy {
  readonly secondsAfterCompletion?: number;
  readonly secondsAfterFailure?: number;
  readonly secondsAfterSuccess?: number;
}

export interface AnalysisRunSpec {
  readonly metrics: readonly Metric[];
  readonly args?: readonly AnalysisArgument[];
  readonly terminate?: boolean;
  readonly dryRun?: readonly DryRunRule[];
  readonly measurementRetention?: readonly MeasurementRetentionRule[];
  readonly ttlStrategy?: TtlStrategy;
}

export const analysisPhases = [
  "Pending",
  "Running",
  "Successful",
  "Failed",
  "Error",
  "Inconclusive",
] as const;
export type AnalysisPhase = (typeof analysisPhases)[number];

export function isAnalysisCompleted(phase: AnalysisPhase | "" | undefined): boolean {
  return (
    phase === "Successful" || phase === "Failed" || phase === "Error" || phase === "Inconclusive"
  );
}

export interface Measurement {
  readonly phase: AnalysisPhase;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly value?: string;
  readonly metadata?: StringMap;
  readonly resumeAt?: string;
}

export interface MetricResult {
  readonly name: string;
  readonly phase: AnalysisPhase;
  readonly measurements?: readonly Measurement[];
  readonly message?: string;
  readonly count?: number;
  readonly successful?: number;
  readonly failed?: number;
  readonly inconclusive?: number;
  readonly error?: number;
  readonly consecutiveError?: number;
  readonly consecutiveSuccess?: number;
  readonly dryRun?: boolean;
  readonly metadata?: StringMap;
}

export interface RunSummary {
  readonly count?: number;
  readonly successful?: number;
  readonly failed?: number;
  readonly inconclusive?: number;
  readonly error?: number;
}

export interface AnalysisRunStatus {
  readonly phase?: AnalysisPhase;
  readonly message?: string;
  readonly metricResults?: readonly MetricResult[];
  readonly startedAt?: string;
  readonly completedAt?: string;
  readonly runSummary?: RunSummary;
  readonly dryRunSummary?: RunSummary;
}

export interface AnalysisRun extends KubeObject {
  readonly apiVersion: "argoproj.io/v1alpha1";
  readonly kind: "AnalysisRun";
  readonly metadata: ObjectMeta;
  readonly spec: AnalysisRunSpec;
  readonly status?: AnalysisRunStatus;
}
