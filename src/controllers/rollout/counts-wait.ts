// When a status may wait: its numbers of pods are about to change again, and whatever matters would
// have to wait behind the write of numbers that are old by then.
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import type { Decision } from "../../core/rollout/decision.ts";
import type { EpochMs } from "../../lib/time.ts";
import { isOnlyCounts, isOnlyProgress } from "./save-status.ts";

/** How long numbers of pods may stay as they were while what was just done changes them again. */
const afterWritesMs = 300;
/** How long they may while pods come and go by themselves. */
const whileMovingMs = 50;

function isMoving({ metadata, spec, status }: ReplicaSet): boolean {
  const { replicas = 1 } = spec;
  const isSeen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return !isSeen || status?.replicas !== replicas || (status.availableReplicas ?? 0) !== replicas;
}

export class CountsWait {
  readonly #sinceMs = new Map<string, EpochMs>();

  /** For how many milliseconds the decision's status may wait for the next pass; undefined = write it. */
  waitMs(
    key: string,
    { effects, status }: Decision,
    manifest: KubeObject,
    replicaSets: readonly ReplicaSet[],
    now: EpochMs,
  ): number | undefined {
    const hasWritten = effects.some(({ kind }) => kind !== "event");
    // What was just done brings about another pass in a moment, with other numbers.
    if (hasWritten) return isOnlyCounts(manifest, status) ? afterWritesMs : undefined;
    if (effects.length > 0 || !replicaSets.some(isMoving) || !isOnlyProgress(manifest, status))
      return undefined;
    const sinceMs = this.#sinceMs.get(key) ?? now;
    this.#sinceMs.set(key, sinceMs);
    const leftMs = sinceMs + whileMovingMs - now;
    return leftMs > 0 ? leftMs : undefined;
  }

  /** Its status was written, or it is gone. */
  over(key: string): void {
    this.#sinceMs.delete(key);
  }
}
