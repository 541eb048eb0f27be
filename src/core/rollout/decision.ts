// What a decision consists of. Effects are data: few, coarse, carried out in order; each names
// the version it was decided from, so that a stale decision fails instead of harming.
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import type { Experiment } from "../../api/argo/experiment.ts";
import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import type { TrafficPlan } from "../../api/argo/traffic.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";

export interface Decision {
  /** The whole new status; equal to the observed one when nothing changed. */
  readonly status: RolloutStatus;
  readonly effects: readonly Effect[];
  /** When to look again even if nothing changes, and why; the earliest counts. */
  readonly next: LookAgain | undefined;
}

export interface LookAgain {
  readonly atMs: EpochMs;
  /** For people: "pause step 3 ends". */
  readonly why: string;
}

/** A merge patch on an object, refused by the store if the object has moved on. */
interface VersionedPatch {
  readonly name: string;
  readonly resourceVersion: string | undefined;
  readonly patch: JsonObject;
}

export type Effect =
  | { readonly kind: "event"; readonly event: RolloutEvent }
  /**
   * Where the rollout stands now, before anything that follows from it is done: a turn that is cut
   * short is finished from what was written, never derived again from a world half moved.
   */
  | { readonly kind: "recordTurn"; readonly status: RolloutStatus }
  /** Merge patch on the Rollout itself (not its status). */
  | { readonly kind: "patchRollout"; readonly patch: JsonObject; readonly why: string }
  | { readonly kind: "createReplicaSet"; readonly replicaSet: ReplicaSet }
  /** Size, annotations, template metadata: everything that changes on one ReplicaSet in one write. */
  | ({ readonly kind: "patchReplicaSet" } & VersionedPatch)
  /** Takes a ReplicaSet nobody controls, unless the Rollout itself is gone or another one by now. */
  | ({ readonly kind: "adoptReplicaSet" } & VersionedPatch)
  | { readonly kind: "deleteReplicaSet"; readonly name: string; readonly uid: string }
  | ({ readonly kind: "patchService" } & VersionedPatch)
  | ({ readonly kind: "patchPod" } & VersionedPatch)
  | { readonly kind: "evictPod"; readonly name: string; readonly uid: string }
  /** Bring every configured router to this plan. Idempotent. */
  | { readonly kind: "applyTraffic"; readonly plan: TrafficPlan }
  | { readonly kind: "createAnalysisRun"; readonly run: AnalysisRun }
  | { readonly kind: "terminateAnalysisRun"; readonly name: string }
  | { readonly kind: "deleteAnalysisRun"; readonly name: string; readonly uid: string }
  | { readonly kind: "createExperiment"; readonly experiment: Experiment }
  | { readonly kind: "terminateExperiment"; readonly name: string }
  | { readonly kind: "deleteExperiment"; readonly name: string; readonly uid: string }
  /** spec.replicas of the Deployment behind workloadRef. */
  | { readonly kind: "scaleWorkload"; readonly name: string; readonly replicas: number };

/** `cause` tells equal texts of different occasions apart: an event is recorded once per cause. */
export interface RolloutEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly cause: string;
}
