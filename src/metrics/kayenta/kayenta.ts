// metrics/kayenta: a judgement by Kayenta (argo-metric-providers.md §8): started by the first
// question, asked after every 15 s until there is a score. config.ts reads the metric, answer.ts
// what Kayenta said; this file sends.
import type { AnalysisRun, Measurement, Metric } from "../../api/argo/analysis.ts";
import { exchange, type HttpAnswer } from "../../runtime/http-exchange.ts";
import { answered, failed } from "../answered.ts";
import type { MetricAnswer, MetricProvider, MetricQuestion, ProviderFactory } from "../provider.ts";
import { configIdIn, executionIdIn, phaseOf, scoreIn, startedUnder } from "./answer.ts";
import { executionOf, kayentaConfigOf, type KayentaConfig } from "./config.ts";

const capabilities = { asynchronous: true } as const;
const timeoutMs = 15_000;
const resumeAfterMs = 15_000;
/** How many of an application's judgements are looked through; each comes with all it has found. */
const latest = "20";

/** The same for a measurement that is begun again, and no other's. */
function markOf({ metadata, status }: AnalysisRun, { name }: Metric): string {
  const result = status?.metricResults?.find((one) => one.name === name);
  const nth = (result?.count ?? 0) + (result?.error ?? 0) + 1;
  return `haldane.${metadata.uid ?? ""}.${name}.${nth}`;
}

class KayentaProvider implements MetricProvider {
  readonly type = "Kayenta";
  readonly #config: KayentaConfig;

  constructor(config: KayentaConfig) {
    this.#config = config;
  }

  async measure({ run, metric, now, signal }: MetricQuestion): Promise<MetricAnswer> {
    return answered(async () => {
      const body = JSON.stringify(executionOf(this.#config, run, metric, now));
      const configId = await this.#configId(signal);
      const mark = markOf(run, metric);
      const canaryExecutionId =
        (await this.#startedAlready(mark, signal)) ??
        (await this.#start(configId, mark, body, signal));
      const metadata = { canaryExecutionId };
      return { kind: "running", resumeAtMs: now + resumeAfterMs, metadata };
    });
  }

  async #start(configId: string, mark: string, body: string, signal: AbortSignal): Promise<string> {
    const { application, metricsAccountName, configurationAccountName, storageAccountName } =
      this.#config;
    const query = new URLSearchParams({
      application,
      parentPipelineExecutionId: mark,
      metricsAccountName,
      configurationAccountName,
      storageAccountName,
    });
    const path = `/canary/${encodeURIComponent(configId)}?${query.toString()}`;
    return executionIdIn(await this.#send("POST", path, signal, body));
  }

  /**
   * The judgement a controller had started for this very measurement before it died. Among the
   * application's latest only; a Kayenta that does not list them is asked anew, as by Argo.
   */
  async #startedAlready(mark: string, signal: AbortSignal): Promise<string | undefined> {
    const { application, storageAccountName } = this.#config;
    const query = new URLSearchParams({ application, storageAccountName, limit: latest });
    const answer = await this.#send("GET", `/canary/executions?${query.toString()}`, signal);
    return startedUnder(answer, mark);
  }

  async resume({ now, signal }: MetricQuestion, { metadata }: Measurement): Promise<MetricAnswer> {
    return answered(async () => {
      const id = metadata?.["canaryExecutionId"];
      if (id === undefined) return failed("the measurement has no canaryExecutionId");
      const score = scoreIn(await this.#send("GET", `/canary/${encodeURIComponent(id)}`, signal));
      if (score === undefined) return { kind: "running", resumeAtMs: now + resumeAfterMs };
      const phase = phaseOf(score, this.#config.threshold);
      return { kind: "phase", phase, text: String(score) };
    });
  }

  /** Kayenta goes on by itself; its judgement is no longer asked for. */
  async terminate(): Promise<MetricAnswer> {
    return { kind: "phase", phase: "Inconclusive" };
  }

  async #configId(signal: AbortSignal): Promise<string> {
    const { application, configurationAccountName, canaryConfigName } = this.#config;
    const query = new URLSearchParams({ application, configurationAccountName });
    const answer = await this.#send("GET", `/canaryConfig?${query.toString()}`, signal);
    return configIdIn(answer, canaryConfigName);
  }

  async #send(
    method: "GET" | "POST",
    path: string,
    signal: AbortSignal,
    body?: string,
  ): Promise<HttpAnswer> {
    return exchange({
      method,
      url: `${this.#config.address}${path}`,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      ...(body === undefined ? {} : { body }),
      timeoutMs,
      signal,
    });
  }
}

export const kayentaProvider: ProviderFactory = {
  kind: "kayenta",
  capabilities,
  create: (metric) => new KayentaProvider(kayentaConfigOf(metric)),
};
