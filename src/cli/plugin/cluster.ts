// The frame of the plugin's verbs: connect, work, close whatever happens. Errors keep the words of
// the API server, as scripts know them.
import { argoApiVersion } from "../../api/argo/keys.ts";
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import type { CommandPatches } from "../../core/rollout/commands.ts";
import type { JsonObject } from "../../lib/json.ts";
import { isStoreError, StoreError, type ObjectStore } from "../../objects/object-store.ts";
import type { Connection } from "../command.ts";
import { qualifiedPlural } from "../must-exist.ts";
import type { PluginCall } from "./plugin-command.ts";

export async function inCluster<T>(
  call: PluginCall,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await call.cli.connect(call.options);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

export type ArgoKind = "Rollout" | "Experiment" | "AnalysisRun";

export function argoRef(kind: ArgoKind, namespace: string, name: string): ObjectRef {
  return { apiVersion: argoApiVersion, kind, namespace, name };
}

function notFound(resource: string, name: string): StoreError {
  return new StoreError("NotFound", `${resource} "${name}" not found`);
}

/** Or the server's words: `rollouts.argoproj.io "shop" not found`. */
export async function read(store: ObjectStore, ref: ObjectRef): Promise<KubeObject> {
  const object = await store.get(ref);
  if (object === undefined) throw notFound(qualifiedPlural(ref), ref.name);
  return object;
}

/** Or the words of a client's cache, which know the singular only: `rollout.argoproj.io "shop" not found`. */
export async function readCached(store: ObjectStore, ref: ObjectRef): Promise<KubeObject> {
  const object = await store.get(ref);
  const [group = ""] = ref.apiVersion.split("/");
  if (object === undefined) throw notFound(`${ref.kind.toLowerCase()}.${group}`, ref.name);
  return object;
}

/**
 * Status first; where there is no status subresource, everything in one patch to the object itself. With
 * `decidedFrom` the first patch goes to that version of the object only: else a Conflict.
 */
export async function sendPatches(
  store: ObjectStore,
  ref: ObjectRef,
  { status, main }: CommandPatches,
  decidedFrom?: KubeObject,
): Promise<void> {
  const { resourceVersion } = decidedFrom?.metadata ?? {};
  const atVersion = (body: JsonObject): JsonObject =>
    resourceVersion === undefined ? body : { ...body, metadata: { resourceVersion } };
  const send = async (body: JsonObject): Promise<unknown> =>
    store.patch(ref, { type: "merge", body });
  if (status !== undefined) {
    try {
      const body = atVersion(status);
      await store.patch(ref, { type: "merge", body }, { subresource: "status" });
    } catch (error) {
      if (!isStoreError(error, "NotFound")) throw error;
      await send(atVersion({ ...main, ...status }));
      return;
    }
    if (main !== undefined) await send(main);
    return;
  }
  if (main !== undefined) await send(atVersion(main));
}
