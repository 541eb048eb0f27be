import {
  pauseReasons,
  rolloutConditionTypes,
  rolloutPhases,
} from "../../api/argo/rollout-status.ts";
import type {
  PauseCondition,
  RolloutCondition,
  RolloutPhase,
  RolloutStatus,
} from "../../api/argo/rollout-status.ts";
import { workloadGenerationAnnotation } from "../../api/argo/keys.ts";
import { analysisPhases, isAnalysisCompleted } from "../../api/argo/analysis.ts";
import { isJsonArray, isJsonObject } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";

// The phase and message people read first (§2.12): the controller's rules, and what a client adds.

/** The part of a status the rules look at. */
export type PhaseStatus = Pick<
  RolloutStatus,
  | "conditions"
  | "pauseConditions"
  | "updatedReplicas"
  | "availableReplicas"
  | "replicas"
  | "restartedAt"
  | "stableRS"
  | "currentPodHash"
  | "blueGreen"
  | "canary"
>;

export interface PhaseView {
  readonly phase: RolloutPhase;
  readonly message: string;
}

/** What the rules look at; both a parsed Rollout and a manifest can say it. */
export interface PhaseInput {
  readonly n: number;
  readonly isPaused: boolean;
  /** spec.restartAt as status.restartedAt would repeat it. */
  readonly restartAt: string | undefined;
  readonly strategy: "blueGreen" | "canary";
  readonly isRouted: boolean;
  readonly hasPostPromotionAnalysis: boolean;
  /** Why the rollout is held, if something unusual holds it. */
  readonly held: string | undefined;
  /** What the first pause waits for, if there is more to say than its reason. */
  readonly pauseText?: string | undefined;
  readonly status: PhaseStatus;
}

const progressing = (message: string): PhaseView => ({ phase: "Progressing", message });

function degraded(status: PhaseStatus): PhaseView | undefined {
  for (const { type, reason, message } of status.conditions ?? []) {
    if (type === "InvalidSpec") return { phase: "Degraded", message: `${type}: ${message}` };
    if (reason === "RolloutAborted" || reason === "ProgressDeadlineExceeded") {
      return { phase: "Degraded", message: `${reason}: ${message}` };
    }
  }
  return undefined;
}

/** Argo's message is the reason alone. */
export function pauseMessage(reason: string, text: string | undefined): string {
  return text === undefined ? reason : `${reason}: ${text}`;
}

function paused({ isPaused, status, pauseText }: PhaseInput): PhaseView | undefined {
  if (isPaused) return { phase: "Paused", message: "manually paused" };
  const first = status.pauseConditions?.[0];
  if (first === undefined) return undefined;
  return { phase: "Paused", message: pauseMessage(first.reason, pauseText) };
}

function replicasMessage({ n, status, restartAt, held }: PhaseInput): string | undefined {
  const updated = status.updatedReplicas ?? 0;
  if (restartAt !== undefined && restartAt !== status.restartedAt) return "rollout is restarting";
  if (held !== undefined) return held;
  if (updated < n) return "more replicas need to be updated";
  return (status.availableReplicas ?? 0) < updated
    ? "updated replicas are still becoming available"
    : undefined;
}

function isPromoted(status: PhaseStatus): boolean {
  return (status.stableRS ?? "") !== "" && status.stableRS === status.currentPodHash;
}

function blueGreenMessage({ status, hasPostPromotionAnalysis }: PhaseInput): string | undefined {
  const active = status.blueGreen?.activeSelector ?? "";
  if (active === "" || active !== status.currentPodHash) return "active service cutover pending";
  if (isPromoted(status)) return undefined;
  const run = status.blueGreen?.postPromotionAnalysisRunStatus?.status;
  return hasPostPromotionAnalysis && !isAnalysisCompleted(run)
    ? "waiting for analysis to complete"
    : "waiting for post-promotion verification to complete";
}

/** Promoted is not yet arrived: users have to be there too. */
function trafficMessage({ canary, currentPodHash }: PhaseStatus): string | undefined {
  const weights = canary?.weights;
  if (weights === undefined) return undefined;
  const isElsewhere =
    weights.canary.weight > 0 && weights.canary.podTemplateHash !== currentPodHash;
  if (isElsewhere) return "waiting for all traffic to return to stable";
  return weights.verified === false ? "waiting for traffic weights to be verified" : undefined;
}

function canaryMessage({ status, isRouted }: PhaseInput): string | undefined {
  if (!isRouted && (status.replicas ?? 0) > (status.updatedReplicas ?? 0)) {
    return "old replicas are pending termination";
  }
  return isPromoted(status) ? trafficMessage(status) : "waiting for all steps to complete";
}

/** The controller's rules: the first that applies. */
export function phaseOf(input: PhaseInput): PhaseView {
  const special = degraded(input.status) ?? paused(input);
  if (special !== undefined) return special;
  const strategyMessage = input.strategy === "blueGreen" ? blueGreenMessage : canaryMessage;
  const message = replicasMessage(input) ?? strategyMessage(input);
  return message === undefined ? { phase: "Healthy", message: "" } : progressing(message);
}

function objectAt(parent: Json | undefined, key: string): JsonObject {
  const value = isJsonObject(parent) ? parent[key] : undefined;
  return isJsonObject(value) ? value : {};
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function count(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function objectsAt(parent: JsonObject, key: string): readonly JsonObject[] {
  const value = parent[key];
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

function conditionsAt(status: JsonObject): readonly RolloutCondition[] {
  return objectsAt(status, "conditions").flatMap((condition): readonly RolloutCondition[] => {
    const type = rolloutConditionTypes.find((name) => name === condition["type"]);
    const at = { lastUpdateTime: "", lastTransitionTime: "" };
    const reason = text(condition["reason"]) ?? "";
    const message = text(condition["message"]) ?? "";
    return type === undefined ? [] : [{ type, status: "Unknown", ...at, reason, message }];
  });
}

function pausesAt(status: JsonObject): readonly PauseCondition[] {
  return objectsAt(status, "pauseConditions").flatMap((condition): readonly PauseCondition[] => {
    const reason = pauseReasons.find((name) => name === condition["reason"]);
    return reason === undefined ? [] : [{ reason, startTime: text(condition["startTime"]) ?? "" }];
  });
}

/** Whatever has the wrong type counts as absent. */
function statusView(status: JsonObject): PhaseStatus {
  const blueGreen = objectAt(status, "blueGreen");
  const run = objectAt(blueGreen, "postPromotionAnalysisRunStatus");
  const phase = analysisPhases.find((name) => name === run["status"]);
  return {
    conditions: conditionsAt(status),
    pauseConditions: pausesAt(status),
    updatedReplicas: count(status["updatedReplicas"]) ?? 0,
    availableReplicas: count(status["availableReplicas"]) ?? 0,
    replicas: count(status["replicas"]) ?? 0,
    restartedAt: text(status["restartedAt"]) ?? "",
    stableRS: text(status["stableRS"]) ?? "",
    currentPodHash: text(status["currentPodHash"]) ?? "",
    blueGreen: {
      activeSelector: text(blueGreen["activeSelector"]) ?? "",
      postPromotionAnalysisRunStatus: { name: text(run["name"]) ?? "", status: phase ?? "" },
    },
  };
}

function controllersView(manifest: JsonObject): PhaseView {
  const spec = objectAt(manifest, "spec");
  const strategy = objectAt(spec, "strategy");
  const canary = objectAt(strategy, "canary");
  return phaseOf({
    n: count(spec["replicas"]) ?? 1,
    isPaused: spec["paused"] === true,
    restartAt: text(spec["restartAt"]),
    strategy: isJsonObject(strategy["blueGreen"]) ? "blueGreen" : "canary",
    isRouted: isJsonObject(canary["trafficRouting"]),
    hasPostPromotionAnalysis: isJsonObject(
      objectAt(strategy, "blueGreen")["postPromotionAnalysis"],
    ),
    held: undefined,
    status: statusView(objectAt(manifest, "status")),
  });
}

function isGenerationUnseen(manifest: JsonObject): boolean {
  const observed = text(objectAt(manifest, "status")["observedGeneration"]);
  const generation = count(objectAt(manifest, "metadata")["generation"]) ?? 0;
  return observed !== undefined && /^\d+$/.test(observed) && Number(observed) < generation;
}

function isWorkloadUnseen(manifest: JsonObject): boolean {
  if (!isJsonObject(objectAt(manifest, "spec")["workloadRef"])) return false;
  const annotations = objectAt(objectAt(manifest, "metadata"), "annotations");
  const wanted = text(annotations[workloadGenerationAnnotation]) ?? "";
  return (text(objectAt(manifest, "status")["workloadObservedGeneration"]) ?? "") !== wanted;
}

/** Somebody has retried it (abort is false, or taken away); the rest is still of the attempt before. */
function isRetryUnseen({ phase, message, abort, abortedAt }: JsonObject): boolean {
  const isAborted = phase === "Degraded" && (text(message) ?? "").startsWith("RolloutAborted");
  return isAborted && (abort === false || (abort === undefined && abortedAt !== undefined));
}

/**
 * Phase and message of a stored Rollout as a client shows them: what the controller has not seen
 * yet comes first, then status.phase, and the controller's own rules if it has written none.
 */
export function clientPhase(manifest: JsonObject): PhaseView {
  const status = objectAt(manifest, "status");
  const hasPauses = objectsAt(status, "pauseConditions").length > 0;
  if (isGenerationUnseen(manifest))
    return progressing("waiting for rollout spec update to be observed");
  if (status["controllerPause"] === true && !hasPauses)
    return progressing("waiting for rollout to unpause");
  if (isRetryUnseen(status)) return progressing("waiting for rollout to be retried");
  if (isWorkloadUnseen(manifest)) {
    return progressing("waiting for rollout spec update to be observed for the reference workload");
  }
  const phase = text(status["phase"]);
  const known = rolloutPhases.find((name) => name === phase);
  return known === undefined
    ? controllersView(manifest)
    : { phase: known, message: text(status["message"]) ?? "" };
}
