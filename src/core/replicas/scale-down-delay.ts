import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { EpochMs } from "../../lib/time.ts";
import { scaleDownDeadlineOf, specReplicas } from "./replica-set.ts";

// Old ReplicaSets stay for a while after the switch, so that going back is instant (§2.9).

export interface DelayRules {
  readonly delaySeconds: number;
  /** How many ReplicaSets may wait at the same time; undefined = any number. */
  readonly revisionLimit: number | undefined;
  /** Size of a ReplicaSet that waits: its own, or for one that may be gone back to, the full size. */
  readonly waitingSize: (rs: ReplicaSet) => number;
}

export interface DelayedSize {
  readonly name: string;
  readonly replicas: number;
  /** null = remove the annotation; undefined = leave it as it is. */
  readonly deadlineMs: EpochMs | null | undefined;
  /** When to look again. */
  readonly lookAtMs: EpochMs | undefined;
}

const gone = (rs: ReplicaSet): DelayedSize => ({
  name: rs.metadata.name,
  replicas: 0,
  deadlineMs: scaleDownDeadlineOf(rs) === undefined ? undefined : null,
  lookAtMs: undefined,
});

function delayOne(rs: ReplicaSet, rules: DelayRules, now: EpochMs): DelayedSize {
  const deadlineMs = scaleDownDeadlineOf(rs);
  const name = rs.metadata.name;
  if (deadlineMs !== undefined && deadlineMs <= now) return gone(rs);
  if (deadlineMs !== undefined) {
    return { name, replicas: rules.waitingSize(rs), deadlineMs: undefined, lookAtMs: deadlineMs };
  }
  const untilMs = deadlineFrom(now, rules.delaySeconds);
  return { name, replicas: rules.waitingSize(rs), deadlineMs: untilMs, lookAtMs: untilMs };
}

/** Deadlines are written with whole seconds; rounding up keeps the delay at least as long as asked. */
export function deadlineFrom(now: EpochMs, delaySeconds: number): EpochMs {
  return Math.ceil(now / 1000) * 1000 + delaySeconds * 1000;
}

/**
 * Sizes and deadlines of ReplicaSets that are no longer used, newest revision first. Beyond the
 * limit, or with a delay of 0, they go at once.
 */
export function delayedScaleDown(
  newestFirst: readonly ReplicaSet[],
  rules: DelayRules,
  now: EpochMs,
): readonly DelayedSize[] {
  let waiting = 0;
  return newestFirst.map((rs): DelayedSize => {
    const isEmpty = specReplicas(rs) === 0;
    if (isEmpty || rules.delaySeconds === 0) return gone(rs);
    if (waiting >= (rules.revisionLimit ?? Number.POSITIVE_INFINITY)) return gone(rs);
    const size = delayOne(rs, rules, now);
    if (size.replicas > 0) waiting += 1;
    return size;
  });
}
