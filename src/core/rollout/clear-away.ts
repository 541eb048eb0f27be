import { isAnalysisCompleted } from "../../api/argo/analysis.ts";
import type { AnalysisPhase } from "../../api/argo/analysis.ts";
import { podTemplateHashLabel } from "../../api/argo/keys.ts";
import { controllerOf } from "../../api/meta/object.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { parseTime } from "../../lib/time.ts";
import { replicaSetsBeyondHistory } from "../replicas/history.ts";
import { hashOf, isBeingDeleted } from "../replicas/replica-set.ts";
import { rolesOf } from "./context.ts";
import type { Facts } from "./context.ts";
import type { Course } from "./course.ts";
import type { Effect } from "./decision.ts";

// What has had its time: ReplicaSets beyond the history limit, and runs and experiments beyond
// theirs or of versions that are gone (§2.2 History GC, §2.13 Retention).

interface Judged extends KubeObject {
  readonly status?: { readonly phase?: AnalysisPhase };
}

function isOurs(facts: Facts, object: KubeObject): boolean {
  return (
    controllerOf(object)?.uid === facts.owner.uid && object.metadata.deletionTimestamp === undefined
  );
}

function newestFirst(a: KubeObject, b: KubeObject): number {
  const bornA = parseTime(a.metadata.creationTimestamp) ?? 0;
  const bornB = parseTime(b.metadata.creationTimestamp) ?? 0;
  return bornB - bornA || (a.metadata.name < b.metadata.name ? 1 : -1);
}

/** The superfluous ones among finished, not current objects. */
function superfluous<T extends Judged>(
  facts: Facts,
  objects: readonly T[],
  current: ReadonlySet<string | undefined>,
  liveHashes: ReadonlySet<string>,
): readonly T[] {
  const { successfulRunHistoryLimit, unsuccessfulRunHistoryLimit } = facts.spec;
  const left = { good: successfulRunHistoryLimit, bad: unsuccessfulRunHistoryLimit };
  const idle = objects.filter((o) => isOurs(facts, o) && !current.has(o.metadata.name));
  return [...idle].sort(newestFirst).filter((object) => {
    if (!liveHashes.has(object.metadata.labels?.[podTemplateHashLabel] ?? "")) return true;
    if (!isAnalysisCompleted(object.status?.phase)) return false;
    const bucket = object.status?.phase === "Successful" ? "good" : "bad";
    left[bucket] -= 1;
    return left[bucket] < 0;
  });
}

/** Deletions after this pass. */
export function clearAway(facts: Facts, course: Course): readonly Effect[] {
  const { others } = rolesOf(facts, course.stableHash);
  const gone = replicaSetsBeyondHistory(others, facts.spec.revisionHistoryLimit);
  const kept = facts.replicaSets.filter((rs) => !gone.includes(rs) && !isBeingDeleted(rs));
  const liveHashes = new Set([...kept.map(hashOf), facts.newHash]);
  const runs = [
    course.stepRun,
    course.backgroundRun,
    course.prePromotionRun,
    course.postPromotionRun,
  ];
  const currentRuns = new Set(runs.map((run) => run?.name));
  const { analysisRuns, experiments } = facts.observed;
  const named = (object: KubeObject): { readonly name: string; readonly uid: string } => ({
    name: object.metadata.name,
    uid: object.metadata.uid ?? "",
  });
  return [
    ...gone.map((rs): Effect => ({ kind: "deleteReplicaSet", ...named(rs) })),
    ...superfluous(facts, analysisRuns, currentRuns, liveHashes).map((run): Effect => ({
      kind: "deleteAnalysisRun",
      ...named(run),
    })),
    ...superfluous(facts, experiments, new Set([course.experiment]), liveHashes).map(
      (experiment): Effect => ({ kind: "deleteExperiment", ...named(experiment) }),
    ),
  ];
}
