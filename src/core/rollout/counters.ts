import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { LabelSelector } from "../../api/meta/label-selector.ts";
import {
  availableReplicas,
  hashOf,
  readyReplicas,
  statusReplicas,
  sumOf,
} from "../replicas/replica-set.ts";
import type { Facts } from "./context.ts";

/** The replica counts of a Rollout's status (§1.4). */
export interface Counters {
  readonly replicas: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  readonly hpaReplicas: number;
  readonly selector: LabelSelector;
}

/** Counts over all versions; with `activeHash` (blue-green) those of the version users see. */
export function countersOf(facts: Facts, activeHash: string | undefined): Counters {
  const all = facts.newRsExists ? facts.replicaSets : [...facts.replicaSets, facts.newRs];
  const active = activeHash === undefined ? undefined : all.find((rs) => hashOf(rs) === activeHash);
  const seen: readonly ReplicaSet[] = active === undefined ? all : [active];
  return {
    replicas: sumOf(all, statusReplicas),
    updated: statusReplicas(facts.newRs),
    ready: sumOf(seen, readyReplicas),
    available: sumOf(seen, availableReplicas),
    hpaReplicas: sumOf(seen, statusReplicas),
    selector: active === undefined ? facts.selector : active.spec.selector,
  };
}
