import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import {
  byRevisionDescending,
  desiredReplicasOf,
  hashOf,
  scaleDownDeadlineOf,
  servingReplicas,
  specReplicas,
} from "../replicas/replica-set.ts";
import { delayedScaleDown } from "../replicas/scale-down-delay.ts";
import { newSize } from "./blue-green-view.ts";
import type { BlueGreen } from "./blue-green-view.ts";
import { sizingOf, withoutDeadline } from "./canary-replica-sets.ts";
import type { Sizing } from "./canary-replica-sets.ts";
import { rolesOf } from "./context.ts";
import { hasPause } from "./course.ts";
import type { Course } from "./course.ts";
import type { ReplicaSetChange } from "./replica-set-changes.ts";

const DEFAULT_DELAY_SECONDS = 30;

/** After an abort the preview stays for a while, or for good if the delay is 0 (§2.9 abort). */
function abortedPreview(blueGreen: BlueGreen, course: Course, selected: readonly string[]): Sizing {
  const { facts, strategy } = blueGreen;
  const { newRs, n } = facts;
  const { stableRs } = rolesOf(facts, course.stableHash);
  const delaySeconds = strategy.abortScaleDownDelaySeconds ?? DEFAULT_DELAY_SECONDS;
  const kept: ReplicaSetChange = { name: newRs.metadata.name, replicas: specReplicas(newRs) };
  const isNeeded =
    selected.includes(facts.newHash) && strategy.previewService === undefined
      ? true
      : servingReplicas(stableRs) < n && scaleDownDeadlineOf(newRs) === undefined;
  if (delaySeconds === 0 || specReplicas(newRs) === 0 || isNeeded)
    return { changes: [kept], lookAgain: [] };
  const rules = { delaySeconds, revisionLimit: undefined, waitingSize: specReplicas };
  const size = delayedScaleDown([newRs], rules, facts.now)[0];
  if (size === undefined) return { changes: [kept], lookAgain: [] };
  const sizing = sizingOf(newRs, size);
  return { changes: [kept, ...sizing.changes], lookAgain: sizing.lookAgain };
}

/** A version that is taken up again loses its deadline once users are on it: until then it tells that going back is instant. */
function currentVersion(blueGreen: BlueGreen, course: Course): ReplicaSetChange {
  const { facts } = blueGreen;
  const replicas = newSize(blueGreen, course);
  const isTaken = blueGreen.activeHash === facts.newHash || course.stableHash === facts.newHash;
  const base = isTaken ? withoutDeadline(facts.newRs) : { name: facts.newRs.metadata.name };
  return { ...base, replicas };
}

/** It was the active version once, not only a preview: going back to it has to stay instant. */
function isFullSize(rs: ReplicaSet): boolean {
  return specReplicas(rs) === desiredReplicasOf(rs);
}

function oldVersions(blueGreen: BlueGreen, course: Course, selected: readonly string[]): Sizing {
  const { facts, strategy } = blueGreen;
  if (hasPause(course, "InconclusiveAnalysisRun")) return { changes: [], lookAgain: [] };
  const { others } = rolesOf(facts, course.stableHash);
  const unused = others.filter((rs) => !selected.includes(hashOf(rs))).sort(byRevisionDescending);
  const sizes = delayedScaleDown(
    unused,
    {
      delaySeconds: strategy.scaleDownDelaySeconds ?? DEFAULT_DELAY_SECONDS,
      revisionLimit: strategy.scaleDownDelayRevisionLimit,
      waitingSize: (rs) => (isFullSize(rs) ? facts.n : specReplicas(rs)),
    },
    facts.now,
  );
  const parts = unused.flatMap((rs: ReplicaSet, index) => {
    const size = sizes[index];
    return size === undefined ? [] : [sizingOf(rs, size)];
  });
  return {
    changes: parts.flatMap((part) => part.changes),
    lookAgain: parts.flatMap((part) => part.lookAgain),
  };
}

/** Sizes of all ReplicaSets; `selected` are the hashes of the active and preview Service after this pass. */
export function blueGreenSizing(
  blueGreen: BlueGreen,
  course: Course,
  selected: readonly string[],
): Sizing {
  const { facts } = blueGreen;
  const { stableRs } = rolesOf(facts, course.stableHash);
  const isUpdating = stableRs !== undefined && stableRs !== facts.newRs;
  const stable: readonly ReplicaSetChange[] = isUpdating
    ? [{ ...withoutDeadline(stableRs), replicas: facts.n }]
    : [];
  const preview: Sizing =
    course.isAborted && isUpdating
      ? abortedPreview(blueGreen, course, selected)
      : { changes: [currentVersion(blueGreen, course)], lookAgain: [] };
  const old = oldVersions(blueGreen, course, selected);
  return {
    changes: [...stable, ...preview.changes, ...old.changes],
    lookAgain: [...preview.lookAgain, ...old.lookAgain],
  };
}
