// The status of a Rollout as it is stored.
import { argoApiVersion } from "../../api/argo/keys.ts";
import { pruneStatus } from "../../api/argo/parse/status.ts";
import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import { diffMergePatch } from "../../lib/merge-patch.ts";
import type { ObjectStore } from "../../objects/object-store.ts";

function rolloutRef(rollout: KubeObject): ObjectRef {
  const { namespace = "", name } = rollout.metadata;
  return { apiVersion: argoApiVersion, kind: "Rollout", namespace, name };
}

const counts: readonly string[] = [
  "replicas",
  "updatedReplicas",
  "readyReplicas",
  "availableReplicas",
  "HPAReplicas",
];

function conditionsWithout(conditions: Json | undefined, isLeftOut: IsLeftOut): readonly Json[] {
  if (conditions === undefined || !isJsonArray(conditions)) return [];
  return conditions.map((condition) => {
    if (!isJsonObject(condition)) return condition;
    const kept = Object.entries(condition).filter(([field]) => !isLeftOut(condition, field));
    return Object.fromEntries(kept);
  });
}

type IsLeftOut = (condition: JsonObject, field: string) => boolean;

const isTime: IsLeftOut = (_condition, field) => field === "lastUpdateTime";
/** Which pods the rollout waits for is told in words, too, as long as it gets on. */
const isWord: IsLeftOut = (condition, field) =>
  isTime(condition, field) ||
  (condition["type"] === "Progressing" && (field === "reason" || field === "message"));

function isOnly(
  rollout: KubeObject,
  status: RolloutStatus,
  fields: readonly string[],
  isLeftOut: IsLeftOut,
): boolean {
  const stored = storedStatus(rollout);
  const wanted = pruneStatus(status);
  const { conditions, ...others } = diffMergePatch(stored, wanted);
  if (!Object.keys(others).every((name) => fields.includes(name))) return false;
  if (conditions === undefined) return true;
  const [before, after] = [stored["conditions"], wanted["conditions"]].map((list) =>
    conditionsWithout(list, isLeftOut),
  );
  return deepEqual(before, after);
}

/** Nothing is new but numbers of pods, and that there was progress. */
export function isOnlyCounts(rollout: KubeObject, status: RolloutStatus): boolean {
  return isOnly(rollout, status, counts, isTime);
}

/** Something is new, but only numbers of pods and what is said about them. */
export function isOnlyProgress(rollout: KubeObject, status: RolloutStatus): boolean {
  const isNews = Object.keys(newsOf(rollout, status)).length > 0;
  return isNews && isOnly(rollout, status, [...counts, "message"], isWord);
}

/** What has to be written, as a merge patch. */
function newsOf(rollout: KubeObject, status: RolloutStatus): JsonObject {
  return diffMergePatch(storedStatus(rollout), pruneStatus(status));
}

function storedStatus(rollout: KubeObject): JsonObject {
  return (rollout as KubeObject & { readonly status?: JsonObject }).status ?? {};
}

/**
 * Writes only what changed, and only onto the version the decision was made from: Conflict
 * otherwise. Resolves with the rollout as it is then.
 */
export async function saveStatus(
  rollout: KubeObject,
  status: RolloutStatus,
  store: ObjectStore,
): Promise<KubeObject> {
  const patch = newsOf(rollout, status);
  if (Object.keys(patch).length === 0) return rollout;
  const body = {
    metadata: { resourceVersion: rollout.metadata.resourceVersion ?? "" },
    status: patch,
  };
  return store.patch(rolloutRef(rollout), { type: "merge", body }, { subresource: "status" });
}
