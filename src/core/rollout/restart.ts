import type { Pod } from "../../api/kubernetes/pod.ts";
import { isPodReady } from "../../api/kubernetes/pod.ts";
import { controllerOf } from "../../api/meta/object.ts";
import { formatTime, parseTime } from "../../lib/time.ts";
import { resolveIntOrPercent } from "../replicas/limits.ts";
import { specReplicas, sumOf } from "../replicas/replica-set.ts";
import type { Facts } from "./context.ts";
import type { Course } from "./course.ts";
import type { Effect, LookAgain } from "./decision.ts";

// spec.restartAt: pods older than that moment are replaced, a few at a time (§2.15 Restart).

const RETRY_MS = 30_000;

export interface RestartOutcome {
  readonly course: Course;
  readonly effects: readonly Effect[];
  readonly lookAgain: readonly LookAgain[];
}

export function isRestartPending(
  facts: Pick<Facts, "spec">,
  restartedAt: string | undefined,
): boolean {
  const { restartAtMs } = facts.spec;
  return restartAtMs !== undefined && parseTime(restartedAt) !== restartAtMs;
}

/** Pods that may go now: those available beyond what maxUnavailable (at least one) asks to keep. */
function mayGoNow(facts: Facts, pods: readonly Pod[]): number {
  const { n, spec, replicaSets } = facts;
  const asked = resolveIntOrPercent(spec.strategy.maxUnavailable, n, "down");
  const wanted = Math.max(n, sumOf(replicaSets, specReplicas));
  const available = pods.filter((pod) => isPodReady(pod) && !isLeaving(pod)).length;
  return Math.max(0, available - (wanted - Math.max(1, asked)));
}

function isLeaving(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

function evict(pod: Pod): Effect {
  return { kind: "evictPod", name: pod.metadata.name, uid: pod.metadata.uid ?? "" };
}

/** Evicts what may go; done when no pod of owned ReplicaSets is older than restartAt. */
export function restartPods(facts: Facts, course: Course): RestartOutcome {
  const { restartAtMs } = facts.spec;
  const idle: RestartOutcome = { course, effects: [], lookAgain: [] };
  if (restartAtMs === undefined || !isRestartPending(facts, course.restartedAt)) return idle;
  if (restartAtMs > facts.now) {
    return { ...idle, lookAgain: [{ atMs: restartAtMs, why: "pods are restarted" }] };
  }
  const owners = new Set(facts.replicaSets.map((rs) => rs.metadata.uid));
  const pods = facts.observed.pods.filter((pod) => owners.has(controllerOf(pod)?.uid));
  const older = pods.filter(
    (pod) => (parseTime(pod.metadata.creationTimestamp) ?? 0) < restartAtMs,
  );
  if (older.length === 0) {
    return { ...idle, course: { ...course, restartedAt: formatTime(restartAtMs) } };
  }
  const leaving = older.filter((pod) => !isLeaving(pod)).slice(0, mayGoNow(facts, pods));
  const retry = { atMs: facts.now + RETRY_MS, why: "more pods are restarted" };
  return { course, effects: leaving.map(evict), lookAgain: [retry] };
}
