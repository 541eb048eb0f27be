// metrics/prometheus: PromQL over HTTP (argo-metric-providers.md §3). config.ts reads the metric,
// answer.ts the server's answer, both pure; ../prometheus-connection.ts sends.
import type { Metric } from "../../api/argo/analysis.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { answered } from "../answered.ts";
import { blockOf, textOf } from "../http-config.ts";
import { prometheusSession } from "../prometheus-connection.ts";
import type {
  MetricAnswer,
  MetricProvider,
  MetricQuestion,
  ProviderContext,
  ProviderFactory,
} from "../provider.ts";
import { answerOf } from "./answer.ts";
import { callOf, prometheusConfigOf, type PrometheusConfig } from "./config.ts";

const capabilities = { asynchronous: false } as const;

class PrometheusProvider implements MetricProvider {
  readonly type = "Prometheus";
  readonly #config: PrometheusConfig;
  readonly #context: ProviderContext;

  constructor(config: PrometheusConfig, context: ProviderContext) {
    this.#config = config;
    this.#context = context;
  }

  async measure({ now, signal }: MetricQuestion): Promise<MetricAnswer> {
    return answered(async () => {
      const call = callOf(this.#config, now);
      const asking = { env: this.#context.env, now, signal };
      const { ask, secrets } = await prometheusSession(this.#config, asking);
      return answered(async () => answerOf(await ask(call)), secrets);
    });
  }

  describe(metric: Metric): StringMap | undefined {
    const query = textOf(blockOf(metric.provider, "prometheus"), "query");
    return query === "" ? undefined : { ResolvedPrometheusQuery: query };
  }
}

export const prometheusProvider: ProviderFactory = {
  kind: "prometheus",
  capabilities,
  create: (metric, context) => new PrometheusProvider(prometheusConfigOf(metric, context), context),
};
