// Writes that the workload controllers share.
import type { Pod } from "../../api/kubernetes/pod.ts";
import { refOf } from "../../api/meta/object.ts";
import type { KubeObject, OwnerReference } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { isStoreError } from "../../objects/object-store.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { Cache } from "../../runtime/cache.ts";
import type { EventRecorder } from "../../runtime/events.ts";

/** Gives an object these owners, if it is still the version this was decided from. */
export async function setOwners<T extends KubeObject>(
  store: ObjectStore,
  object: T,
  owners: readonly OwnerReference[],
): Promise<T> {
  const { uid = "", resourceVersion = "" } = object.metadata;
  const metadata = { uid, resourceVersion, ownerReferences: owners.map((owner) => asJson(owner)) };
  return store.patch<T>(refOf(object), { type: "merge", body: { metadata } });
}

/** Deletes this very pod, with its own grace period; fine if it is gone already. */
export async function deletePod(store: ObjectStore, pod: Pod): Promise<void> {
  const { uid } = pod.metadata;
  try {
    await store.delete(refOf(pod), uid === undefined ? {} : { preconditions: { uid } });
  } catch (error) {
    if (isStoreError(error, "NotFound") || isStoreError(error, "Conflict")) return;
    throw error;
  }
}

/** Creates an owner's pod, or takes over the one an earlier pass created; told once, by whoever created it. */
export async function createPod(
  owner: KubeObject,
  pod: Pod,
  pods: Cache<Pod>,
  { store, events }: { readonly store: ObjectStore; readonly events: EventRecorder },
): Promise<void> {
  try {
    pods.remember(await store.create(pod));
  } catch (error) {
    // An earlier pass created it and the view does not show it yet; or the name is somebody else's,
    // which the view will show, and then another name is chosen.
    if (!isStoreError(error, "AlreadyExists")) throw error;
    const present = await store.get<Pod>(refOf(pod));
    if (present !== undefined) pods.remember(present);
    return;
  }
  const { name } = pod.metadata;
  await events.record(owner, {
    type: "Normal",
    reason: "SuccessfulCreate",
    message: `Created pod: ${name}`,
    cause: name,
  });
}
