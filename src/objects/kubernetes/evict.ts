// Asks for a pod to go by the Eviction API, which keeps PodDisruptionBudgets.
import type { ObjectRef } from "../../api/meta/object.ts";
import { isStoreError } from "../object-store.ts";
import type { ApiClient } from "./api-client.ts";
import { objectPath } from "./paths.ts";

/**
 * Whether the pod of this uid goes (or is gone already). false: a disruption budget says not now.
 * Rejects with a StoreError for any other refusal.
 */
export async function evictPod(client: ApiClient, pod: ObjectRef, uid: string): Promise<boolean> {
  const { namespace, name } = pod;
  const body = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { namespace, name },
    deleteOptions: { preconditions: { uid } },
  };
  try {
    const path = objectPath(pod, "eviction");
    await client.json({ method: "POST", path, body, isAskedOnce: true });
    return true;
  } catch (error) {
    if (isStoreError(error, "TooManyRequests")) return false;
    // Gone, or another pod of the same name is there: what was to go has gone.
    if (isStoreError(error, "NotFound") || isStoreError(error, "Conflict")) return true;
    throw error;
  }
}
