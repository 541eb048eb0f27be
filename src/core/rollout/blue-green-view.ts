import type { BlueGreenStrategy } from "../../api/argo/rollout.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import {
  availableReplicas,
  hashOf,
  isObserved,
  isSaturated,
  specReplicas,
} from "../replicas/replica-set.ts";
import type { Facts } from "./context.ts";
import { hasPause, isFullyPromoted } from "./course.ts";
import type { Course } from "./course.ts";
import { isFastRollback } from "./rollback.ts";
import { selectedHash } from "./services.ts";

/** A blue-green rollout as its leaves see it. */
export interface BlueGreen {
  readonly facts: Facts;
  readonly strategy: BlueGreenStrategy;
  /** What the active Service selects, or is to select again; "" if users have no version yet. */
  readonly activeHash: string;
  readonly previewHash: string;
  /** The active Service selects no version, although users have one: it is led back there first. */
  readonly lostHash: string | undefined;
}

/**
 * Somebody wrote the Service anew and took the hash out of its selector (server-side apply does, with
 * --force-conflicts). That must not look like a first deployment, which waits for no verdict.
 */
function lostHashOf(facts: Facts, selected: string): string | undefined {
  const stableHash = facts.before.stableRS ?? "";
  if (selected !== "" || stableHash === facts.newHash) return undefined;
  const stableRs = facts.replicaSets.find((rs) => hashOf(rs) === stableHash);
  return availableReplicas(stableRs) > 0 ? stableHash : undefined;
}

export function blueGreenOf(facts: Facts, strategy: BlueGreenStrategy): BlueGreen {
  const { services } = facts.observed;
  const preview = strategy.previewService;
  const selected = selectedHash(services[strategy.activeService]);
  const lostHash = lostHashOf(facts, selected);
  return {
    facts,
    strategy,
    activeHash: lostHash ?? selected,
    previewHash: preview === undefined ? "" : selectedHash(services[preview]),
    lostHash,
  };
}

export function activeRs({ facts, activeHash }: BlueGreen): ReplicaSet | undefined {
  return activeHash === "" ? undefined : facts.replicaSets.find((rs) => hashOf(rs) === activeHash);
}

/** People have paused it, or nobody could judge it: users keep what they have. An abort overrides both. */
export function isHalted({ facts }: BlueGreen, course: Course): boolean {
  return !course.isAborted && (facts.spec.paused || hasPause(course, "InconclusiveAnalysisRun"));
}

/** Nothing to wait for: going back, forced, or users see nobody or this version already (§2.7 fast track). */
export function isFastTrack(blueGreen: BlueGreen, course: Course): boolean {
  const { facts, activeHash } = blueGreen;
  return (
    course.isPromoteFull ||
    (activeHash === "" && course.stableHash === "") ||
    activeHash === facts.newHash ||
    isFastRollback(facts, course)
  );
}

/** How many pods the new version is to have at this point (§2.7 New RS size). */
export function newSize(blueGreen: BlueGreen, course: Course): number {
  const { facts, strategy } = blueGreen;
  const { n } = facts;
  const preview = strategy.previewReplicaCount;
  const isUsed = isFullyPromoted(facts, course) || activeRs(blueGreen) === undefined;
  if (preview === undefined || isUsed || isFastTrack(blueGreen, course)) return n;
  const isPaused = facts.spec.paused || course.pauseConditions.length > 0;
  return course.hasPassedCheckpoint && !isPaused ? n : Math.min(preview, n);
}

/** The new version has exactly the pods it is to have at this point. */
export function isReadyForPause(blueGreen: BlueGreen, course: Course): boolean {
  const { newRs } = blueGreen.facts;
  const desired = newSize(blueGreen, course);
  const isThere = specReplicas(newRs) === desired && availableReplicas(newRs) === desired;
  return isThere && isObserved(newRs);
}

export function isReadyToSwitch(blueGreen: BlueGreen, course: Course): boolean {
  const { newRs, n } = blueGreen.facts;
  return isReadyForPause(blueGreen, course) && isSaturated(newRs, n);
}

export function isPrePromotionPassed({ strategy }: BlueGreen, course: Course): boolean {
  return (
    strategy.prePromotionAnalysis === undefined || course.prePromotionRun?.status === "Successful"
  );
}

/** Verdicts only count while they are asked for (§2.13 Creation). */
export function wantsVerdicts({ facts }: BlueGreen, course: Course): boolean {
  return (
    course.stableHash !== "" &&
    !course.isAborted &&
    !course.isPromoteFull &&
    !isFullyPromoted(facts, course) &&
    !isFastRollback(facts, course)
  );
}
