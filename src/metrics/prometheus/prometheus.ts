// metrics/prometheus: PromQL over HTTP (argo-metric-providers.md §3). config.ts reads the metric,
// answer.ts the server's answer, both pure; this file sends, sigv4.ts signs for Amazon's service.
import type { Metric } from "../../api/argo/analysis.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { exchange, type HttpAnswer, type HttpExchange } from "../http.ts";
import { bearerToken } from "../http-oauth2.ts";
import { blockOf, textOf } from "../http-config.ts";
import type {
  MetricAnswer,
  MetricProvider,
  MetricQuestion,
  ProviderContext,
  ProviderFactory,
} from "../provider.ts";
import { answerOf } from "./answer.ts";
import {
  callOf,
  prometheusConfigOf,
  type PrometheusCall,
  type PrometheusConfig,
} from "./config.ts";
import { awsCredentials } from "./aws-credentials.ts";
import { signedHeaders } from "./sigv4.ts";

const capabilities = { asynchronous: false } as const;

/** Servers and proxies that do not take POST get the same question as GET. */
const asksForGet: readonly number[] = [403, 405, 501];

type Unsigned = Pick<HttpExchange, "method" | "url" | "headers" | "body">;
type Transport = Pick<HttpExchange, "timeoutMs" | "insecure" | "signal">;

function requestOf(
  method: "GET" | "POST",
  { path, form }: PrometheusCall,
  config: PrometheusConfig,
): Unsigned {
  const encoded = new URLSearchParams(form).toString();
  const url = `${config.address}${path}`;
  if (method === "GET") return { method, url: `${url}?${encoded}`, headers: config.headers };
  const headers = { "content-type": "application/x-www-form-urlencoded", ...config.headers };
  return { method, url, headers, body: encoded };
}

class PrometheusProvider implements MetricProvider {
  readonly type = "Prometheus";
  readonly #config: PrometheusConfig;
  readonly #context: ProviderContext;

  constructor(config: PrometheusConfig, context: ProviderContext) {
    this.#config = config;
    this.#context = context;
  }

  async measure({ now, signal }: MetricQuestion): Promise<MetricAnswer> {
    try {
      const call = callOf(this.#config, now);
      const posted = await this.#send(requestOf("POST", call, this.#config), now, signal);
      if (!asksForGet.includes(posted.status)) return answerOf(posted);
      return answerOf(await this.#send(requestOf("GET", call, this.#config), now, signal));
    } catch (error) {
      if (error instanceof Error) return { kind: "error", message: error.message };
      throw error;
    }
  }

  describe(metric: Metric): StringMap | undefined {
    const query = textOf(blockOf(metric.provider, "prometheus"), "query");
    return query === "" ? undefined : { ResolvedPrometheusQuery: query };
  }

  async #send(request: Unsigned, now: number, signal: AbortSignal): Promise<HttpAnswer> {
    const { timeoutMs, insecure } = this.#config;
    const transport = { timeoutMs, insecure, signal };
    const headers = await this.#authenticated(request, now, transport);
    return exchange({ ...request, ...transport, headers });
  }

  async #authenticated(
    request: Unsigned,
    now: number,
    transport: Transport,
  ): Promise<HttpExchange["headers"]> {
    const { authentication } = this.#config;
    switch (authentication.kind) {
      case "none":
        return request.headers;
      case "basic": {
        const { username, password } = authentication;
        const pair = Buffer.from(`${username}:${password}`).toString("base64");
        return { authorization: `Basic ${pair}`, ...request.headers };
      }
      case "oauth2": {
        const token = await bearerToken(authentication.oauth2, transport);
        return { authorization: `Bearer ${token}`, ...request.headers };
      }
      case "sigv4": {
        const { env } = this.#context;
        const credentials = await awsCredentials(authentication.sigv4, { env, now, transport });
        return signedHeaders(request, { ...credentials, service: "aps", now });
      }
    }
  }
}

export const prometheusProvider: ProviderFactory = {
  kind: "prometheus",
  capabilities,
  create: (metric, context) => new PrometheusProvider(prometheusConfigOf(metric, context), context),
};
