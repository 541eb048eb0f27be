// metrics/datadog: Datadog's two query APIs (argo-metric-providers.md §5). config.ts reads the
// metric, credentials.ts finds the keys, answer-v1.ts and answer-v2.ts read what Datadog said; this
// file sends.
import { exchange, type HttpAnswer, type HttpExchange } from "../../runtime/http-exchange.ts";
import { answered, failed } from "../answered.ts";
import { quoted } from "../http-status.ts";
import type {
  MetricAnswer,
  MetricProvider,
  MetricQuestion,
  ProviderContext,
  ProviderFactory,
} from "../provider.ts";
import { answerOfV1 } from "./answer-v1.ts";
import { answerOfV2 } from "./answer-v2.ts";
import { datadogConfigOf, type DatadogConfig } from "./config.ts";
import { datadogCredentials, type DatadogCredentials } from "./credentials.ts";

const capabilities = { asynchronous: false } as const;

type Request = Pick<HttpExchange, "method" | "url" | "body">;

function requestOf({ question, intervalMs }: DatadogConfig, address: string, now: number): Request {
  if (question.apiVersion === "v1") {
    const query = new URLSearchParams({
      from: String(Math.floor((now - intervalMs) / 1000)),
      query: question.query,
      to: String(Math.floor(now / 1000)),
    });
    return { method: "GET", url: `${address}/api/v1/query?${query.toString()}` };
  }
  const { queries, formula, aggregator } = question;
  const attributes = {
    from: Math.floor(now - intervalMs),
    to: Math.floor(now),
    queries: queries.map(({ name, query }) => ({
      aggregator,
      data_source: "metrics",
      name,
      query,
    })),
    formulas: formula === "" ? [] : [{ formula }],
  };
  const body = JSON.stringify({ data: { attributes, type: "scalar_request" } });
  return { method: "POST", url: `${address}/api/v2/query/scalar`, body };
}

function answerOf({ question }: DatadogConfig, { status, text }: HttpAnswer): MetricAnswer {
  if (status === 401 || status === 403) {
    return failed(`received authentication error response code: ${status} ${quoted(text)}`);
  }
  if (status !== 200) return failed(`received non 2xx response code: ${status} ${quoted(text)}`);
  return question.apiVersion === "v1" ? answerOfV1(text) : answerOfV2(text);
}

class DatadogProvider implements MetricProvider {
  readonly type = "Datadog";
  readonly #config: DatadogConfig;
  readonly #context: ProviderContext;

  constructor(config: DatadogConfig, context: ProviderContext) {
    this.#config = config;
    this.#context = context;
  }

  async measure({ run, now, signal }: MetricQuestion): Promise<MetricAnswer> {
    return answered(async () => {
      const namespace = run.metadata.namespace ?? "";
      const credentials = await datadogCredentials(this.#config, namespace, this.#context);
      const { apiKey, appKey } = credentials;
      return answered(async () => this.#ask(credentials, now, signal), [apiKey, appKey]);
    });
  }

  async #ask(
    { address, apiKey, appKey }: DatadogCredentials,
    now: number,
    signal: AbortSignal,
  ): Promise<MetricAnswer> {
    const answer = await exchange({
      ...requestOf(this.#config, address, now),
      headers: {
        "content-type": "application/json",
        "dd-api-key": apiKey,
        "dd-application-key": appKey,
      },
      timeoutMs: this.#config.timeoutMs,
      redirects: "answer",
      signal,
    });
    return answerOf(this.#config, answer);
  }
}

export const datadogProvider: ProviderFactory = {
  kind: "datadog",
  capabilities,
  create: (metric, context) => new DatadogProvider(datadogConfigOf(metric), context),
};
