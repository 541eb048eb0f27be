import { workloadGenerationAnnotation } from "../../api/argo/keys.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";

function at(parent: Json | undefined, ...keys: readonly string[]): Json {
  let value: Json | undefined = parent;
  for (const key of keys) value = isJsonObject(value) ? value[key] : undefined;
  return value ?? null;
}

function targetOf({ metadata, spec, status }: JsonObject): JsonObject {
  return {
    uid: at(metadata, "uid"),
    template: at(spec, "template"),
    workloadRef: at(spec, "workloadRef"),
    workload: at(metadata, "annotations", workloadGenerationAnnotation),
    strategy: at(spec, "strategy"),
    version: at(status, "currentPodHash"),
    step: at(status, "currentStepIndex"),
    pauses: at(status, "pauseConditions"),
    stable: at(status, "stableRS"),
  };
}

/**
 * Whether a promote that was meant for the rollout as it was `seen` may be carried out on it as it is
 * `now`: the same version at the same step and pause. Replicas and conditions may have changed.
 */
export function isSameTarget(seen: JsonObject, now: JsonObject): boolean {
  return deepEqual(targetOf(seen), targetOf(now));
}
