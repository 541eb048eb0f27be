import { workloadGenerationAnnotation } from "../../api/argo/keys.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";

function at(parent: Json | undefined, ...keys: readonly string[]): Json {
  let value: Json | undefined = parent;
  for (const key of keys) value = isJsonObject(value) ? value[key] : undefined;
  return value ?? null;
}

/** A full promotion is meant for a version, wherever it stands; the others for one step and pause of it. */
function targetOf({ metadata, spec, status }: JsonObject, isFull: boolean): JsonObject {
  const place = {
    step: at(status, "currentStepIndex"),
    pauses: at(status, "pauseConditions"),
  };
  return {
    uid: at(metadata, "uid"),
    template: at(spec, "template"),
    workloadRef: at(spec, "workloadRef"),
    workload: at(metadata, "annotations", workloadGenerationAnnotation),
    strategy: at(spec, "strategy"),
    version: at(status, "currentPodHash"),
    stable: at(status, "stableRS"),
    ...(isFull ? {} : place),
  };
}

/**
 * Whether a promote that was meant for the rollout as it was `seen` may be carried out on it as it is
 * `now`: the same version, unless it is a full one at the same step and pause. Replicas and conditions
 * may have changed.
 */
export function isSameTarget(seen: JsonObject, now: JsonObject, isFull: boolean): boolean {
  return deepEqual(targetOf(seen, isFull), targetOf(now, isFull));
}
