import { createdAtMs, scaleDownDeadlineOf } from "../replicas/replica-set.ts";
import { rolesOf } from "./context.ts";
import type { Facts } from "./context.ts";
import type { Course } from "./course.ts";

/** The template has gone back to the stable version or to one older than it (§2.8). */
export function isRollback(facts: Facts, course: Course): boolean {
  const { newRs, stableRs } = rolesOf(facts, course.stableHash);
  if (stableRs === undefined || !facts.newRsExists) return false;
  return newRs === stableRs || createdAtMs(newRs) < createdAtMs(stableRs);
}

/** Few enough revisions lie between the new and the stable version to skip steps and analysis. */
export function isWithinRollbackWindow(facts: Facts, course: Course): boolean {
  const revisions = facts.spec.rollbackWindowRevisions ?? 0;
  const { newRs, stableRs } = rolesOf(facts, course.stableHash);
  if (revisions <= 0 || stableRs === undefined || !facts.newRsExists) return false;
  const from = createdAtMs(newRs);
  const to = createdAtMs(stableRs);
  if (from >= to) return false;
  const between = facts.replicaSets.filter((rs) => createdAtMs(rs) > from && createdAtMs(rs) < to);
  return between.length < revisions;
}

/** Going back needs no new judgement: inside the window, to stable itself, or (blue-green) to pods still kept. */
export function isFastRollback(facts: Facts, course: Course): boolean {
  if (!isRollback(facts, course)) return false;
  if (isWithinRollbackWindow(facts, course) || facts.newHash === course.stableHash) return true;
  const deadlineMs = scaleDownDeadlineOf(facts.newRs);
  const isKept = deadlineMs !== undefined && deadlineMs > facts.now;
  return facts.spec.strategy.kind === "blueGreen" && isKept;
}
