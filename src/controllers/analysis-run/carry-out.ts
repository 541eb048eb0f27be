import type { AnalysisRun, AnalysisRunStatus } from "../../api/argo/analysis.ts";
import { refOf } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import type { JsonObject } from "../../lib/json.ts";
import { diffMergePatch } from "../../lib/merge-patch.ts";
import { isStoreError, type ObjectStore } from "../../objects/object-store.ts";

async function patchStatus(
  run: AnalysisRun,
  patch: JsonObject,
  store: ObjectStore,
): Promise<AnalysisRun> {
  const { resourceVersion } = run.metadata;
  const metadata = resourceVersion === undefined ? {} : { metadata: { resourceVersion } };
  return store.patch<AnalysisRun>(refOf(run), {
    type: "merge",
    body: { ...metadata, status: patch },
  });
}

/** A list, because a store in front of caches answers `get` with what they know. */
async function readAgain(run: AnalysisRun, store: ObjectStore): Promise<AnalysisRun | undefined> {
  const { apiVersion, kind, namespace, name } = refOf(run);
  const fieldSelector = { "metadata.name": name };
  const { items } = await store.list<AnalysisRun>({ apiVersion, kind, namespace, fieldSelector });
  return items[0];
}

/**
 * Writes the status if it changed. AnalysisRuns have no status subresource, so somebody else's
 * change of the spec (a request to terminate) is also a new version: what was measured meanwhile
 * is kept as long as nobody else wrote the status. Resolves with the run as it now is; undefined if it is gone.
 */
export async function saveStatus(
  run: AnalysisRun,
  status: AnalysisRunStatus,
  store: ObjectStore,
): Promise<AnalysisRun | undefined> {
  const patch = diffMergePatch(asJson(run.status ?? {}), asJson(status));
  // The first pass of a run writes a status even if it is empty of news: people see it was taken up.
  if (run.status !== undefined && Object.keys(patch).length === 0) return run;
  try {
    return await patchStatus(run, patch, store);
  } catch (error) {
    if (isStoreError(error, "NotFound")) return undefined;
    if (!isStoreError(error, "Conflict")) throw error;
    const current = await readAgain(run, store);
    if (current === undefined) return undefined;
    const isSameRun = current.metadata.uid === run.metadata.uid;
    if (!isSameRun || !deepEqual(current.status ?? {}, run.status ?? {})) throw error;
    return patchStatus(current, patch, store);
  }
}

/** Deletes exactly this run; gone already is as good. */
export async function deleteRun(run: AnalysisRun, store: ObjectStore): Promise<void> {
  const { uid } = run.metadata;
  const preconditions = uid === undefined ? {} : { preconditions: { uid } };
  try {
    await store.delete(refOf(run), { ...preconditions, propagation: "Background" });
  } catch (error) {
    if (!isStoreError(error, "NotFound") && !isStoreError(error, "Conflict")) throw error;
  }
}
