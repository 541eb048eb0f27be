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
  described,
  int32,
  int64,
  list,
  object,
  oneOf,
  openObject,
  text,
} from "./schema.ts";

const recordedRun = object(
  {
    name: described(text, "Name of the AnalysisRun."),
    status: described(oneOf(analysisPhases), "Its phase."),
    message: described(text, "Why it is in this phase."),
  },
  ["name", "status"],
);

const weightDestination = object(
  {
    weight: described(int32, "Its share of the traffic."),
    serviceName: described(text, "The Service that leads to it."),
    podTemplateHash: described(text, "Whose pods they are."),
  },
  ["weight"],
);

const stepPluginStatus = object(
  {
    index: described(int32, "Index of the step; the first is 0."),
    name: described(text, "Name of the plugin."),
    operation: described(oneOf(["Run", "Terminate", "Abort"]), "What it was last asked to do."),
    phase: described(oneOf(["Running", "Successful", "Failed", "Error"]), "What came of it."),
    message: described(text, "Why."),
    startedAt: described(dateTime, "When the operation began."),
    updatedAt: described(dateTime, "When it was last looked at."),
    finishedAt: described(dateTime, "When it ended."),
    backoff: described(text, "How long to wait before it is asked again."),
    executions: described(int32, "How often it was asked."),
    disabled: described(bool, "Whether the plugin is switched off; then the step passes."),
    status: described(any, "What the plugin wants to remember."),
  },
  ["index", "name", "operation"],
);

const weights = object(
  {
    canary: described(weightDestination, "The new version's share."),
    stable: described(weightDestination, "The stable version's share."),
    additional: described(list(weightDestination), "Shares of experiments."),
    verified: described(bool, "Whether the data plane has confirmed the weights."),
  },
  ["canary", "stable"],
);

const canaryStatus = object({
  currentStepAnalysisRunStatus: described(recordedRun, "The AnalysisRun of the current step."),
  currentBackgroundAnalysisRunStatus: described(recordedRun, "The AnalysisRun beside the steps."),
  currentExperiment: described(text, "Name of the Experiment of the current step."),
  weights: described(weights, "The traffic's weights; only with trafficRouting."),
  stablePingPong: described(
    oneOf(["ping", "pong"]),
    "Which of the two Services leads to the stable version.",
  ),
  stepPluginStatuses: described(list(stepPluginStatus), "How far the plugins' steps are."),
});

const blueGreenStatus = object({
  previewSelector: described(text, "The pod-template hash that the preview Service selects."),
  activeSelector: described(text, "The pod-template hash that the active Service selects."),
  scaleUpPreviewCheckPoint: described(
    bool,
    "Whether the new version was complete at previewReplicaCount and now grows to full size.",
  ),
  prePromotionAnalysisRunStatus: described(recordedRun, "The AnalysisRun before the switch."),
  postPromotionAnalysisRunStatus: described(recordedRun, "The AnalysisRun after the switch."),
});

export const pauseConditionSchema = object(
  {
    reason: described(oneOf(pauseReasons), "Why it is paused."),
    startTime: described(dateTime, "Since when."),
  },
  ["reason", "startTime"],
);

export const rolloutConditionSchema = object(
  {
    type: described(oneOf(rolloutConditionTypes), "What the condition is about."),
    status: described(oneOf(["True", "False", "Unknown"]), "True, False or Unknown."),
    lastUpdateTime: described(dateTime, "When it was last written."),
    lastTransitionTime: described(dateTime, "When its status last changed."),
    reason: described(text, "Why, in one word for programs."),
    message: described(text, "Why, for people."),
  },
  ["type", "status", "lastUpdateTime", "lastTransitionTime", "reason", "message"],
);

const albStatus = openObject({
  loadBalancer: described(any, "The load balancer: name, arn, fullName."),
  canaryTargetGroup: described(any, "The canary's target group: name, arn, fullName."),
  stableTargetGroup: described(any, "The stable version's target group: name, arn, fullName."),
  ingress: described(text, "Name of the Ingress it belongs to."),
});

const duration = object({
  rolloutStartedAt: described(dateTime, "When this attempt began."),
  manualPauseStartedAt: described(dateTime, "Since when it waits for a person."),
  totalManualPauseDurationSeconds: described(int64, "How long it has waited for people so far."),
  finishedAt: described(dateTime, "When the attempt ended."),
  completionStatus: described(oneOf(completionStatuses), "How it ended."),
});

export const rolloutStatusSchema = object({
  observedGeneration: described(text, "The metadata.generation this status was made from."),
  phase: described(oneOf(rolloutPhases), "Healthy, Progressing, Paused or Degraded."),
  message: described(text, "Why it is in this phase; empty when Healthy."),
  conditions: described(list(rolloutConditionSchema), "What is true of it, in detail."),
  pauseConditions: described(
    list(pauseConditionSchema),
    "Why it waits; taking them away lets it go on.",
  ),
  controllerPause: described(bool, "Whether the controller paused it."),
  abort: described(bool, "Set by people or the controller: go back to stable."),
  abortedAt: described(dateTime, "When the abort was first seen."),
  promoteFull: described(bool, "Set by people: skip what is left of steps, pauses and analyses."),
  currentPodHash: described(text, "The pod-template hash of the wanted version."),
  stableRS: described(text, "The pod-template hash of the version that was last promoted."),
  currentStepIndex: described(int32, "The step it is at, the first is 0; their number when done."),
  currentStepHash: described(text, "Tells one list of steps from another."),
  replicas: described(int32, "Pods of all versions."),
  updatedReplicas: described(int32, "Pods of the wanted version."),
  readyReplicas: described(int32, "Pods that are ready."),
  availableReplicas: described(int32, "Pods that have been ready for minReadySeconds."),
  HPAReplicas: described(int32, "The pods an autoscaler counts."),
  selector: described(text, "Which pods an autoscaler looks at."),
  blueGreen: described(blueGreenStatus, "How far a blue-green update is."),
  canary: described(canaryStatus, "How far a canary update is."),
  alb: described(albStatus, "The AWS load balancer that was last verified."),
  albs: described(list(albStatus), "The AWS load balancers, one per Ingress."),
  restartedAt: described(dateTime, "The restartAt that has been carried out."),
  workloadObservedGeneration: described(
    text,
    "The generation of the referenced workload this status was made from.",
  ),
  collisionCount: described(int32, "How often a ReplicaSet's name was already taken."),
  duration: described(duration, "How long the current or last update took."),
});
