import { afterEach, describe, expect, it } from "vitest";
import type { Job, JobSpec } from "../../../api/kubernetes/workloads.ts";
import { virtualCluster } from "../virtual-cluster.test-support.ts";
import type { Fate, VirtualCluster } from "../virtual-cluster.test-support.ts";

let cluster: VirtualCluster;
afterEach(() => cluster.stop());

function jobOf(spec: Partial<JobSpec> = {}): Job {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "sum", namespace: "default" },
    spec: {
      template: { spec: { containers: [{ name: "app" }], restartPolicy: "Never" } },
      ...spec,
    },
  };
}

const succeeds: Fate = { readyAfterMs: 100, ends: { afterMs: 5_000, phase: "Succeeded" } };
const fails: Fate = { ends: { afterMs: 1_000, phase: "Failed" } };
const stored = () => cluster.get<Job>("batch/v1", "Job", "sum");

async function verdict(): Promise<string | undefined> {
  const ended = (await stored()).status?.conditions?.find((each) => each.status === "True");
  return ended && `${ended.type} ${ended.reason ?? ""}`;
}

describe("a Job", () => {
  it("runs one pod to its end", async () => {
    cluster = await virtualCluster(() => succeeds);
    await cluster.store.create(jobOf());
    await cluster.pass(1_000);
    expect((await stored()).status).toMatchObject({
      active: 1,
      ready: 1,
      startTime: "2026-01-01T00:00:00Z",
    });
    const [pod] = await cluster.pods();
    expect(pod?.metadata.labels).toMatchObject({
      "job-name": "sum",
      "batch.kubernetes.io/job-name": "sum",
    });
    await cluster.pass(10_000);
    expect(await verdict()).toBe("Complete CompletionsReached");
    expect((await stored()).status).toMatchObject({
      succeeded: 1,
      failed: 0,
      active: 0,
      completionTime: "2026-01-01T00:00:05Z",
    });
    expect(await cluster.pods()).toHaveLength(1);
  });

  it("reaches its completions, so many at a time", async () => {
    cluster = await virtualCluster(() => succeeds);
    await cluster.store.create(jobOf({ completions: 5, parallelism: 2 }));
    await cluster.pass(4_000);
    expect((await stored()).status?.active).toBe(2);
    await cluster.pass(20_000);
    expect(await verdict()).toBe("Complete CompletionsReached");
    expect(await cluster.pods()).toHaveLength(5);
  });

  it("tries again after 10, 20, 40 … seconds and gives up beyond the limit", async () => {
    cluster = await virtualCluster(() => fails);
    await cluster.store.create(jobOf({ backoffLimit: 2 }));
    await cluster.pass(5_000);
    expect(await cluster.pods()).toHaveLength(1);
    await cluster.pass(8_000);
    expect(await cluster.pods()).toHaveLength(2);
    await cluster.pass(15_000);
    expect(await cluster.pods()).toHaveLength(2);
    await cluster.pass(60_000);
    expect(await cluster.pods()).toHaveLength(3);
    expect(await verdict()).toBe("Failed BackoffLimitExceeded");
    expect((await stored()).status).toMatchObject({ failed: 3, active: 0 });
  });

  it("ends at its deadline and removes what still runs", async () => {
    cluster = await virtualCluster(() => ({ readyAfterMs: 100 }));
    await cluster.store.create(jobOf({ activeDeadlineSeconds: 30 }));
    await cluster.pass(29_000);
    expect(await verdict()).toBeUndefined();
    await cluster.pass(2_000);
    expect(await verdict()).toBe("Failed DeadlineExceeded");
    expect(await cluster.pods()).toHaveLength(0);
  });

  it("runs nothing while suspended and begins when resumed", async () => {
    cluster = await virtualCluster(() => succeeds);
    await cluster.store.create(jobOf({ suspend: true }));
    await cluster.pass(5_000);
    expect(await cluster.pods()).toHaveLength(0);
    expect((await stored()).status?.startTime).toBeUndefined();
    const ref = { apiVersion: "batch/v1", kind: "Job", namespace: "default", name: "sum" };
    await cluster.store.patch(ref, { type: "merge", body: { spec: { suspend: false } } });
    await cluster.pass(10_000);
    expect(await verdict()).toBe("Complete CompletionsReached");
  });

  it("goes away some time after its end, with its pods", async () => {
    cluster = await virtualCluster(() => succeeds);
    await cluster.store.create(jobOf({ ttlSecondsAfterFinished: 60 }));
    await cluster.pass(64_000);
    expect(await verdict()).toBe("Complete CompletionsReached");
    await cluster.pass(3_000);
    expect((await cluster.store.list({ apiVersion: "batch/v1", kind: "Job" })).items).toEqual([]);
    expect(await cluster.pods()).toEqual([]);
  });

  it("does not begin again after a crash, nor when its pod is deleted after the end", async () => {
    cluster = await virtualCluster(() => succeeds);
    await cluster.store.create(jobOf());
    await cluster.pass(10_000);
    const [pod] = await cluster.pods();
    await cluster.store.delete({
      apiVersion: "v1",
      kind: "Pod",
      namespace: "default",
      name: pod!.metadata.name,
    });
    await cluster.restart();
    await cluster.pass(100_000);
    expect(await cluster.pods()).toEqual([]);
    expect((await stored()).status?.succeeded).toBe(1);
  });
});
