// Test support: the sequential judge at work on a gateway's counts, second by second.
import type { AnalysisRun, Measurement, Metric, MetricResult } from "../../api/argo/analysis.ts";
import type { ObjectMeta } from "../../api/meta/object.ts";
import { createRng } from "../../lib/rng.ts";
import { formatTime } from "../../lib/time.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { questionOf } from "../conformance.ts";
import type { MetricAnswer, ProviderContext } from "../provider.ts";
import { twoVersions, type TwoVersions } from "./history.test-support.ts";
import { sequentialProvider } from "./sequential.ts";

export const startMs = Date.parse("2026-11-21T01:00:00Z");

export const silent = { canary: { ok: 0 }, stable: { ok: 450 } };

export function metric(config: object, more: Partial<Metric> = { interval: "10s" }): Metric {
  const versions = { canary: "new", stable: "old" };
  const provider = { plugin: { "haldane.dev/sequential": { ...versions, ...config } } };
  return { name: "judge", ...more, provider };
}

export function storeAt(now: number): ObjectStore {
  return memoryStore({ clock: new VirtualClock(now), rng: createRng(1), newUid: () => "uid" });
}

export function contextOf(
  world: TwoVersions | undefined,
  store = storeAt(startMs),
): ProviderContext {
  return { store, env: {}, traffic: world?.history };
}

/** Measures and resumes each second, as the controller does, with what it would have saved. */
export class Watched {
  readonly world = twoVersions(startMs);
  readonly #metric: Metric;
  readonly #context: ProviderContext;
  readonly #metadata: Partial<ObjectMeta>;
  result: MetricResult = { name: "judge", phase: "Running" };
  #inFlight: Measurement | undefined;
  readonly ended: Extract<MetricAnswer, { kind: "phase" }>[] = [];

  /** `metadata`: of the run. */
  constructor(asked: Metric, metadata: Partial<ObjectMeta> = {}, store = storeAt(startMs)) {
    this.#metric = asked;
    this.#metadata = metadata;
    this.#context = contextOf(this.world, store);
    this.world.feed(60, silent);
  }

  get run(): AnalysisRun {
    const { run } = questionOf({ now: startMs }, this.#metric);
    const metadata = { ...run.metadata, ...this.#metadata };
    return { ...run, metadata, status: { metricResults: [this.result] } };
  }

  async look(): Promise<MetricAnswer> {
    const provider = sequentialProvider.create(this.#metric, this.#context);
    const signal = new AbortController().signal;
    const question = { run: this.run, metric: this.#metric, now: this.world.now(), signal };
    return this.#inFlight === undefined
      ? provider.measure(question)
      : (provider.resume?.(question, this.#inFlight) as Promise<MetricAnswer>);
  }

  save(answer: MetricAnswer): void {
    this.result = { ...this.result, metadata: { ...this.result.metadata, ...answer.record } };
    const startedAt = this.#inFlight?.startedAt ?? formatTime(this.world.now());
    const { metadata = {} } = answer;
    const isRunning = answer.kind === "running";
    this.#inFlight = isRunning ? { phase: "Running", startedAt, metadata } : undefined;
    if (answer.kind === "phase") this.ended.push(answer);
  }

  async watch(seconds: number, versions: Parameters<TwoVersions["feed"]>[1]): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.world.feed(1, versions);
      this.save(await this.look());
    }
  }

  get phases(): readonly string[] {
    return this.ended.map(({ phase }) => phase);
  }
}
