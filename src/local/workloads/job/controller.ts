// The shell of Jobs: observe → decide → carry out → save status.
import type { Pod } from "../../../api/kubernetes/pod.ts";
import type { Job } from "../../../api/kubernetes/workloads.ts";
import { controllerOf, refOf } from "../../../api/meta/object.ts";
import { asJson } from "../../../api/meta/wire.ts";
import { deepEqual } from "../../../lib/deep-equal.ts";
import { isStoreError } from "../../../objects/object-store.ts";
import { keyOf, splitKey } from "../../../runtime/cache.ts";
import type { Cache } from "../../../runtime/cache.ts";
import { sourceOf } from "../../../runtime/controller.ts";
import type { Controller } from "../../../runtime/controller.ts";
import { requeueAfter, settled } from "../../../runtime/outcome.ts";
import { createPod, deletePod } from "../carry-out.ts";
import type { WorkloadDeps } from "../replica-set/controller.ts";
import { decideJob } from "./decide.ts";
import type { JobDecision } from "./decide.ts";

export function jobController(deps: WorkloadDeps): Controller {
  const { manager, clock, store } = deps;
  const jobs = manager.cache<Job>("batch/v1", "Job");
  const pods = manager.cache<Pod>("v1", "Pod");
  return {
    name: "job",
    concurrency: 4,
    sources: [
      sourceOf(jobs, (job) => [keyOf(job)]),
      sourceOf(pods, (pod) => {
        const owner = controllerOf(pod);
        return owner?.kind === "Job" ? [`${pod.metadata.namespace ?? ""}/${owner.name}`] : [];
      }),
    ],
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const job = jobs.get(namespace, name);
      if (job === undefined) return settled;
      const decision = decideJob({ job, pods: pods.list(namespace) }, clock.now());
      if (decision.isExpired) {
        await deleteJob(job, deps);
        return settled;
      }
      // The verdict first: a Job that is over must not begin again because of a crash in between.
      await saveStatus(job, decision, jobs, deps);
      for (const pod of decision.create) await createPod(job, pod, pods, deps);
      for (const pod of decision.remove) {
        await deletePod(store, pod);
        const leaving = await store.get<Pod>(refOf(pod));
        if (leaving !== undefined) pods.remember(leaving);
      }
      if (decision.nextAtMs === undefined) return settled;
      return requeueAfter(
        decision.nextAtMs - clock.now(),
        "waiting for the next try, the deadline or the end of its time to live",
      );
    },
  };
}

async function deleteJob(job: Job, { store }: WorkloadDeps): Promise<void> {
  const { uid } = job.metadata;
  try {
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    await store.delete(refOf(job), { ...preconditions, propagation: "Background" });
  } catch (error) {
    if (!isStoreError(error, "NotFound") && !isStoreError(error, "Conflict")) throw error;
  }
}

async function saveStatus(
  job: Job,
  { status }: JobDecision,
  jobs: Cache<Job>,
  { store, events }: WorkloadDeps,
): Promise<void> {
  if (deepEqual(asJson(status), asJson(job.status ?? {}))) return;
  jobs.remember(await store.update<Job>({ ...job, status }, { subresource: "status" }));
  const news = status.conditions?.find(
    (each) => each.status === "True" && !isKnown(job, each.type),
  );
  if (news === undefined) return;
  await events.record(job, {
    type: news.type === "Failed" ? "Warning" : "Normal",
    reason: news.type === "Complete" ? "Completed" : (news.reason ?? news.type),
    message: news.message ?? "",
    cause: news.type,
  });
}

function isKnown(job: Job, type: string): boolean {
  return (
    job.status?.conditions?.some((each) => each.type === type && each.status === "True") ?? false
  );
}
