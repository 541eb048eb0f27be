// metrics/kayenta: a judgement by Kayenta (argo-metric-providers.md §8): started by the first
// question, asked after every 15 s until there is a score. config.ts reads the metric, answer.ts
// what Kayenta said; this file sends.
import type { Measurement } from "../../api/argo/analysis.ts";
import { exchange, type HttpAnswer } from "../../runtime/http-exchange.ts";
import { answered, failed } from "../answered.ts";
import type { MetricAnswer, MetricProvider, MetricQuestion, ProviderFactory } from "../provider.ts";
import { configIdIn, executionIdIn, phaseOf, scoreIn } from "./answer.ts";
import { executionOf, kayentaConfigOf, type KayentaConfig } from "./config.ts";

const capabilities = { asynchronous: true } as const;
const timeoutMs = 15_000;
const resumeAfterMs = 15_000;

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
      const { application, metricsAccountName, configurationAccountName, storageAccountName } =
        this.#config;
      const query = new URLSearchParams({
        application,
        metricsAccountName,
        configurationAccountName,
        storageAccountName,
      });
      const path = `/canary/${encodeURIComponent(configId)}?${query.toString()}`;
      const canaryExecutionId = executionIdIn(await this.#send("POST", path, signal, body));
      const metadata = { canaryExecutionId };
      return { kind: "running", resumeAtMs: now + resumeAfterMs, metadata };
    });
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
