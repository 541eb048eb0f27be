// What a delete request does to an object: remove it, mark it and wait, or nothing.
import type { ResourceType } from "../../api/resources.ts";
import { formatTime, parseTime, type EpochMs } from "../../lib/time.ts";
import { StoreError, type DeleteOptions } from "../object-store.ts";
import { otherThanMeant } from "./errors.ts";
import { immutable } from "./immutable.ts";
import { valueAt } from "./selection.ts";
import type { Stored, StoredMeta } from "./stored.ts";

export const foregroundFinalizer = "foregroundDeletion";
export const orphanFinalizer = "orphan";

export type DeletionStep =
  | { readonly kind: "remove" }
  | { readonly kind: "mark"; readonly object: Stored }
  | { readonly kind: "nothing" };

/** Conflict when the caller meant another object, or another version of it. */
export function assertPreconditions(
  type: ResourceType,
  existing: Stored,
  options: DeleteOptions,
): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { metadata } = existing;
  if (uid !== undefined && uid !== metadata.uid) {
    throw otherThanMeant(type, metadata.name, "UID", { wanted: uid, actual: metadata.uid });
  }
  if (resourceVersion === undefined || resourceVersion === metadata.resourceVersion) return;
  const values = { wanted: resourceVersion, actual: metadata.resourceVersion };
  throw otherThanMeant(type, metadata.name, "ResourceVersion", values);
}

function finalizersAfter(
  metadata: StoredMeta,
  propagation: DeleteOptions["propagation"],
): readonly string[] {
  const present = metadata.finalizers ?? [];
  if (propagation === undefined) return present;
  const others = present.filter((name) => name !== foregroundFinalizer && name !== orphanFinalizer);
  switch (propagation) {
    case "Background":
      return others;
    case "Foreground":
      return [...others, foregroundFinalizer];
    case "Orphan":
      return [...others, orphanFinalizer];
  }
}

/** Seconds a pod may take to end; 0 for what has nothing running. Other kinds never wait for a grace period. */
function graceSecondsOf(existing: Stored, options: DeleteOptions): number {
  if (existing.kind !== "Pod" || existing.apiVersion !== "v1") return 0;
  const phase = valueAt(existing, "status.phase");
  const scheduled = (valueAt(existing, "spec.nodeName") ?? "") !== "";
  if (!scheduled || phase === "Succeeded" || phase === "Failed") return 0;
  const specified = valueAt(existing, "spec.terminationGracePeriodSeconds");
  const wanted = options.gracePeriodSeconds ?? (typeof specified === "number" ? specified : 30);
  if (!Number.isSafeInteger(wanted)) {
    throw new StoreError("BadRequest", `gracePeriodSeconds must be a whole number, not ${wanted}`);
  }
  // A negative period in the pod's own specification counts as the shortest one, as in Kubernetes.
  return wanted < 0 ? 1 : wanted;
}

function isNamespace(object: Stored): boolean {
  return object.kind === "Namespace" && object.apiVersion === "v1";
}

/** Whether nothing holds an object that is marked for deletion any more. */
export function mayGo(object: Stored): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0) return false;
  return deletionGracePeriodSeconds === 0 && !isNamespace(object);
}

interface Mark {
  readonly finalizers: readonly string[];
  readonly graceSeconds: number;
  readonly atMs: EpochMs;
}

function marked(existing: Stored, mark: Mark): Stored {
  const { metadata } = existing;
  const first = metadata.deletionTimestamp === undefined;
  const { finalizers: _finalizers, ...others } = metadata;
  const status = isNamespace(existing) ? { status: { phase: "Terminating" } } : {};
  return immutable({
    ...existing,
    ...status,
    metadata: {
      ...others,
      ...(mark.finalizers.length > 0 ? { finalizers: mark.finalizers } : {}),
      generation: first ? metadata.generation + 1 : metadata.generation,
      deletionTimestamp: formatTime(mark.atMs),
      deletionGracePeriodSeconds: mark.graceSeconds,
    },
  }) as Stored;
}

/** The mark of an object already being deleted: a later request may only shorten its grace period. */
function remark(existing: Stored, finalizers: readonly string[], graceSeconds: number): Mark {
  const { deletionTimestamp, deletionGracePeriodSeconds: before = 0 } = existing.metadata;
  const dueMs = parseTime(deletionTimestamp) ?? 0;
  if (graceSeconds >= before) return { finalizers, graceSeconds: before, atMs: dueMs };
  return { finalizers, graceSeconds, atMs: dueMs - (before - graceSeconds) * 1000 };
}

function sameMark(existing: Stored, mark: Mark): boolean {
  const present = existing.metadata.finalizers ?? [];
  return (
    existing.metadata.deletionGracePeriodSeconds === mark.graceSeconds &&
    present.length === mark.finalizers.length &&
    present.every((name, index) => name === mark.finalizers[index])
  );
}

/** Decides what a delete request does now. A pod with a grace period waits for one with grace 0. */
export function planDeletion(
  existing: Stored,
  options: DeleteOptions,
  nowMs: EpochMs,
): DeletionStep {
  const graceSeconds = graceSecondsOf(existing, options);
  const finalizers = finalizersAfter(existing.metadata, options.propagation);
  const isMarked = existing.metadata.deletionTimestamp !== undefined;
  const mark = isMarked
    ? remark(existing, finalizers, graceSeconds)
    : { finalizers, graceSeconds, atMs: nowMs + graceSeconds * 1000 };
  if (finalizers.length === 0 && mark.graceSeconds === 0 && !isNamespace(existing))
    return { kind: "remove" };
  if (isMarked && sameMark(existing, mark)) return { kind: "nothing" };
  return { kind: "mark", object: marked(existing, mark) };
}
