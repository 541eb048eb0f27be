// How Argo CD judges a Rollout, as publicly known: by what it reads of the object, first of its
// conditions and numbers, as it always did, and second of status.phase, as Rollouts' users know it.
// Both must say of our status what is so.
import { isJsonObject, type Json, type JsonObject } from "../../src/lib/json.ts";

export type Health = "Healthy" | "Degraded" | "Progressing" | "Suspended";

/** Lua's tonumber: what is no number is nothing. */
function toNumber(value: Json | undefined): number | undefined {
  if (typeof value === "number") return value;
  const isNumeral = typeof value === "string" && /^\s*\d+\s*$/.test(value);
  return isNumeral ? Number(value) : undefined;
}

function objectAt(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** A controller that knows no generations, or one ahead of it, counts as having seen it. */
function isObserved({ metadata, status }: JsonObject): boolean {
  const generation = toNumber(objectAt(metadata)["generation"]) ?? 0;
  const observed = toNumber(objectAt(status)["observedGeneration"]);
  return observed === undefined || observed > generation || observed === generation;
}

function conditionsOf(status: JsonObject): readonly JsonObject[] {
  const { conditions } = status;
  return Array.isArray(conditions) ? conditions.filter(isJsonObject) : [];
}

function isBroken(status: JsonObject): boolean {
  const broken = ["RolloutAborted", "ProgressDeadlineExceeded"];
  return conditionsOf(status).some(
    ({ type, reason }) =>
      type === "InvalidSpec" || (type === "Progressing" && broken.some((one) => one === reason)),
  );
}

function isPaused(spec: JsonObject, { pauseConditions }: JsonObject): boolean {
  return (Array.isArray(pauseConditions) && pauseConditions.length > 0) || spec["paused"] === true;
}

function numberAt(object: JsonObject, name: string, otherwise = 0): number {
  return toNumber(object[name]) ?? otherwise;
}

function isReplaced(spec: JsonObject, status: JsonObject): boolean {
  const updated = numberAt(status, "updatedReplicas");
  const available = numberAt(status, "availableReplicas");
  const isUpdated = updated >= numberAt(spec, "replicas", 1) && available >= updated;
  const { blueGreen } = objectAt(spec["strategy"]);
  // Of a canary no old pod may be left; of blue-green, the old ones stay for a while.
  const isAlone = blueGreen !== undefined || numberAt(status, "replicas") <= updated;
  const served =
    blueGreen === undefined ? status["stableRS"] : objectAt(status["blueGreen"])["activeSelector"];
  return isUpdated && isAlone && served === status["currentPodHash"];
}

/** The rule of conditions and numbers. */
export function healthByConditions(rollout: JsonObject): Health {
  const spec = objectAt(rollout["spec"]);
  const status = objectAt(rollout["status"]);
  if (!isObserved(rollout)) return "Progressing";
  if (isBroken(status)) return "Degraded";
  if (isPaused(spec, status)) return "Suspended";
  if (status["currentPodHash"] === undefined) return "Progressing";
  return isReplaced(spec, status) ? "Healthy" : "Progressing";
}

const healthOfPhase: Readonly<Record<string, Health>> = {
  Healthy: "Healthy",
  Degraded: "Degraded",
  Progressing: "Progressing",
  Paused: "Suspended",
};

/** The rule of the phase. Throws for a phase Argo CD does not know. */
export function healthByPhase(rollout: JsonObject): Health {
  const { phase } = objectAt(rollout["status"]);
  if (!isObserved(rollout) || phase === undefined) return "Progressing";
  const health = typeof phase === "string" ? healthOfPhase[phase] : undefined;
  if (health === undefined) throw new Error(`Argo CD knows no phase ${JSON.stringify(phase)}`);
  return health;
}
