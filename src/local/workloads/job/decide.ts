// What a Job asks for: how many pods run at a time, when it has succeeded, and when it has failed.
import type { Condition, Pod } from "../../../api/kubernetes/pod.ts";
import { isPodReady } from "../../../api/kubernetes/pod.ts";
import type { Job } from "../../../api/kubernetes/workloads.ts";
import { isControlledBy } from "../../../api/meta/object.ts";
import type { StringMap } from "../../../api/meta/object.ts";
import { formatTime, parseTime } from "../../../lib/time.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { isConditionTrue, withCondition } from "../conditions.ts";
import { nextPodNames } from "../pod-names.ts";
import { isActivePod, podFrom } from "../pods.ts";

export interface JobView {
  readonly job: Job;
  /** All pods of the namespace. */
  readonly pods: readonly Pod[];
}

export interface JobDecision {
  readonly create: readonly Pod[];
  readonly remove: readonly Pod[];
  /** Its time to live after the end is over. */
  readonly isExpired: boolean;
  readonly status: NonNullable<Job["status"]>;
  readonly nextAtMs: EpochMs | undefined;
}

interface Counts {
  readonly active: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  /** Restarts of containers within running pods; they count as failures too. */
  readonly restarts: number;
  readonly lastFailureMs: EpochMs | undefined;
}

const defaultBackoffLimit = 6;
const backoffBaseMs = 10_000;
const backoffMaxMs = 360_000;

/** A pod that was deleted after it had been counted does not take its count away with it. */
function countPods({ job, pods }: JobView): Counts {
  const owned = pods.filter((pod) => isControlledBy(pod, job));
  const ended = (phase: string): number =>
    owned.filter((pod) => pod.status?.phase === phase).length;
  const failures = owned
    .filter((pod) => pod.status?.phase === "Failed")
    .map((pod) => finishedAtMs(pod));
  const active = owned.filter((pod) => isActivePod(pod));
  return {
    active,
    succeeded: Math.max(ended("Succeeded"), job.status?.succeeded ?? 0),
    failed: Math.max(failures.length, job.status?.failed ?? 0),
    restarts: active.reduce((sum, pod) => sum + restartsOf(pod), 0),
    lastFailureMs: failures.length === 0 ? undefined : Math.max(...failures),
  };
}

function restartsOf(pod: Pod): number {
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ];
  return statuses.reduce((sum, each) => sum + each.restartCount, 0);
}

function finishedAtMs(pod: Pod): EpochMs {
  const ends = (pod.status?.containerStatuses ?? []).flatMap(
    (each) => parseTime(each.state?.terminated?.finishedAt) ?? [],
  );
  return Math.max(parseTime(pod.metadata.creationTimestamp) ?? 0, ...ends);
}

interface End {
  readonly type: "Complete" | "Failed";
  readonly reason: string;
  readonly message: string;
}

function endedBefore(job: Job): boolean {
  const { conditions } = job.status ?? {};
  return isConditionTrue(conditions, "Complete") || isConditionTrue(conditions, "Failed");
}

function deadlineAtMs(job: Job): EpochMs | undefined {
  const startMs = parseTime(job.status?.startTime);
  const seconds = job.spec.activeDeadlineSeconds;
  return startMs === undefined || seconds === undefined ? undefined : startMs + seconds * 1000;
}

/** Whether it is over now, and how. Without `completions`, one success is enough once the others have ended. */
function endOf(job: Job, counts: Counts, nowMs: EpochMs): End | undefined {
  const { backoffLimit = defaultBackoffLimit, completions, parallelism = 1 } = job.spec;
  const deadline = deadlineAtMs(job);
  const { succeeded, failed, restarts, active } = counts;
  const mustRestart = job.spec.template.spec.restartPolicy === "OnFailure";
  const tries = failed + (mustRestart ? restarts : 0);
  if (tries > backoffLimit) {
    return {
      type: "Failed",
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    };
  }
  const wanted = completions ?? (parallelism > 1 ? undefined : 1);
  const isDone = wanted === undefined ? succeeded > 0 && active.length === 0 : succeeded >= wanted;
  if (isDone)
    return {
      type: "Complete",
      reason: "CompletionsReached",
      message: "Reached expected number of succeeded pods",
    };
  if (deadline !== undefined && nowMs >= deadline) {
    return {
      type: "Failed",
      reason: "DeadlineExceeded",
      message: "Job was active longer than specified deadline",
    };
  }
  return undefined;
}

/** Decides one pass. The same objects give the same answer; after carrying it out, none. */
export function decideJob(view: JobView, nowMs: EpochMs): JobDecision {
  const { job } = view;
  const counts = countPods(view);
  if (job.metadata.deletionTimestamp !== undefined) {
    return {
      create: [],
      remove: [],
      isExpired: false,
      status: job.status ?? {},
      nextAtMs: undefined,
    };
  }
  if (endedBefore(job)) return afterTheEnd(job, counts, nowMs);
  const end = job.spec.suspend === true ? undefined : endOf(job, counts, nowMs);
  const wanted = end === undefined && job.spec.suspend !== true ? wantedActive(job, counts) : 0;
  const waitUntilMs = nextTryMs(counts);
  const mayCreate = waitUntilMs === undefined || waitUntilMs <= nowMs;
  const missing = mayCreate ? Math.max(0, wanted - counts.active.length) : 0;
  const surplus = Math.max(0, counts.active.length - wanted);
  return {
    create: newPods(view, missing),
    // Finished with, or suspended, or made narrower: the youngest go.
    remove: surplus === 0 ? [] : byAge(counts.active).slice(-surplus),
    isExpired: false,
    status: jobStatus(job, counts, end, nowMs),
    nextAtMs:
      end === undefined
        ? earliestAfter(nowMs, [
            deadlineAtMs(job),
            wanted > counts.active.length ? waitUntilMs : undefined,
          ])
        : nowMs,
  };
}

function byAge(pods: readonly Pod[]): readonly Pod[] {
  const age = (pod: Pod): number => parseTime(pod.metadata.creationTimestamp) ?? 0;
  return [...pods].sort((a, b) => age(a) - age(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
}

function wantedActive(job: Job, { succeeded, active }: Counts): number {
  const { completions, parallelism = 1 } = job.spec;
  if (completions !== undefined) return Math.min(parallelism, completions - succeeded);
  // Work queue: once one has succeeded, no new ones begin.
  return succeeded > 0 ? Math.min(active.length, parallelism) : parallelism;
}

/** After n failures the next pod waits 10 s · 2^(n-1), six minutes at most. */
function nextTryMs({ failed, lastFailureMs }: Counts): EpochMs | undefined {
  if (lastFailureMs === undefined || failed === 0) return undefined;
  return lastFailureMs + Math.min(backoffMaxMs, backoffBaseMs * 2 ** (failed - 1));
}

function earliestAfter(
  nowMs: EpochMs,
  times: readonly (EpochMs | undefined)[],
): EpochMs | undefined {
  const later = times.filter((time): time is EpochMs => time !== undefined && time > nowMs);
  return later.length === 0 ? undefined : Math.min(...later);
}

/** The labels Kubernetes puts on a Job's pods, by which people and tools find them. */
function jobLabels(job: Job): StringMap {
  const { name, uid = "" } = job.metadata;
  return {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  };
}

function newPods({ job, pods }: JobView, count: number): readonly Pod[] {
  const owned = pods.filter((pod) => isControlledBy(pod, job));
  const taken = new Set(pods.map((pod) => pod.metadata.name));
  const { template } = job.spec;
  return nextPodNames(job, owned, taken, count).map(({ name, ordinal }) =>
    podFrom({ name, ordinal, owner: job, template, labels: jobLabels(job) }),
  );
}

function jobStatus(
  job: Job,
  counts: Counts,
  end: End | undefined,
  nowMs: EpochMs,
): NonNullable<Job["status"]> {
  const { conditions: before = [], ...rest } = job.status ?? {};
  const isSuspended = job.spec.suspend === true;
  const { startTime = formatTime(nowMs), ...others } = rest;
  const ended =
    end === undefined ? before : withCondition(before, { ...end, status: "True" }, nowMs);
  const conditions = withSuspended(ended, isSuspended, nowMs);
  const active = end === undefined ? counts.active : [];
  return {
    ...others,
    active: active.length,
    ready: active.filter((pod) => isPodReady(pod)).length,
    succeeded: counts.succeeded,
    failed: counts.failed,
    ...(isSuspended ? {} : { startTime }),
    ...(end?.type === "Complete" ? { completionTime: formatTime(nowMs) } : {}),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function withSuspended(
  conditions: readonly Condition[],
  isSuspended: boolean,
  nowMs: EpochMs,
): readonly Condition[] {
  const type = "Suspended";
  const isKnown = conditions.some((each) => each.type === type);
  if (isSuspended)
    return withCondition(
      conditions,
      { type, status: "True", reason: "JobSuspended", message: "Job suspended" },
      nowMs,
    );
  if (!isKnown) return conditions;
  return withCondition(
    conditions,
    { type, status: "False", reason: "JobResumed", message: "Job resumed" },
    nowMs,
  );
}

/** What is over stays over: leftover pods go, and in the end the Job itself, if it says so. */
function afterTheEnd(job: Job, counts: Counts, nowMs: EpochMs): JobDecision {
  const seconds = job.spec.ttlSecondsAfterFinished;
  const ended = job.status?.conditions?.find(
    (each) => (each.type === "Complete" || each.type === "Failed") && each.status === "True",
  );
  const endedMs = parseTime(ended?.lastTransitionTime);
  const goneAtMs =
    seconds === undefined || endedMs === undefined ? undefined : endedMs + seconds * 1000;
  return {
    create: [],
    remove: counts.active,
    isExpired: goneAtMs !== undefined && nowMs >= goneAtMs,
    status: { ...job.status },
    nextAtMs: earliestAfter(nowMs, [goneAtMs]),
  };
}
