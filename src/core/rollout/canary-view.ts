import type { CanaryStep, CanaryStrategy } from "../../api/argo/rollout.ts";
import { resolveSurgeLimits } from "../replicas/limits.ts";
import type { SurgeLimits } from "../replicas/limits.ts";
import { hasAvailable } from "../replicas/progress-threshold.ts";
import { hashOf, servingReplicas } from "../replicas/replica-set.ts";
import { isFullyPromoted } from "./course.ts";
import type { Course } from "./course.ts";
import { rolesOf } from "./context.ts";
import type { Facts, Roles } from "./context.ts";

/** A canary rollout as its leaves see it. Rolling updates are canaries without steps. */
export interface Canary {
  readonly facts: Facts;
  readonly strategy: CanaryStrategy;
  readonly limits: SurgeLimits;
  readonly maxWeight: number;
  readonly isRouted: boolean;
}

export function canaryOf(facts: Facts, strategy: CanaryStrategy): Canary {
  return {
    facts,
    strategy,
    limits: resolveSurgeLimits(strategy, facts.n),
    maxWeight: strategy.trafficRouting?.maxTrafficWeight ?? 100,
    isRouted: strategy.trafficRouting !== undefined,
  };
}

export function canaryRoles(canary: Canary, course: Course): Roles {
  return rolesOf(canary.facts, course.stableHash);
}

/** The step the rollout stands at; undefined when there are none or all are done. */
export function currentStep(canary: Canary, course: Course): CanaryStep | undefined {
  return course.stepIndex === undefined ? undefined : canary.strategy.steps[course.stepIndex];
}

export function areStepsDone(canary: Canary, course: Course): boolean {
  return course.stepIndex === undefined || course.stepIndex >= canary.strategy.steps.length;
}

/** Nothing of the new version is to be held back: it is the stable one, becomes it, or is forced to. */
export function wantsAll(canary: Canary, course: Course): boolean {
  return course.isPromoteFull || course.stableHash === "" || isFullyPromoted(canary.facts, course);
}

/** The new version has all the pods it needs to carry everything. */
export function isNewFullyAvailable(canary: Canary): boolean {
  const { newRs, n } = canary.facts;
  return hasAvailable(newRs, n, canary.strategy.replicaProgressThreshold);
}

/**
 * With dynamicStableScale stable may be too small to take everything at once. Then a version that
 * was replaced while it had traffic keeps serving until stable has grown: its hash, else undefined.
 */
export function versionLeftBehind(canary: Canary, course: Course): string | undefined {
  const { facts, strategy } = canary;
  if (!strategy.dynamicStableScale) return undefined;
  const recorded = facts.before.canary?.weights?.canary;
  if (recorded === undefined || recorded.weight === 0) return undefined;
  const { stableRs, others } = canaryRoles(canary, course);
  const left = others.find((rs) => hashOf(rs) === recorded.podTemplateHash);
  const isNeeded = servingReplicas(stableRs) < facts.n;
  return isNeeded && servingReplicas(left) > 0 ? recorded.podTemplateHash : undefined;
}
