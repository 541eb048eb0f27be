import { readyReplicas, specReplicas } from "../replicas/replica-set.ts";
import type { Facts } from "./context.ts";
import { isFullyPromoted } from "./course.ts";
import type { Course } from "./course.ts";
import type { Effect } from "./decision.ts";
import type { ReplicaSetChange } from "./replica-set-changes.ts";

// The Deployment a Rollout has taken its template from is scaled down as the Rollout takes over (§2.15).

function wantedReplicas(
  facts: Facts,
  course: Course,
  isHealthy: boolean,
  newSize: number,
): number | undefined {
  const policy = facts.spec.workloadRef?.scaleDown ?? "never";
  switch (policy) {
    case "never":
      return undefined;
    case "onsuccess":
      return isHealthy && isFullyPromoted(facts, course) ? 0 : undefined;
    case "progressively": {
      if (isHealthy) return 0;
      const ready = readyReplicas(facts.newRs);
      const isShrinking = specReplicas(facts.newRs) > newSize;
      return ready > 0 || isShrinking ? Math.max(0, facts.n - ready) : undefined;
    }
  }
}

/** Only while the Rollout is at its first revision: later the Deployment has nothing left to give. */
export function scaleWorkload(
  facts: Facts,
  course: Course,
  isHealthy: boolean,
  changes: readonly ReplicaSetChange[],
): readonly Effect[] {
  const { workload } = facts.observed;
  if (workload?.kind !== "Deployment" || workload.replicas === undefined || facts.revision > 1)
    return [];
  const change = changes.findLast(
    (c) => c.name === facts.newRs.metadata.name && c.replicas !== undefined,
  );
  const newSize = change?.replicas ?? specReplicas(facts.newRs);
  const replicas = wantedReplicas(facts, course, isHealthy, newSize);
  if (replicas === undefined || replicas === workload.replicas) return [];
  return [{ kind: "scaleWorkload", name: workload.name, replicas }];
}
