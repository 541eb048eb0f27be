import { beforeEach, describe, expect, it } from "vitest";
import type { AnalysisRun } from "../api/argo/analysis.ts";
import type { KubeObject } from "../api/meta/object.ts";
import type { JsonObject } from "../lib/json.ts";
import { noEvents } from "../runtime/events.ts";
import { silentLogger } from "../runtime/log.ts";
import { Manager } from "../runtime/manager.ts";
import { prometheusMetrics, type PrometheusMetrics } from "../runtime/metrics-prometheus.ts";
import { settled } from "../runtime/outcome.ts";
import { newWorld, pass, settle, type World } from "../runtime/virtual-world.test-support.ts";
import { sampleDeliveries } from "./delivery-gauges.ts";
import { countedEvents, measureAttempts, ObjectPasses, queueNameOf } from "./delivery-metrics.ts";

let world: World;
let metrics: PrometheusMetrics;
let manager: Manager;

beforeEach(async () => {
  world = newWorld();
  metrics = await prometheusMetrics({ processMetrics: false });
  manager = new Manager({ ...world, log: silentLogger });
});

function object(kind: string, name: string, more: JsonObject = {}): KubeObject {
  const metadata = { namespace: "default", name };
  return { apiVersion: "argoproj.io/v1alpha1", kind, metadata, ...more };
}

function ofKind(kind: string) {
  return manager.cache<KubeObject>("argoproj.io/v1alpha1", kind);
}

/** The series of one metric: its labels and value. */
async function series(name: string): Promise<readonly string[]> {
  const lines = (await metrics.render()).split("\n");
  return lines.filter((line) => line.startsWith(`${name}{`)).map((line) => line.slice(name.length));
}

describe("gauges", () => {
  function sample(instanceId = ""): void {
    const [rollouts, runs] = [ofKind("Rollout"), ofKind("AnalysisRun")];
    const [experiments, templates] = [ofKind("Experiment"), ofKind("AnalysisTemplate")];
    const sources = {
      rollouts: () => rollouts.list(),
      experiments: () => experiments.list(),
      analysisRuns: () => runs.list(),
      templates: () => templates.list(),
    };
    sampleDeliveries(metrics, sources, instanceId);
  }

  it("show rollouts as they are, and forget them at once when they are gone", async () => {
    sample();
    await manager.start();
    const spec = { replicas: 3, strategy: { blueGreen: { activeService: "a" } } };
    await world.store.create(object("Rollout", "shop", { spec }));
    await settle();
    expect(await series("rollout_info")).toEqual([
      '{namespace="default",name="shop",strategy="blueGreen",traffic_router="",phase="Progressing"} 1',
    ]);
    expect(await series("rollout_info_replicas_desired")).toEqual([
      '{namespace="default",name="shop"} 3',
    ]);
    expect(await series("rollout_phase")).toHaveLength(6);
    const ref = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" };
    await world.store.delete({ ...ref, namespace: "default", name: "shop" });
    await settle();
    expect(await series("rollout_info")).toEqual([]);
  });

  it("show runs with their metrics, experiments and templates", async () => {
    sample();
    await manager.start();
    const one = { name: "errors", provider: { job: { spec: {} } } };
    const status = { phase: "Failed", metricResults: [{ name: "errors", phase: "Failed" }] };
    const spec = { metrics: [one] };
    await world.store.create(object("AnalysisRun", "run", { spec, status }) as AnalysisRun);
    await world.store.create(object("AnalysisTemplate", "check", { spec }));
    await world.store.create(object("Experiment", "try", { spec: { templates: [] } }));
    await settle();
    const named = (name: string) => `namespace="default",name="${name}"`;
    expect(await series("analysis_run_info")).toEqual([`{${named("run")},phase="Failed"} 1`]);
    expect(await series("analysis_run_phase")).toContain(`{${named("run")},phase="Running"} 0`);
    expect(await series("analysis_run_metric_type")).toEqual([
      `{${named("run")},metric="errors",type="Job"} 1`,
    ]);
    expect(await series("analysis_run_metric_phase")).toContain(
      `{${named("run")},metric="errors",type="Job",dry_run="false",phase="Failed"} 1`,
    );
    expect(await series("experiment_phase")).toHaveLength(5);
    expect(await series("analysis_template_info")).toEqual([`{${named("check")}} 1`]);
    expect(await series("analysis_template_metric_info")).toEqual([
      `{${named("check")},type="Job",metric="errors"} 1`,
    ]);
  });

  it("leave out what another instance looks after", async () => {
    sample("blue");
    await manager.start();
    await world.store.create(object("Rollout", "shop", { spec: {} }));
    await settle();
    expect(await series("rollout_info")).toEqual([]);
  });
});

describe("counters", () => {
  it("count passes by object and forget an object some time after it is gone", async () => {
    const passes = new ObjectPasses(metrics, world.clock);
    passes.forgetGone("rollout", ofKind("Rollout"));
    await manager.start();
    await world.store.create(object("Rollout", "shop", { spec: {} }));
    await settle();
    passes.passed("rollout", "default/shop", 200, settled);
    passes.passed("rollout", "default/shop", 5, {
      kind: "failed",
      error: new Error("x"),
      retry: "backoff",
    });
    passes.passed("service", "default/shop", 5, settled);
    expect(await series("rollout_reconcile_error")).toEqual([
      '{namespace="default",name="shop"} 1',
    ]);
    expect(await series("rollout_reconcile_bucket")).toContain(
      '{le="0.25",namespace="default",name="shop"} 2',
    );
    const ref = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" };
    await world.store.delete({ ...ref, namespace: "default", name: "shop" });
    await pass(world.clock, 64_000);
    expect(await series("rollout_reconcile_error")).toHaveLength(1);
    await pass(world.clock, 2_000);
    expect(await series("rollout_reconcile_error")).toEqual([]);
    await manager.stop();
  });

  it("count events on rollouts only", async () => {
    const events = countedEvents(noEvents, {
      metrics,
      clock: world.clock,
      rollouts: ofKind("Rollout"),
    });
    const event = { type: "Normal", reason: "RolloutPaused", message: "x", cause: "1" } as const;
    await events.record(object("Rollout", "shop"), event);
    await events.record(object("Rollout", "shop"), event);
    await events.record(object("Experiment", "try"), event);
    expect(await series("rollout_events_total")).toEqual([
      '{namespace="default",name="shop",type="Normal",reason="RolloutPaused"} 2',
    ]);
  });

  it("measure attempts that end", async () => {
    measureAttempts(metrics, ofKind("Rollout"));
    await manager.start();
    const rolloutStartedAt = "2026-11-21T06:00:00Z";
    const made = await world.store.create(object("Rollout", "shop", { spec: {} }));
    const ref = {
      apiVersion: made.apiVersion,
      kind: "Rollout",
      namespace: "default",
      name: "shop",
    };
    const told = async (duration: JsonObject): Promise<void> => {
      const body = { status: { duration } };
      await world.store.patch(ref, { type: "merge", body }, { subresource: "status" });
      await settle();
    };
    await settle();
    await told({ rolloutStartedAt });
    const finishedAt = "2026-11-21T06:05:00Z";
    const manual = { totalManualPauseDurationSeconds: 100 };
    await told({ rolloutStartedAt, finishedAt, completionStatus: "Promoted", ...manual });
    await told({ rolloutStartedAt, finishedAt, completionStatus: "Promoted", ...manual });
    expect(await series("rollout_duration_seconds_sum")).toEqual(['{status="Promoted"} 300']);
    expect(await series("rollout_progression_duration_seconds_sum")).toEqual([
      '{status="Promoted"} 200',
    ]);
    expect(await series("rollout_manual_pause_duration_seconds_count")).toEqual([
      '{status="Promoted"} 1',
    ]);
    await manager.stop();
  });
});

describe("queues", () => {
  it("go by Argo's names", () => {
    const ours = ["rollout", "experiment", "analysis-run", "service", "ingress", "pods"];
    expect(ours.map(queueNameOf)).toEqual([
      "Rollouts",
      "Experiments",
      "AnalysisRuns",
      "Services",
      "Ingresses",
      "pods",
    ]);
  });
});
