// Server-side apply of manifests, told as kubectl tells it: created, configured, unchanged.
import { refOf, type KubeObject, type ObjectRef } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { resourceTypeOf } from "../api/resources.ts";
import { deepEqual } from "../lib/deep-equal.ts";
import { isJsonObject, type Json, type JsonObject } from "../lib/json.ts";
import { isStoreError, type ObjectStore, type StoreError } from "../objects/object-store.ts";
import { keepingSplit } from "./keep-split.ts";
import { placeOf, type Manifest } from "./read-manifests.ts";

export const cliFieldManager = "haldane";
const mostTries = 5;

export type ApplyResult = "created" | "configured" | "unchanged";

/** `rollout.argoproj.io/shop`, `service/shop` */
export function qualifiedName(object: KubeObject): string {
  const type = resourceTypeOf(object.apiVersion, object.kind);
  const kind = type?.singular ?? object.kind.toLowerCase();
  return `${type === undefined || type.group === "" ? kind : `${kind}.${type.group}`}/${object.metadata.name}`;
}

function withNamespace(object: KubeObject, namespace: string): KubeObject {
  const isNamespaced = resourceTypeOf(object.apiVersion, object.kind)?.namespaced === true;
  if (!isNamespaced || object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

// ---- conflicts -------------------------------------------------------------------------------

interface FieldConflict {
  readonly manager: string;
  readonly field: string;
}

function fieldConflicts({ details }: StoreError): readonly FieldConflict[] {
  const causes: Json | undefined = isJsonObject(details) ? details["causes"] : undefined;
  const list = Array.isArray(causes) ? (causes as readonly Json[]) : [];
  return list.flatMap((cause) => {
    if (!isJsonObject(cause) || cause["reason"] !== "FieldManagerConflict") return [];
    const { message, field } = cause;
    const [, manager = "?"] = /"([^"]*)"/.exec(typeof message === "string" ? message : "") ?? [];
    return [{ manager, field: typeof field === "string" ? field : "?" }];
  });
}

/** What `haldane set image` wrote is ours: the file is the later word of the same person. */
function areOurs(conflicts: readonly FieldConflict[]): boolean {
  return conflicts.length > 0 && conflicts.every(({ manager }) => manager === cliFieldManager);
}

function sayConflicts(conflicts: readonly FieldConflict[]): string {
  const fields = conflicts.map(({ manager, field }) => `${field.replace(/^\./, "")} (${manager})`);
  return `others have set fields to other values: ${fields.join(", ")}; take their values into the file, or overwrite them with --force-conflicts`;
}

// ---- one object ------------------------------------------------------------------------------

interface Asked {
  readonly object: KubeObject;
  readonly ref: ObjectRef;
  readonly isForced: boolean;
}

async function send(
  store: ObjectStore,
  { object, ref }: Asked,
  force: boolean,
): Promise<KubeObject> {
  return store.patch(ref, {
    type: "apply",
    body: asJson(object),
    fieldManager: cliFieldManager,
    force,
  });
}

async function sendTakingOurs(store: ObjectStore, asked: Asked): Promise<KubeObject> {
  try {
    return await send(store, asked, asked.isForced);
  } catch (error) {
    if (!isStoreError(error, "Conflict") || !areOurs(fieldConflicts(error))) throw error;
    return send(store, asked, true);
  }
}

/** Live values are only worth keeping as long as they live: then the write is bound to that version. */
async function applyOver(store: ObjectStore, asked: Asked, live: KubeObject): Promise<KubeObject> {
  const kept = await keepingSplit(asked.object, live, store);
  if (kept === asked.object) return sendTakingOurs(store, asked);
  const { resourceVersion } = live.metadata;
  const bound = {
    ...kept,
    metadata: { ...kept.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  };
  return send(store, { ...asked, object: bound }, true);
}

/** Who manages which field may change while nothing of the object does. */
function asSaid({ metadata, ...rest }: KubeObject): JsonObject {
  const { resourceVersion: _resourceVersion, managedFields: _managedFields, ...said } = metadata;
  return asJson({ ...rest, metadata: said });
}

async function applyOne(store: ObjectStore, asked: Asked): Promise<ApplyResult> {
  for (let tries = 1; ; tries += 1) {
    const live = await store.get(asked.ref);
    try {
      const applied = live
        ? await applyOver(store, asked, live)
        : await sendTakingOurs(store, asked);
      if (!live) return "created";
      return deepEqual(asSaid(live), asSaid(applied)) ? "unchanged" : "configured";
    } catch (error) {
      const hasMoved = isStoreError(error, "Conflict") && fieldConflicts(error).length === 0;
      if (!hasMoved || tries === mostTries) throw error;
    }
  }
}

// ---- all of them -----------------------------------------------------------------------------

const workloads = [
  "Rollout",
  "Experiment",
  "AnalysisRun",
  "Deployment",
  "ReplicaSet",
  "Pod",
  "Job",
];

/** What others live in or refer to goes first; else the order written. */
export function inOrderOfNeed(manifests: readonly Manifest[]): readonly Manifest[] {
  const rank = ({ object: { kind } }: Manifest): number =>
    kind === "Namespace" ? 0 : workloads.includes(kind) ? 2 : 1;
  return manifests.toSorted((a, b) => rank(a) - rank(b));
}

export interface ApplyOptions {
  readonly store: ObjectStore;
  readonly namespace: string;
  readonly isForced: boolean;
  readonly report: (line: string) => void;
  /** What an object was refused for, with its file and line. */
  readonly refuse: (text: string) => void;
}

function refusalOf({ document }: Manifest, object: KubeObject, error: StoreError): string {
  const conflicts = fieldConflicts(error);
  const problem = conflicts.length === 0 ? error.message : sayConflicts(conflicts);
  return `${placeOf(document)}: ${qualifiedName(object)}: ${problem}`;
}

function isAboutTheServer({ reason }: StoreError): boolean {
  return reason === "ServiceUnavailable" || reason === "Timeout" || reason === "Unauthorized";
}

/** Applies each object, going on after a refused one. Whether none was refused. */
export async function applyManifests(
  manifests: readonly Manifest[],
  options: ApplyOptions,
): Promise<boolean> {
  let isAllApplied = true;
  for (const manifest of inOrderOfNeed(manifests)) {
    const object = withNamespace(manifest.object, options.namespace);
    try {
      const result = await applyOne(options.store, {
        object,
        ref: refOf(object),
        isForced: options.isForced,
      });
      options.report(`${qualifiedName(object)} ${result}`);
    } catch (error) {
      if (!isStoreError(error) || isAboutTheServer(error)) throw error;
      options.refuse(refusalOf(manifest, object, error));
      isAllApplied = false;
    }
  }
  return isAllApplied;
}
