// Schema of Rollout.status (argo-rollouts.md §1.4). Closed sets of words are ours to check when a
// status is read, not the CRD's: a word of a later Argo must not make a Rollout unreadable.
import { analysisPhases } from "../argo/analysis.ts";
import {
  completionStatuses,
  pauseReasons,
  rolloutConditionTypes,
  rolloutPhases,
} from "../argo/rollout-status.ts";
import {
  any,
  bool,
  dateTime,
  int32,
  int64,
  list,
  object,
  oneOf,
  openObject,
  text,
} from "./schema.ts";

const recordedRun = object({ name: text, status: oneOf(analysisPhases), message: text }, [
  "name",
  "status",
]);

const weightDestination = object({ weight: int32, serviceName: text, podTemplateHash: text }, [
  "weight",
]);

const stepPluginStatus = object(
  {
    index: int32,
    name: text,
    operation: oneOf(["Run", "Terminate", "Abort"]),
    phase: oneOf(["Running", "Successful", "Failed", "Error"]),
    message: text,
    startedAt: dateTime,
    updatedAt: dateTime,
    finishedAt: dateTime,
    backoff: text,
    executions: int32,
    disabled: bool,
    status: any,
  },
  ["index", "name", "operation"],
);

const canaryStatus = object({
  currentStepAnalysisRunStatus: recordedRun,
  currentBackgroundAnalysisRunStatus: recordedRun,
  currentExperiment: text,
  weights: object(
    {
      canary: weightDestination,
      stable: weightDestination,
      additional: list(weightDestination),
      verified: bool,
    },
    ["canary", "stable"],
  ),
  stablePingPong: oneOf(["ping", "pong"]),
  stepPluginStatuses: list(stepPluginStatus),
});

const blueGreenStatus = object({
  previewSelector: text,
  activeSelector: text,
  scaleUpPreviewCheckPoint: bool,
  prePromotionAnalysisRunStatus: recordedRun,
  postPromotionAnalysisRunStatus: recordedRun,
});

export const pauseConditionSchema = object({ reason: oneOf(pauseReasons), startTime: dateTime }, [
  "reason",
  "startTime",
]);

export const rolloutConditionSchema = object(
  {
    type: oneOf(rolloutConditionTypes),
    status: oneOf(["True", "False", "Unknown"]),
    lastUpdateTime: dateTime,
    lastTransitionTime: dateTime,
    reason: text,
    message: text,
  },
  ["type", "status", "lastUpdateTime", "lastTransitionTime", "reason", "message"],
);

const albStatus = openObject({
  loadBalancer: any,
  canaryTargetGroup: any,
  stableTargetGroup: any,
  ingress: text,
});

export const rolloutStatusSchema = object({
  observedGeneration: text,
  phase: oneOf(rolloutPhases),
  message: text,
  conditions: list(rolloutConditionSchema),
  pauseConditions: list(pauseConditionSchema),
  controllerPause: bool,
  abort: bool,
  abortedAt: dateTime,
  promoteFull: bool,
  currentPodHash: text,
  stableRS: text,
  currentStepIndex: int32,
  currentStepHash: text,
  replicas: int32,
  updatedReplicas: int32,
  readyReplicas: int32,
  availableReplicas: int32,
  HPAReplicas: int32,
  selector: text,
  blueGreen: blueGreenStatus,
  canary: canaryStatus,
  alb: albStatus,
  albs: list(albStatus),
  restartedAt: dateTime,
  workloadObservedGeneration: text,
  collisionCount: int32,
  duration: object({
    rolloutStartedAt: dateTime,
    manualPauseStartedAt: dateTime,
    totalManualPauseDurationSeconds: int64,
    finishedAt: dateTime,
    completionStatus: oneOf(completionStatuses),
  }),
});
