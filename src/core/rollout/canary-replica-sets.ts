import { scaleDownDeadlineAnnotation } from "../../api/argo/keys.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { formatTime } from "../../lib/time.ts";
import type { CanaryCounts } from "../replicas/counts-basic.ts";
import { podsForWeight } from "../replicas/counts-routed.ts";
import {
  byRevisionDescending,
  desiredReplicasOf,
  hashOf,
  scaleDownDeadlineOf,
  servingReplicas,
  specReplicas,
} from "../replicas/replica-set.ts";
import { delayedScaleDown } from "../replicas/scale-down-delay.ts";
import type { DelayedSize } from "../replicas/scale-down-delay.ts";
import { liveShares } from "./canary-traffic.ts";
import type { TrafficDecision } from "./canary-traffic.ts";
import { basicOldSizes, desiredCounts, nextCounts } from "./canary-sizes.ts";
import type { LiveShares } from "./canary-sizes.ts";
import { canaryRoles } from "./canary-view.ts";
import type { Canary } from "./canary-view.ts";
import { isFullyPromoted, isInconclusive } from "./course.ts";
import type { Course } from "./course.ts";
import type { LookAgain } from "./decision.ts";
import type { ReplicaSetChange } from "./replica-set-changes.ts";

const DEFAULT_DELAY_SECONDS = 30;

export interface Sizing {
  readonly changes: readonly ReplicaSetChange[];
  readonly lookAgain: readonly LookAgain[];
}

const nothing: Sizing = { changes: [], lookAgain: [] };

function joined(parts: readonly Sizing[]): Sizing {
  return {
    changes: parts.flatMap((part) => part.changes),
    lookAgain: parts.flatMap((part) => part.lookAgain),
  };
}

export function sizingOf(rs: ReplicaSet, size: DelayedSize): Sizing {
  const { deadlineMs, replicas, name, lookAtMs } = size;
  const deadline =
    deadlineMs === undefined
      ? {}
      : {
          annotations: {
            [scaleDownDeadlineAnnotation]: deadlineMs === null ? null : formatTime(deadlineMs),
          },
        };
  const change = { name, ...(replicas === specReplicas(rs) ? {} : { replicas }), ...deadline };
  const why = `ReplicaSet ${name} is scaled down`;
  return { changes: [change], lookAgain: lookAtMs === undefined ? [] : [{ atMs: lookAtMs, why }] };
}

export function withoutDeadline(rs: ReplicaSet): ReplicaSetChange {
  const annotations = { [scaleDownDeadlineAnnotation]: null };
  return {
    name: rs.metadata.name,
    ...(scaleDownDeadlineOf(rs) === undefined ? {} : { annotations }),
  };
}

/** spec.replicas has changed since this ReplicaSet was sized. */
function isScaledByUser(canary: Canary, course: Course): boolean {
  const { newRs, stableRs } = canaryRoles(canary, course);
  const { n } = canary.facts;
  return [newRs, stableRs].some(
    (rs) => rs !== undefined && specReplicas(rs) > 0 && (desiredReplicasOf(rs) ?? n) !== n,
  );
}

/** The same split of another number of pods, rounded in favour of stable and never beyond the step's own. */
function keptShare(
  canary: Canary,
  course: Course,
  newRs: ReplicaSet,
  stableRs: ReplicaSet,
): CanaryCounts {
  const { n } = canary.facts;
  const ofStep = desiredCounts(canary, course);
  const size = specReplicas(newRs);
  if (size === 0) return { canary: 0, stable: n };
  const share = Math.max(1, Math.floor((size * n) / (size + specReplicas(stableRs))));
  return share >= ofStep.canary ? ofStep : { canary: share, stable: n - share };
}

/** While paused only a change of spec.replicas is followed, keeping the proportion. */
function pausedSizing(canary: Canary, course: Course, traffic: TrafficDecision): Sizing {
  if (!isScaledByUser(canary, course)) return nothing;
  const { newRs, stableRs } = canaryRoles(canary, course);
  const { n } = canary.facts;
  if (stableRs === undefined || stableRs === newRs) {
    return { changes: [{ name: newRs.metadata.name, replicas: n }], lookAgain: [] };
  }
  if (canary.isRouted) return updatingSizes(canary, course, traffic);
  const { canary: newSize, stable: stableSize } = keptShare(canary, course, newRs, stableRs);
  return {
    changes: [
      { name: newRs.metadata.name, replicas: newSize },
      { name: stableRs.metadata.name, replicas: stableSize },
    ],
    lookAgain: [],
  };
}

/** While the data plane may still send requests by an older split, nobody loses pods. */
function notBelow(rs: ReplicaSet, size: number, isSettled: boolean): number {
  return isSettled ? size : Math.max(size, specReplicas(rs));
}

/** While a smaller share is held back, the canary keeps the pods its present one needs. */
function notBelowShare(canary: Canary, size: number, live: LiveShares): number {
  const { facts, maxWeight } = canary;
  const needed = podsForWeight(live.canary, facts.n, maxWeight);
  return Math.max(size, Math.min(needed, specReplicas(facts.newRs)));
}

function updatingSizes(canary: Canary, course: Course, traffic: TrafficDecision): Sizing {
  const { newRs, stableRs } = canaryRoles(canary, course);
  const live = liveShares(canary, traffic);
  const counts = nextCounts(canary, course, live);
  const wanted =
    traffic.held === undefined ? counts.canary : notBelowShare(canary, counts.canary, live);
  const canarySize = notBelow(newRs, wanted, traffic.isSettled);
  const forNew = { ...withoutDeadline(newRs), replicas: canarySize };
  if (stableRs === undefined || stableRs === newRs) return { changes: [forNew], lookAgain: [] };
  const stableSize = notBelow(stableRs, counts.stable, traffic.isSettled);
  const forStable = { ...withoutDeadline(stableRs), replicas: stableSize };
  return { changes: [forStable, forNew], lookAgain: [] };
}

/** After an abort the canary's pods stay for a while: undefined when they need not (§2.9 abort). */
function abortDelaySeconds(canary: Canary, course: Course): number | undefined {
  const { strategy } = canary;
  const delay = strategy.abortScaleDownDelaySeconds;
  const { newRs, stableRs } = canaryRoles(canary, course);
  if (!course.isAborted || stableRs === undefined || stableRs === newRs || !canary.isRouted)
    return undefined;
  if (strategy.dynamicStableScale && delay === undefined) return undefined;
  return delay ?? DEFAULT_DELAY_SECONDS;
}

function abortedSizing(
  canary: Canary,
  course: Course,
  traffic: TrafficDecision,
  delay: number,
): Sizing {
  const { newRs, stableRs } = canaryRoles(canary, course);
  const sizes = updatingSizes(canary, course, traffic);
  const ofOthers = sizes.changes.filter((change) => change.name !== newRs.metadata.name);
  const kept = { name: newRs.metadata.name, replicas: specReplicas(newRs) };
  const isNeeded = servingReplicas(stableRs) < canary.facts.n || !traffic.isSettled;
  const hasPods = specReplicas(newRs) > 0;
  const stays = delay === 0 || !hasPods || (isNeeded && scaleDownDeadlineOf(newRs) === undefined);
  if (stays) return { changes: [...ofOthers, kept], lookAgain: [] };
  const rules = { delaySeconds: delay, revisionLimit: undefined, waitingSize: specReplicas };
  const size = delayedScaleDown([newRs], rules, canary.facts.now)[0];
  if (size === undefined) return { changes: ofOthers, lookAgain: [] };
  const held =
    size.replicas === 0 && !traffic.isSettled
      ? { ...size, replicas: specReplicas(newRs), deadlineMs: undefined }
      : size;
  const ofNew = sizingOf(newRs, held);
  return { changes: [...ofOthers, { ...kept, ...ofNew.changes[0] }], lookAgain: ofNew.lookAgain };
}

function basicOthers(canary: Canary, course: Course): Sizing {
  const { others } = canaryRoles(canary, course);
  const sizes = basicOldSizes(canary, course);
  const changed = others.filter((rs) => sizes.get(rs.metadata.name) !== specReplicas(rs));
  const changes = changed.map((rs) => ({
    name: rs.metadata.name,
    replicas: sizes.get(rs.metadata.name) ?? 0,
  }));
  return { changes, lookAgain: [] };
}

/** Whether traffic, a Service or the status still points at this version. */
function isReferenced(
  canary: Canary,
  course: Course,
  traffic: TrafficDecision,
  rs: ReplicaSet,
  selected: readonly string[],
): boolean {
  const { facts } = canary;
  const hash = hashOf(rs);
  const { plan } = traffic;
  const weights = facts.before.canary?.weights;
  const inUse =
    traffic.isSettled && plan !== undefined
      ? [plan.canary.podTemplateHash, plan.stable.podTemplateHash]
      : [
          ...[plan?.canary, plan?.stable, weights?.canary, weights?.stable].map(
            (d) => d?.podTemplateHash,
          ),
          ...facts.observed.traffic.flatMap((router) => [
            router.state.inForce?.canary.podTemplateHash,
            router.state.inForce?.stable.podTemplateHash,
          ]),
        ];
  return [course.stableHash, facts.newHash, ...inUse, ...selected].includes(hash);
}

function routedOthers(
  canary: Canary,
  course: Course,
  traffic: TrafficDecision,
  selected: readonly string[],
): Sizing {
  const { facts, strategy } = canary;
  if (!traffic.isSettled) return nothing;
  const unused = canaryRoles(canary, course)
    .others.filter((rs) => !isReferenced(canary, course, traffic, rs, selected))
    .sort(byRevisionDescending);
  const isDelayed = (rs: ReplicaSet): boolean =>
    !strategy.dynamicStableScale &&
    (isFullyPromoted(facts, course) || scaleDownDeadlineOf(rs) !== undefined);
  const rules = {
    delaySeconds: strategy.scaleDownDelaySeconds ?? DEFAULT_DELAY_SECONDS,
    revisionLimit: strategy.scaleDownDelayRevisionLimit,
    waitingSize: specReplicas,
  };
  const atOnce = delayedScaleDown(
    unused.filter((rs) => !isDelayed(rs)),
    { ...rules, delaySeconds: 0 },
    facts.now,
  );
  const later = delayedScaleDown(unused.filter(isDelayed), rules, facts.now);
  const sizes = new Map([...atOnce, ...later].map((size) => [size.name, size]));
  return joined(
    unused.map((rs) => {
      const size = sizes.get(rs.metadata.name);
      return size === undefined ? nothing : sizingOf(rs, size);
    }),
  );
}

/**
 * Sizes of all ReplicaSets of a canary in this pass. `selected` are the hashes the canary and
 * stable Services select after it.
 */
export function canarySizing(
  canary: Canary,
  course: Course,
  traffic: TrafficDecision,
  selected: readonly string[],
): Sizing {
  const isPaused = canary.facts.spec.paused || isInconclusive(course);
  if (isPaused && !course.isAborted) return pausedSizing(canary, course, traffic);
  const delay = abortDelaySeconds(canary, course);
  const current =
    delay === undefined
      ? updatingSizes(canary, course, traffic)
      : abortedSizing(canary, course, traffic, delay);
  const others = canary.isRouted
    ? routedOthers(canary, course, traffic, selected)
    : basicOthers(canary, course);
  return joined([current, others]);
}
