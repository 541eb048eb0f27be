// Sends what a verb asks for: the status patch first (to the main resource where the server has no
// status subresource), then the rest.
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import type { CommandPatches } from "../core/rollout/commands.ts";
import type { JsonObject } from "../lib/json.ts";
import { isStoreError, type ObjectStore } from "../objects/object-store.ts";

async function patchStatus(store: ObjectStore, ref: ObjectRef, body: JsonObject): Promise<void> {
  try {
    await store.patch(ref, { type: "merge", body }, { subresource: "status" });
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
    // The object is gone, or the server's CRD has no status subresource: the main resource tells which.
    await store.patch(ref, { type: "merge", body });
  }
}

/** With `decidedFrom` the status is patched only if the object is still that one: else a Conflict. */
export async function sendPatches(
  store: ObjectStore,
  ref: ObjectRef,
  { status, main }: CommandPatches,
  options: { readonly decidedFrom?: KubeObject } = {},
): Promise<void> {
  const { resourceVersion } = options.decidedFrom?.metadata ?? {};
  const metadata = resourceVersion === undefined ? {} : { metadata: { resourceVersion } };
  if (status !== undefined) await patchStatus(store, ref, { ...status, ...metadata });
  if (main !== undefined) await store.patch(ref, { type: "merge", body: main });
}
