// The status of a Rollout as it is stored.
import { argoApiVersion } from "../../api/argo/keys.ts";
import { pruneStatus } from "../../api/argo/parse/status.ts";
import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import { diffMergePatch } from "../../lib/merge-patch.ts";
import type { ObjectStore } from "../../objects/object-store.ts";

function rolloutRef(rollout: KubeObject): ObjectRef {
  const { namespace = "", name } = rollout.metadata;
  return { apiVersion: argoApiVersion, kind: "Rollout", namespace, name };
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
  const stored = (rollout as KubeObject & { readonly status?: JsonObject }).status ?? {};
  const patch = diffMergePatch(stored, pruneStatus(status));
  if (Object.keys(patch).length === 0) return rollout;
  const body = {
    metadata: { resourceVersion: rollout.metadata.resourceVersion ?? "" },
    status: patch,
  };
  return store.patch(rolloutRef(rollout), { type: "merge", body }, { subresource: "status" });
}
