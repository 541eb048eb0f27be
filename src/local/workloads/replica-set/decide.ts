// What a ReplicaSet asks for: which pods to adopt, let go, create and delete, and its status.
import { isPodReady } from "../../../api/kubernetes/pod.ts";
import type { Condition, Pod } from "../../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../../api/kubernetes/workloads.ts";
import { selectorMatches } from "../../../api/meta/label-selector.ts";
import { controllerOf, isControlledBy } from "../../../api/meta/object.ts";
import { parseTime } from "../../../lib/time.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { withCondition, withoutCondition } from "../conditions.ts";
import { nextPodNames } from "../pod-names.ts";
import { availableAtMs, isActivePod, isTerminating, podFrom, readySinceMs } from "../pods.ts";

export interface ReplicaSetView {
  readonly set: ReplicaSet;
  /** All pods of the namespace. */
  readonly pods: readonly Pod[];
}

export interface ReplicaSetDecision {
  readonly adopt: readonly Pod[];
  readonly letGo: readonly Pod[];
  readonly create: readonly Pod[];
  readonly remove: readonly Pod[];
  /** When a ready pod becomes available by nothing but time. */
  readonly nextAtMs: EpochMs | undefined;
}

/** The pods that count as this set's: its own that still match, and orphans that match. */
export function claimedPods({ set, pods }: ReplicaSetView): {
  readonly claimed: readonly Pod[];
  readonly adopt: readonly Pod[];
  readonly letGo: readonly Pod[];
} {
  const matches = (pod: Pod): boolean => selectorMatches(set.spec.selector, pod.metadata.labels);
  const own = pods.filter((pod) => isControlledBy(pod, set));
  const mayAdopt = !isTerminating(set);
  const adopt = pods.filter(
    (pod) => mayAdopt && controllerOf(pod) === undefined && matches(pod) && isActivePod(pod),
  );
  return {
    claimed: [...own.filter((pod) => matches(pod)), ...adopt],
    adopt,
    letGo: own.filter((pod) => !matches(pod) && !isTerminating(pod)),
  };
}

/** Decides the writes of one pass. The same objects give the same answer; after carrying it out, none. */
export function decideReplicaSet(view: ReplicaSetView, nowMs: EpochMs): ReplicaSetDecision {
  const { set, pods } = view;
  const { claimed, adopt, letGo } = claimedPods(view);
  const nextAtMs = nextAvailabilityMs(set, claimed, nowMs);
  const nothing = { adopt, letGo, create: [], remove: [], nextAtMs };
  if (isTerminating(set)) return { ...nothing, adopt: [], letGo: [] };
  const active = claimed.filter((pod) => isActivePod(pod));
  const missing = (set.spec.replicas ?? 1) - active.length;
  if (missing < 0) return { ...nothing, remove: podsToRemove(active, -missing) };
  if (missing === 0) return nothing;
  const takenNames = new Set(pods.map((pod) => pod.metadata.name));
  const names = nextPodNames(set, claimed, takenNames, missing);
  const create = names.map(({ name, ordinal }) =>
    podFrom({ name, ordinal, owner: set, template: set.spec.template }),
  );
  return { ...nothing, create };
}

function nextAvailabilityMs(
  set: ReplicaSet,
  pods: readonly Pod[],
  nowMs: EpochMs,
): EpochMs | undefined {
  const waits = pods
    .filter((pod) => isActivePod(pod))
    .flatMap((pod) => availableAtMs(pod, set.spec.minReadySeconds ?? 0) ?? [])
    .filter((atMs) => atMs > nowMs);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

const deletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";

function deletionCost(pod: Pod): number {
  const cost = Number(pod.metadata.annotations?.[deletionCostAnnotation] ?? 0);
  return Number.isFinite(cost) ? cost : 0;
}

function restarts(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, each) => sum + each.restartCount, 0);
}

/** Lower goes first: not running, not ready, cheap, ready for a short time, restarted often, young. */
function rank(pod: Pod): readonly number[] {
  return [
    pod.status?.phase === "Running" ? 1 : 0,
    isPodReady(pod) ? 1 : 0,
    deletionCost(pod),
    -(readySinceMs(pod) ?? 0),
    -restarts(pod),
    -(parseTime(pod.metadata.creationTimestamp) ?? 0),
  ];
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The `count` pods whose loss hurts least; between equals, the later name. */
export function podsToRemove(active: readonly Pod[], count: number): readonly Pod[] {
  const ranked = active.map((pod) => ({ pod, rank: rank(pod) }));
  const byName = (a: Pod, b: Pod): number => (a.metadata.name < b.metadata.name ? 1 : -1);
  ranked.sort((a, b) => compareRanks(a.rank, b.rank) || byName(a.pod, b.pod));
  return ranked.slice(0, count).map(({ pod }) => pod);
}

export interface Failure {
  readonly reason: "FailedCreate" | "FailedDelete";
  readonly message: string;
}

/** The status as counted from the pods. `failure` is what went wrong in carrying the last decision out. */
export function replicaSetStatus(
  view: ReplicaSetView,
  failure: Failure | undefined,
  nowMs: EpochMs,
): NonNullable<ReplicaSet["status"]> {
  const { set } = view;
  const active = claimedPods(view).claimed.filter((pod) => isActivePod(pod));
  const templateLabels = set.spec.template.metadata?.labels ?? {};
  const isFullyLabeled = (pod: Pod): boolean =>
    selectorMatches({ matchLabels: templateLabels }, pod.metadata.labels);
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const isAvailable = (pod: Pod): boolean =>
    (availableAtMs(pod, minReadySeconds) ?? Infinity) <= nowMs;
  const conditions = conditionsOf(set.status?.conditions ?? [], failure, nowMs);
  const { conditions: _conditions, ...rest } = set.status ?? {};
  return {
    ...rest,
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) => isFullyLabeled(pod)).length,
    readyReplicas: active.filter((pod) => isPodReady(pod)).length,
    availableReplicas: active.filter((pod) => isAvailable(pod)).length,
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function conditionsOf(
  before: readonly Condition[],
  failure: Failure | undefined,
  nowMs: EpochMs,
): readonly Condition[] {
  const type = "ReplicaFailure";
  if (failure === undefined) return withoutCondition(before, type);
  return withCondition(before, { type, status: "True", ...failure }, nowMs);
}
