// Puts the pod template of an older revision back, into the rollout or what its workloadRef names.
import type { ReplicaSet } from "../api/kubernetes/workloads.ts";
import { isControlledBy, type KubeObject, type ObjectRef } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { undo } from "../core/rollout/commands.ts";
import { isJsonObject, type Json, type JsonObject } from "../lib/json.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { CliError } from "./command.ts";
import { rolloutRef } from "./fetch-tree.ts";
import { templateHolder } from "./workload-of.ts";

export interface Restoring {
  readonly store: ObjectStore;
  readonly namespace: string;
  readonly name: string;
  /** 0 = the one before the newest. */
  readonly revision: number;
  /** Gets an object or says in its caller's words that it is not there. */
  readonly read: (store: ObjectStore, ref: ObjectRef) => Promise<KubeObject>;
  /** What the words of a refused write are to begin with, by the revision that was chosen. */
  readonly refused?: (revision: number, error: unknown) => Error;
}

function templateOf(holder: Json): Json | undefined {
  if (!isJsonObject(holder)) return undefined;
  const spec = holder["spec"];
  return holder["kind"] === "PodTemplate"
    ? holder["template"]
    : isJsonObject(spec)
      ? spec["template"]
      : undefined;
}

/** A PodTemplate has no spec around its template. */
function patchFor({ kind }: ObjectRef, patch: readonly JsonObject[]): readonly JsonObject[] {
  return kind === "PodTemplate"
    ? patch.map((operation) => ({ ...operation, path: "/template" }))
    : patch;
}

/** `alreadyThere`: the template is that of the revision, nothing was written. */
export async function restoreRevision({
  store,
  namespace,
  name,
  revision,
  read,
  refused,
}: Restoring): Promise<"restored" | "alreadyThere"> {
  const rollout = await read(store, rolloutRef(namespace, name));
  const { items } = await store.list<ReplicaSet>({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    namespace,
  });
  const ref = templateHolder(rollout);
  const holder = await read(store, ref);
  const owned = items.filter((set) => isControlledBy(set, rollout));
  const undone = undo(name, templateOf(asJson(holder)), owned, revision);
  if (!undone.ok) throw new CliError(undone.message);
  if (undone.value.kind === "alreadyThere") return "alreadyThere";
  try {
    await store.patch(ref, { type: "json", body: patchFor(ref, undone.value.jsonPatch) });
    return "restored";
  } catch (error) {
    throw refused ? refused(undone.value.revision, error) : error;
  }
}
