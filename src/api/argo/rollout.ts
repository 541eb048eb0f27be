// api/argo: argoproj.io/v1alpha1 as people write it and as the core reads it. `XManifest` types
// are the wire form; `XSpec` types are parsed: defaults filled in, alternatives told apart.
// parse/ turns one into the other at the door, validate/ says what is wrong. Imports lib and api.
import type { LabelSelector } from "../meta/label-selector.ts";
import type { ObjectMeta, StringMap } from "../meta/object.ts";
import type { IntOrString, PodTemplateSpec } from "../kubernetes/pod.ts";
import type { DryRunRule, MeasurementRetentionRule, TemplateRef } from "./analysis.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { RolloutStatus } from "./rollout-status.ts";

/** A Rollout as the core sees it. `status` stays in its wire form: Argo's users read it. */
export interface Rollout {
  readonly metadata: ObjectMeta;
  readonly spec: RolloutSpec;
  readonly status: RolloutStatus;
}

export interface RolloutSpec {
  /** undefined only until the controller has written the default (1) back into the spec. */
  readonly replicas: number | undefined;
  readonly selector: LabelSelector | undefined;
  readonly template: PodTemplateSpec | undefined;
  readonly workloadRef: WorkloadRef | undefined;
  readonly minReadySeconds: number;
  readonly revisionHistoryLimit: number;
  readonly paused: boolean;
  readonly progressDeadlineSeconds: number;
  readonly progressDeadlineAbort: boolean;
  readonly restartAtMs: EpochMs | undefined;
  readonly rollbackWindowRevisions: number | undefined;
  readonly successfulRunHistoryLimit: number;
  readonly unsuccessfulRunHistoryLimit: number;
  readonly strategy: Strategy;
}

export const scaleDownPolicies = ["never", "onsuccess", "progressively"] as const;
export type ScaleDownPolicy = (typeof scaleDownPolicies)[number];

export interface WorkloadRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly scaleDown: ScaleDownPolicy;
}

export type Strategy =
  CanaryStrategy | BlueGreenStrategy | RollingUpdateStrategy | RecreateStrategy;

interface StrategyBase {
  /** Added to the pods of the stable (active) ReplicaSet while it is that. */
  readonly stableMetadata: PodMetadata | undefined;
  /** Added to the pods of the canary (preview) ReplicaSet while it is that. */
  readonly canaryMetadata: PodMetadata | undefined;
  readonly antiAffinity: AntiAffinity | undefined;
  readonly scaleDownDelaySeconds: number | undefined;
  readonly scaleDownDelayRevisionLimit: number | undefined;
  /** undefined = default (30 s); 0 = never scale down after an abort. */
  readonly abortScaleDownDelaySeconds: number | undefined;
  readonly maxUnavailable: IntOrString;
}

export interface PodMetadata {
  readonly labels?: StringMap;
  readonly annotations?: StringMap;
}

export type AntiAffinity =
  { readonly kind: "preferred"; readonly weight: number } | { readonly kind: "required" };

export interface CanaryStrategy extends StrategyBase {
  readonly kind: "canary";
  readonly canaryService: string | undefined;
  readonly stableService: string | undefined;
  /** Empty = a plain rolling update. */
  readonly steps: readonly CanaryStep[];
  /** `canary.steps` exactly as written (undefined = absent): what currentStepHash is computed over. */
  readonly stepsAsWritten: Json | undefined;
  readonly maxSurge: IntOrString;
  readonly trafficRouting: TrafficRouting | undefined;
  readonly analysis: BackgroundAnalysis | undefined;
  /** Judged in the background as well; empty = no guard. */
  readonly guard: readonly GuardedMetric[];
  /** Where the guard counts; absent = at the gateway. */
  readonly guardSource?: JsonObject;
  readonly dynamicStableScale: boolean;
  readonly pingPong: { readonly pingService: string; readonly pongService: string } | undefined;
  readonly minPodsPerReplicaSet: number | undefined;
  readonly replicaProgressThreshold: ReplicaProgressThreshold | undefined;
}

export interface ReplicaProgressThreshold {
  readonly type: "Percent" | "Pods";
  readonly value: number;
}

export interface BlueGreenStrategy extends StrategyBase {
  readonly kind: "blueGreen";
  readonly activeService: string;
  readonly previewService: string | undefined;
  readonly previewReplicaCount: number | undefined;
  readonly autoPromotionEnabled: boolean;
  readonly autoPromotionSeconds: number;
  readonly prePromotionAnalysis: RolloutAnalysis | undefined;
  readonly postPromotionAnalysis: RolloutAnalysis | undefined;
}

/** Ours (S4.6): new pods replace old ones within maxSurge and maxUnavailable; no steps, no analysis. */
export interface RollingUpdateStrategy extends StrategyBase {
  readonly kind: "rollingUpdate";
  readonly maxSurge: IntOrString;
}

/** Ours (S4.6): all old pods are stopped before the first new one starts. */
export interface RecreateStrategy extends StrategyBase {
  readonly kind: "recreate";
}

/** Who splits the traffic, in the order Argo drives them. `config` is the router's own block. */
export interface TrafficRouting {
  readonly routers: readonly RouterConfig[];
  readonly managedRoutes: readonly string[];
  readonly maxTrafficWeight: number;
}

/** `kind` is the key under trafficRouting, or the plugin's name under trafficRouting.plugins. */
export interface RouterConfig {
  readonly kind: string;
  readonly isPlugin: boolean;
  readonly config: JsonObject;
}

// ---- steps -----------------------------------------------------------------------------------

export type CanaryStep =
  | SetWeightStep
  | PauseStep
  | SetCanaryScaleStep
  | AnalysisStep
  | ExperimentStep
  | SetHeaderRouteStep
  | SetMirrorRouteStep
  | PluginStep
  | PauseUntilSafeStep;

export interface SetWeightStep {
  readonly kind: "setWeight";
  readonly weight: number;
}

export interface PauseStep {
  readonly kind: "pause";
  /** undefined = until someone promotes. */
  readonly durationSeconds: number | undefined;
  /** The duration as written ("5m", 30), for messages. */
  readonly durationText: string | undefined;
}

export type SetCanaryScaleStep =
  | { readonly kind: "setCanaryScale"; readonly mode: "replicas"; readonly replicas: number }
  | { readonly kind: "setCanaryScale"; readonly mode: "weight"; readonly weight: number }
  | { readonly kind: "setCanaryScale"; readonly mode: "matchTrafficWeight" };

export interface AnalysisStep {
  readonly kind: "analysis";
  readonly analysis: RolloutAnalysis;
}

export interface ExperimentStep {
  readonly kind: "experiment";
  readonly templates: readonly RolloutExperimentTemplate[];
  readonly durationText: string | undefined;
  readonly analyses: readonly RolloutExperimentAnalysis[];
  readonly dryRun: readonly DryRunRule[];
  readonly analysisRunMetadata: PodMetadata | undefined;
  readonly scaleDownDelaySeconds: number | undefined;
}

export interface RolloutExperimentTemplate {
  readonly name: string;
  readonly specRef: "canary" | "stable";
  readonly replicas: number | undefined;
  readonly metadata: PodMetadata | undefined;
  readonly selector: LabelSelector | undefined;
  readonly weight: number | undefined;
  readonly service: { readonly name: string | undefined } | undefined;
}

export interface RolloutExperimentAnalysis {
  readonly name: string;
  readonly templateName: string;
  readonly clusterScope: boolean;
  readonly args: readonly RolloutAnalysisArgument[];
  readonly requiredForCompletion: boolean;
}

export const stringMatchKinds = ["exact", "prefix", "regex"] as const;
export interface StringMatch {
  readonly kind: (typeof stringMatchKinds)[number];
  readonly value: string;
}

export interface SetHeaderRouteStep {
  readonly kind: "setHeaderRoute";
  readonly name: string;
  /** Empty = remove the route. */
  readonly match: readonly { readonly headerName: string; readonly headerValue: StringMatch }[];
}

export interface SetMirrorRouteStep {
  readonly kind: "setMirrorRoute";
  readonly name: string;
  readonly percentage: number;
  /** Empty = remove the route. */
  readonly match: readonly RouteMatch[];
}

export interface RouteMatch {
  readonly method: StringMatch | undefined;
  readonly path: StringMatch | undefined;
  readonly headers: Readonly<Record<string, StringMatch>>;
}

export interface PluginStep {
  readonly kind: "plugin";
  readonly name: string;
  readonly config: Json | undefined;
}

/** Ours, written as the step plugin haldane.dev/pause-until-safe so that Argo's CRDs keep it. */
export interface PauseUntilSafeStep {
  readonly kind: "pauseUntilSafe";
  /** undefined = until it is safe or someone promotes. */
  readonly maxSeconds: number | undefined;
  /** As written ("30m", 30), for messages. */
  readonly maxText: string | undefined;
  /** What happens when the time is over and safety was not shown. */
  readonly atMax: "hold" | "proceed";
}

/** What the annotation haldane.dev/guard asks the sequential judge to watch. */
export const guardedMetrics = ["errors", "latency"] as const;
export type GuardedMetric = (typeof guardedMetrics)[number];

// ---- analysis as a rollout refers to it -------------------------------------------------------

export interface RolloutAnalysis {
  readonly templates: readonly TemplateRef[];
  readonly args: readonly RolloutAnalysisArgument[];
  readonly dryRun: readonly DryRunRule[];
  readonly measurementRetention: readonly MeasurementRetentionRule[];
  readonly analysisRunMetadata: PodMetadata | undefined;
}

export interface BackgroundAnalysis extends RolloutAnalysis {
  readonly startingStep: number;
}

/** An argument's value: literal, or taken from the rollout when the run is created. */
export type RolloutAnalysisArgument =
  | { readonly name: string; readonly kind: "value"; readonly value: string }
  | { readonly name: string; readonly kind: "podTemplateHash"; readonly of: "Stable" | "Latest" }
  | { readonly name: string; readonly kind: "field"; readonly fieldPath: string };
