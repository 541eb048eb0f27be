// A whole controller in this process, against our own API server over a memory store. What needs a
// real cluster is in test/cluster/.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Lease } from "../api/kubernetes/workloads.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { isHaldaneError } from "../lib/errors.ts";
import { newMemoryStore, startTestServer } from "../local/api-server/api-server.test-support.ts";
import { readKubeconfig } from "../objects/kubernetes/kubeconfig.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { sleep, systemClock } from "../runtime/clock.ts";
import type { LogFields } from "../runtime/log.ts";
import { keptLog } from "../runtime/virtual-world.test-support.ts";
import { runController, type ControllerEnd, type ControllerSettings } from "./kubernetes.ts";

const settings: ControllerSettings = {
  instanceId: "",
  watchedNamespace: undefined,
  ownNamespace: "default",
  threads: { rollouts: 2, experiments: 1, analysis: 2, services: 1 },
  qps: 1000,
  burst: 1000,
  election: { leaseDurationMs: 1500, renewDeadlineMs: 1000, retryPeriodMs: 50 },
  metricsPort: 0,
  healthzPort: 0,
  resyncMs: 900_000,
  routers: {},
};

const lease = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  namespace: "default",
  name: "argo-rollouts-controller-lock",
};

const rollout = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { namespace: "default", name: "shop" },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "shop" } },
    template: {
      metadata: { labels: { app: "shop" } },
      spec: { containers: [{ name: "web", image: "shop:1" }] },
    },
    strategy: { canary: { steps: [{ setWeight: 50 }] } },
  },
};

let store: ObjectStore;
let api: Awaited<ReturnType<typeof startTestServer>>;
let lines: string[];
let fields: LogFields[];
let stop: AbortController;
let ended: Promise<ControllerEnd> | undefined;

beforeEach(async () => {
  const memory = newMemoryStore();
  store = memory;
  api = await startTestServer({ store: memory });
  [lines, fields] = [[], []];
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort(new Error("the test is over"));
  await ended;
  await api.close();
});

function start(more: Partial<ControllerSettings> = {}): Promise<ControllerEnd> {
  ended = runController(
    {
      access: readKubeconfig({ files: [api.server.kubeconfigPath] }),
      settings: { ...settings, ...more },
      clock: systemClock,
      log: keptLog(lines, fields),
      env: {},
      version: "1.2.3",
    },
    stop.signal,
  );
  return ended;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(systemClock, 5);
}

async function isHealthy(): Promise<boolean> {
  const ref = {
    apiVersion: rollout.apiVersion,
    kind: "Rollout",
    namespace: "default",
    name: "shop",
  };
  const found = await store.get<KubeObject & { status?: { phase?: string } }>(ref);
  return found?.status?.phase === "Healthy";
}

async function leaseSpec(): Promise<Lease["spec"]> {
  return (await store.get<Lease>(lease))?.spec;
}

async function page(port: "healthzPort" | "metricsPort", path: string): Promise<string> {
  const { [port]: number } = fields.find((each) => each[port] !== undefined) ?? {};
  return (await fetch(`http://127.0.0.1:${String(number)}${path}`)).text();
}

describe("the controller of a cluster", () => {
  it("leads, looks after rollouts, shows its figures, and gives the lease back when it is stopped", async () => {
    const end = start();
    await store.create(rollout);
    await until(isHealthy);
    expect((await leaseSpec())?.holderIdentity).toMatch(/^.+_[0-9a-f-]{36}$/);
    expect(await page("healthzPort", "/healthz")).toBe("ok");
    const figures = await page("metricsPort", "/metrics");
    for (const series of [
      'rollout_info{namespace="default",name="shop",strategy="canary",traffic_router="",phase="Completed"} 1',
      'rollout_events_total{namespace="default",name="shop",type="Normal",reason="RolloutCompleted"} 1',
      'rollout_reconcile_count{namespace="default",name="shop"}',
      'workqueue_adds_total{name="Rollouts"}',
      'controller_clientset_k8s_request_total{kind="replicasets",namespace="default",name="N/A",verb="Create",status_code="201"} 1',
      'argo_rollouts_controller_info{version="1.2.3"} 1',
      "haldane_controller_passes_total",
      "process_cpu_seconds_total",
    ])
      expect(figures).toContain(series);
    stop.abort(new Error("received SIGTERM"));
    expect(await end).toBe("stopped");
    expect((await leaseSpec())?.holderIdentity).toBe("");
    expect(lines.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
  });

  it("ends and writes nothing more once somebody else has the lease", async () => {
    const end = start();
    await until(async () => lines.includes("info all caches are synced, the controllers run"));
    const body = { spec: { holderIdentity: "another" } };
    await store.patch(lease, { type: "merge", body });
    expect(await end).toBe("lost");
    await store.create(rollout);
    expect(await isHealthy()).toBe(false);
    expect((await leaseSpec())?.holderIdentity).toBe("another");
  });

  it("can be stopped while it waits for the lease", async () => {
    await store.create({
      ...{ apiVersion: lease.apiVersion, kind: lease.kind },
      metadata: { namespace: "default", name: lease.name },
      ...{ spec: { holderIdentity: "another", leaseDurationSeconds: 60 } },
    });
    const end = start();
    await until(async () => lines.includes("info waiting for the lease"));
    stop.abort(new Error("received SIGTERM"));
    expect(await end).toBe("stopped");
  });

  it("needs no lease when it is told that it is alone, and leaves other instances' rollouts be", async () => {
    const metadata = {
      ...rollout.metadata,
      name: "theirs",
      labels: { "argo-rollouts.argoproj.io/controller-instance-id": "blue" },
    };
    await store.create({ ...rollout, metadata });
    await store.create(rollout);
    const end = start({ election: undefined });
    await until(isHealthy);
    const { items } = await store.list<KubeObject & { status?: unknown }>({
      apiVersion: rollout.apiVersion,
      kind: "Rollout",
    });
    expect(items.map(({ metadata: { name }, status }) => [name, status !== undefined])).toEqual([
      ["shop", true],
      ["theirs", false],
    ]);
    expect(await leaseSpec()).toBeUndefined();
    stop.abort(new Error("received SIGTERM"));
    expect(await end).toBe("stopped");
  });

  it("says which port it cannot have", async () => {
    const first = start({ election: undefined });
    await until(async () => fields.some((each) => each["metricsPort"] !== undefined));
    const { healthzPort } = fields.find((each) => each["healthzPort"] !== undefined) ?? {};
    const second = runController(
      {
        access: readKubeconfig({ files: [api.server.kubeconfigPath] }),
        settings: { ...settings, healthzPort: Number(healthzPort) },
        clock: systemClock,
        log: keptLog([]),
        env: {},
        version: "1",
      },
      stop.signal,
    );
    await expect(second).rejects.toSatisfy((error) => isHaldaneError(error, "PORT_IN_USE"));
    await expect(second).rejects.toThrow("--healthzPort");
    stop.abort(new Error("over"));
    await first;
  });
});
