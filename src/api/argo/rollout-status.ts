// Rollout.status in its wire form (argo-rollouts.md §1.4). Zero values are left out when written;
// `canary` and `blueGreen` are objects, never null.
import type { AnalysisPhase } from "./analysis.ts";
import type { Json } from "../../lib/json.ts";

export const rolloutPhases = ["Healthy", "Degraded", "Progressing", "Paused"] as const;
export type RolloutPhase = (typeof rolloutPhases)[number];

export const pauseReasons = [
  "InconclusiveAnalysisRun",
  "InconclusiveExperiment",
  "CanaryPauseStep",
  "BlueGreenPause",
] as const;
export type PauseReason = (typeof pauseReasons)[number];

export interface PauseCondition {
  readonly reason: PauseReason;
  readonly startTime: string;
}

export const rolloutConditionTypes = [
  "InvalidSpec",
  "Available",
  "Progressing",
  "ReplicaFailure",
  "Paused",
  "Completed",
  "Healthy",
] as const;
export type RolloutConditionType = (typeof rolloutConditionTypes)[number];

export interface RolloutCondition {
  readonly type: RolloutConditionType;
  readonly status: "True" | "False" | "Unknown";
  readonly lastUpdateTime: string;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

export interface RecordedRun {
  readonly name: string;
  readonly status: AnalysisPhase | "";
  readonly message?: string;
}

export interface WeightDestination {
  readonly weight: number;
  readonly serviceName?: string;
  readonly podTemplateHash?: string;
}

export interface TrafficWeights {
  readonly canary: WeightDestination;
  readonly stable: WeightDestination;
  readonly additional?: readonly WeightDestination[];
  readonly verified?: boolean;
}

export interface StepPluginStatus {
  readonly index: number;
  readonly name: string;
  readonly operation: "Run" | "Terminate" | "Abort";
  readonly phase?: "Running" | "Successful" | "Failed" | "Error";
  readonly message?: string;
  readonly startedAt?: string;
  readonly updatedAt?: string;
  readonly finishedAt?: string;
  readonly backoff?: string;
  readonly executions?: number;
  readonly disabled?: boolean;
  readonly status?: Json;
}

export interface CanaryStatus {
  readonly currentStepAnalysisRunStatus?: RecordedRun;
  readonly currentBackgroundAnalysisRunStatus?: RecordedRun;
  readonly currentExperiment?: string;
  readonly weights?: TrafficWeights;
  readonly stablePingPong?: "ping" | "pong";
  readonly stepPluginStatuses?: readonly StepPluginStatus[];
}

export interface BlueGreenStatus {
  readonly previewSelector?: string;
  readonly activeSelector?: string;
  readonly scaleUpPreviewCheckPoint?: boolean;
  readonly prePromotionAnalysisRunStatus?: RecordedRun;
  readonly postPromotionAnalysisRunStatus?: RecordedRun;
}

export const completionStatuses = [
  "Promoted",
  "FastPromoted",
  "Aborted",
  "Superseded",
  "RolledBack",
  "FastRolledBack",
] as const;

export interface RolloutDuration {
  readonly rolloutStartedAt?: string;
  readonly manualPauseStartedAt?: string;
  readonly totalManualPauseDurationSeconds?: number;
  readonly finishedAt?: string;
  readonly completionStatus?: (typeof completionStatuses)[number];
}

export interface RolloutStatus {
  readonly observedGeneration?: string;
  readonly phase?: RolloutPhase;
  readonly message?: string;
  readonly conditions?: readonly RolloutCondition[];
  readonly pauseConditions?: readonly PauseCondition[];
  readonly controllerPause?: boolean;
  readonly abort?: boolean;
  readonly abortedAt?: string;
  readonly promoteFull?: boolean;
  readonly currentPodHash?: string;
  readonly stableRS?: string;
  readonly currentStepIndex?: number;
  readonly currentStepHash?: string;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly HPAReplicas?: number;
  readonly selector?: string;
  readonly blueGreen?: BlueGreenStatus;
  readonly canary?: CanaryStatus;
  readonly alb?: Json;
  readonly albs?: Json;
  readonly restartedAt?: string;
  readonly workloadObservedGeneration?: string;
  readonly collisionCount?: number;
  readonly duration?: RolloutDuration;
}
