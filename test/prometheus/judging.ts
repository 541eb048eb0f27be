// AnalysisRuns in real time on a memory store: the very controller, the system's clock.
import { randomUUID } from "node:crypto";
import type { AnalysisRun, Metric, MetricResult } from "../../src/api/argo/analysis.ts";
import { analysisRunController } from "../../src/controllers/analysis-run/analysis-run.ts";
import { createRng } from "../../src/lib/rng.ts";
import { createProvider } from "../../src/metrics/registry.ts";
import { memoryStore } from "../../src/objects/memory/memory.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { storeEventRecorder } from "../../src/runtime/events.ts";
import { silentLogger } from "../../src/runtime/log.ts";
import { Manager } from "../../src/runtime/manager.ts";
import { eventually } from "../cli/cli-world.ts";

export interface Judging {
  /** The result of a run with this one metric, once the run has ended. */
  readonly judge: (metric: Omit<Metric, "name">) => Promise<MetricResult>;
  readonly store: ObjectStore;
  readonly stop: () => Promise<void>;
}

/** `defaultAddress` stands in the environment, for metrics without one. */
export async function startJudging(defaultAddress: string): Promise<Judging> {
  const clock = systemClock;
  const store = memoryStore({ clock, rng: createRng(1), newUid: randomUUID });
  const manager = new Manager({ store, clock, log: silentLogger });
  const env = { ARGO_ROLLOUTS_PROMETHEUS_ADDRESS: defaultAddress };
  manager.add(
    analysisRunController({
      manager,
      store,
      clock,
      log: silentLogger,
      events: storeEventRecorder({ store, clock, component: "rollouts-controller" }),
      providerOf: (metric) => createProvider(metric, { store, env, traffic: undefined }),
    }),
  );
  await manager.start();
  let runs = 0;
  const judge: Judging["judge"] = async (metric) => {
    const name = `run-${String((runs += 1))}`;
    const run: AnalysisRun = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name, namespace: "default" },
      spec: { metrics: [{ consecutiveErrorLimit: 0, ...metric, name: "m" }] },
    };
    await store.create(run);
    const { apiVersion, kind } = run;
    const ref = { apiVersion, kind, namespace: "default", name };
    const ended = await eventually(
      async () => store.get<AnalysisRun>(ref),
      (now) => now?.status?.completedAt !== undefined,
    );
    const [result] = ended?.status?.metricResults ?? [];
    if (result === undefined) throw new Error(`no result: ${JSON.stringify(ended?.status)}`);
    return result;
  };
  return { judge, store, stop: async () => manager.stop() };
}
