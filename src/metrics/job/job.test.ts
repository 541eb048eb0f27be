import { describe, expect, it } from "vitest";
import type { AnalysisRun, Measurement, Metric, MetricResult } from "../../api/argo/analysis.ts";
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { Job } from "../../api/kubernetes/workloads.ts";
import { controllerReference } from "../../api/meta/object.ts";
import { createRng } from "../../lib/rng.ts";
import { formatTime } from "../../lib/time.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { describeMetricProvider, questionOf } from "../conformance.ts";
import type { MetricQuestion, ProviderContext } from "../provider.ts";
import { jobProvider } from "./job.ts";

const now = Date.parse("2026-11-21T00:00:00Z");
const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "check" }] } };

function metricOf(name = "check", config: object = { spec: { template } }): Metric {
  return { name, provider: { job: config } } as Metric;
}

interface World {
  readonly context: ProviderContext;
  readonly store: ObjectStore;
  readonly clock: VirtualClock;
}

/** The run itself is in the store: what belongs to nobody is collected. */
async function worldOf(env: ProviderContext["env"] = {}): Promise<World> {
  const clock = new VirtualClock(now);
  const { run } = questionOf({ now }, metricOf());
  const { uid: given = "", ...metadata } = run.metadata;
  let uids = 0;
  let newUid = (): string => `uid-${String((uids += 1))}`;
  const store = memoryStore({ clock, rng: createRng(1), newUid: () => newUid() });
  const others = newUid;
  newUid = () => given;
  await store.create({ ...run, metadata });
  newUid = others;
  return { context: { store, env, traffic: undefined }, store, clock };
}

async function jobs(store: ObjectStore): Promise<readonly Job[]> {
  return (await store.list<Job>({ apiVersion: "batch/v1", kind: "Job" })).items;
}

async function end(store: ObjectStore, type: string, status = "True"): Promise<void> {
  for (const { metadata } of await jobs(store)) {
    const ref = {
      apiVersion: "batch/v1",
      kind: "Job",
      namespace: metadata.namespace ?? "",
      name: metadata.name,
    };
    const body = { status: { conditions: [{ type, status }] } };
    await store.patch(ref, { type: "merge", body }, { subresource: "status" });
  }
}

describeMetricProvider(jobProvider, async () => {
  const { context, store } = await worldOf();
  const taken = metricOf("taken");
  const { run } = questionOf({ now }, taken);
  const foreign: Job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: `${run.metadata.uid ?? ""}.taken.1`, namespace: "default" },
    spec: { template },
  };
  await store.create(foreign);
  return {
    context,
    good: metricOf(),
    unanswerable: taken,
    misconfigured: metricOf("m", {}),
    made: async () => (await jobs(store)).length,
    finish: async () => end(store, "Complete"),
    now,
    close: async () => undefined,
  };
});

function measurementOf(answer: unknown): Measurement {
  const { metadata } = answer as { readonly metadata: Measurement["metadata"] & object };
  return { phase: "Running", startedAt: formatTime(now), metadata };
}

const later = (question: MetricQuestion, seconds: number): MetricQuestion => ({
  ...question,
  now: now + seconds * 1000,
});

describe("the Job", () => {
  it("carries the run's name, uid and owner, the user's labels, and the spec as written", async () => {
    const { context, store } = await worldOf();
    const metadata = { labels: { team: "a" }, annotations: { note: "b" } };
    const asked = metricOf("check", {
      metadata,
      spec: { backoffLimit: 1, template: { ...template, metadata: { labels: { x: "y" } } } },
    });
    const question = questionOf({ now }, asked);
    const uid = question.run.metadata.uid ?? "";
    expect(await jobProvider.create(asked, context).measure(question)).toEqual({
      kind: "running",
      resumeAtMs: now,
      metadata: { "job-name": `${uid}.check.1`, "job-namespace": "default" },
    });
    const [job] = await jobs(store);
    expect(job).toMatchObject({
      metadata: {
        labels: { team: "a", "analysisrun.argoproj.io/uid": uid },
        annotations: {
          note: "b",
          "analysisrun.argoproj.io/name": "run",
          "analysisrun.argoproj.io/namespace": "default",
          "analysisrun.argoproj.io/metric-name": "check",
        },
        ownerReferences: [{ kind: "AnalysisRun", name: "run", uid, controller: true }],
      },
      spec: {
        backoffLimit: 1,
        template: { metadata: { labels: { x: "y", "analysisrun.argoproj.io/uid": uid } } },
      },
    });
  });

  it.each([
    ["counts measurements and errors", "check", { count: 2, error: 1 }, ".check.4"],
    [
      "a long metric name is cut, so that the whole has 63 characters",
      "m".repeat(80),
      {},
      `.${"m".repeat(24)}.1`,
    ],
    [
      "that is cut at a dash ends before it",
      "a-very-long-name-that-i-s-not-short-at-all",
      {},
      ".a-very-long-name-that-i.1",
    ],
  ])("its name %s", async (_name, name, counts, suffix) => {
    const { context, store } = await worldOf();
    const asked = metricOf(name);
    const { run, ...rest } = questionOf({ now }, asked);
    const metricResults: readonly MetricResult[] = [{ name, phase: "Running", ...counts }];
    await jobProvider
      .create(asked, context)
      .measure({ ...rest, run: { ...run, status: { metricResults } } });
    const [job] = await jobs(store);
    expect(job?.metadata.name).toBe(`${run.metadata.uid ?? ""}${suffix}`);
    expect(job?.metadata.name.length).toBeLessThanOrEqual(63);
  });

  it("is not another metric's whose long name was cut to the same", async () => {
    const { context, store } = await worldOf();
    const measure = async (name: string): Promise<string | undefined> => {
      const asked = metricOf(name);
      const answer = await jobProvider.create(asked, context).measure(questionOf({ now }, asked));
      return answer.metadata?.["job-name"];
    };
    const long = "integration-tests-checkout";
    const names = [await measure(`${long}-eu`), await measure(`${long}-us`)];
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => (name?.length ?? 99) <= 63)).toBe(true);
    const made = (await jobs(store)).map(({ metadata }) => metadata.name);
    expect(made.toSorted()).toEqual(names.toSorted());
    // Asked again, each finds its own.
    expect([await measure(`${long}-eu`), await measure(`${long}-us`)]).toEqual(names);
    expect(await jobs(store)).toHaveLength(2);
  });

  it("in another namespace it has no owner and is found by its label", async () => {
    const { context, store } = await worldOf({ ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE: "jobs" });
    await store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "jobs" } });
    const asked = metricOf();
    const provider = jobProvider.create(asked, context);
    const first = await provider.measure(questionOf({ now }, asked));
    expect((await jobs(store))[0]?.metadata).toMatchObject({ namespace: "jobs" });
    expect((await jobs(store))[0]?.metadata.ownerReferences).toBeUndefined();
    expect(await provider.measure(questionOf({ now }, asked))).toEqual(first);
  });

  it("another cluster, when it is given: found again by its label, owned by nobody there", async () => {
    const here = await worldOf({ ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG: "/etc/jobs/kubeconfig" });
    const there = await worldOf();
    const context = { ...here.context, jobStore: there.store };
    const asked = metricOf();
    const question = questionOf({ now }, asked);
    const started = await jobProvider.create(asked, context).measure(question);
    expect(await jobProvider.create(asked, context).measure(question)).toEqual(started);
    expect(await jobs(here.store)).toEqual([]);
    const [job] = await jobs(there.store);
    expect(job?.metadata.ownerReferences).toBeUndefined();
    await end(there.store, "Complete");
    const measurement = measurementOf(started);
    const provider = jobProvider.create(asked, context);
    expect(await provider.resume?.(later(question, 8), measurement)).toEqual({
      kind: "phase",
      phase: "Successful",
    });
  });

  it("another cluster that nothing reaches is refused, in words", async () => {
    const { context } = await worldOf({ ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG: "in-cluster" });
    expect(() => jobProvider.create(metricOf(), context)).toThrow(
      "ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG is set, but nothing here reaches that cluster",
    );
  });
});

describe("resume", () => {
  async function started() {
    const world = await worldOf();
    const asked = metricOf();
    const provider = jobProvider.create(asked, world.context);
    const question = questionOf({ now }, asked);
    const measurement = measurementOf(await provider.measure(question));
    const resume = async (seconds = 8) => provider.resume?.(later(question, seconds), measurement);
    return { ...world, provider, question, measurement, resume };
  }

  it.each([
    ["Complete", "Successful"],
    ["Failed", "Failed"],
  ])("%s → %s", async (type, phase) => {
    const { store, resume } = await started();
    await end(store, type);
    expect(await resume()).toEqual({ kind: "phase", phase });
  });

  it("a condition that was taken back does not count", async () => {
    const { store, resume } = await started();
    await end(store, "Failed", "False");
    expect(await resume()).toMatchObject({ kind: "running" });
  });

  it("waits longer the longer it has run", async () => {
    const { resume } = await started();
    expect(await resume(8)).toEqual({ kind: "running", resumeAtMs: now + 8000 + 4000 });
    expect(await resume(50)).toEqual({ kind: "running", resumeAtMs: now + 50_000 + 10_000 });
  });

  it.each(["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])(
    "%s is inconclusive",
    async (reason) => {
      const { store, resume } = await started();
      const [job] = await jobs(store);
      if (!job) throw new Error("no Job");
      const waiting = { reason, message: "no such image" };
      const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name: "p",
          namespace: "default",
          labels: job.spec.template.metadata?.labels ?? {},
          ownerReferences: [controllerReference(job)],
        },
        spec: template.spec,
      } as Pod;
      await store.create(pod);
      const containerStatuses = [{ name: "c", ready: false, restartCount: 0, state: { waiting } }];
      const ref = { apiVersion: "v1", kind: "Pod", namespace: "default", name: "p" };
      await store.patch(
        ref,
        { type: "merge", body: { status: { containerStatuses } } },
        { subresource: "status" },
      );
      expect(await resume()).toEqual({
        kind: "phase",
        phase: "Inconclusive",
        message: `Pod p, container c has terminal error (${reason}): no such image\n`,
      });
    },
  );

  it("a Job that is gone is an error", async () => {
    const { store, measurement, resume } = await started();
    const name = measurement.metadata?.["job-name"] ?? "";
    await store.delete(
      { apiVersion: "batch/v1", kind: "Job", namespace: "default", name },
      { propagation: "Background" },
    );
    expect(await resume()).toEqual({ kind: "error", message: `job.batch "${name}" not found` });
  });

  it("a measurement that forgot its Job is an error", async () => {
    const { provider, question } = await started();
    const answer = await provider.resume?.(question, { phase: "Running" });
    expect(answer).toEqual({ kind: "error", message: "job metadata reference missing" });
  });

  it.each([
    ["unfinished", undefined, "Inconclusive"],
    ["failed by now", "Failed", "Failed"],
    ["complete by now", "Complete", "Successful"],
  ])("terminate: %s, the Job goes", async (_name, type, phase) => {
    const { store, provider, question, measurement } = await started();
    if (type !== undefined) await end(store, type);
    expect(await provider.terminate?.(question, measurement)).toEqual({ kind: "phase", phase });
    const left = await jobs(store);
    expect(left.every(({ metadata }) => metadata.deletionTimestamp !== undefined)).toBe(true);
  });
});

it("clears away the oldest Jobs of this metric beyond the limit, and of no other", async () => {
  const { context, store, clock } = await worldOf();
  const [first, second] = [metricOf("first"), metricOf("second")];
  const runWith = (name: string, count: number): AnalysisRun => {
    const { run } = questionOf({ now }, metricOf(name));
    return { ...run, status: { metricResults: [{ name, phase: "Running", count }] } };
  };
  for (let count = 0; count < 4; count += 1) {
    for (const asked of [first, second]) {
      const question = questionOf({ now }, asked);
      await jobProvider
        .create(asked, context)
        .measure({ ...question, run: runWith(asked.name, count) });
    }
    clock.fireNext(now + (count + 1) * 1000);
  }
  await jobProvider.create(first, context).garbageCollect?.(runWith("first", 4), first, 2);
  const alive = (await jobs(store)).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
  const names = alive.map(({ metadata }) => metadata.name.replace(/^.*?\./, "")).sort();
  expect(names).toEqual(["first.3", "first.4", "second.1", "second.2", "second.3", "second.4"]);
});
