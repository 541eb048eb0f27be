// metrics/prometheus: PromQL over HTTP (argo-metric-providers.md §3). config.ts reads the metric,
// answer.ts the server's answer, both pure; this file sends.
import type { Metric } from "../../api/argo/analysis.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { awsCredentials } from "../../runtime/aws/credentials.ts";
import { signedHeaders } from "../../runtime/aws/sigv4.ts";
import { exchange, type HttpAnswer, type HttpExchange } from "../../runtime/http-exchange.ts";
import { answered } from "../answered.ts";
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

/** How one measurement signs in; `secrets` must not be told. */
interface SignIn {
  readonly headersOf: (request: Unsigned) => HttpExchange["headers"];
  readonly secrets: readonly string[];
}

function withAuthorization(value: string): SignIn["headersOf"] {
  return ({ headers }) => ({ authorization: value, ...headers });
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
    return answered(async () => {
      const call = callOf(this.#config, now);
      const { timeoutMs, insecure } = this.#config;
      const transport = { timeoutMs, insecure, signal };
      const { headersOf, secrets } = await this.#signIn(now, transport);
      const send = async (method: "GET" | "POST"): Promise<HttpAnswer> => {
        const request = requestOf(method, call, this.#config);
        return exchange({ ...request, ...transport, headers: headersOf(request) });
      };
      return answered(async () => {
        const posted = await send("POST");
        return answerOf(asksForGet.includes(posted.status) ? await send("GET") : posted);
      }, secrets);
    });
  }

  describe(metric: Metric): StringMap | undefined {
    const query = textOf(blockOf(metric.provider, "prometheus"), "query");
    return query === "" ? undefined : { ResolvedPrometheusQuery: query };
  }

  async #signIn(now: number, transport: Transport): Promise<SignIn> {
    const { authentication } = this.#config;
    switch (authentication.kind) {
      case "none":
        return { headersOf: ({ headers }) => headers, secrets: [] };
      case "basic": {
        const { username, password } = authentication;
        const pair = Buffer.from(`${username}:${password}`).toString("base64");
        return { headersOf: withAuthorization(`Basic ${pair}`), secrets: [password, pair] };
      }
      case "oauth2": {
        const token = await bearerToken(authentication.oauth2, transport);
        return { headersOf: withAuthorization(`Bearer ${token}`), secrets: [token] };
      }
      case "sigv4": {
        const { env } = this.#context;
        const credentials = await awsCredentials(authentication.sigv4, { env, now, transport });
        const { secretAccessKey, sessionToken = "" } = credentials;
        return {
          headersOf: (request) => signedHeaders(request, { ...credentials, service: "aps", now }),
          secrets: [secretAccessKey, sessionToken],
        };
      }
    }
  }
}

export const prometheusProvider: ProviderFactory = {
  kind: "prometheus",
  capabilities,
  create: (metric, context) => new PrometheusProvider(prometheusConfigOf(metric, context), context),
};
