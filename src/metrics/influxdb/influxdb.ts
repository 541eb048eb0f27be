// metrics/influxdb: Flux over HTTP (argo-metric-providers.md §7). annotated-csv.ts and answer.ts
// read what InfluxDB said; this file finds the token and sends.
import type { Metric } from "../../api/argo/analysis.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { exchange } from "../../runtime/http-exchange.ts";
import { answered } from "../answered.ts";
import { blockOf, textOf } from "../http-config.ts";
import {
  ProviderError,
  type MetricAnswer,
  type MetricProvider,
  type MetricQuestion,
  type ProviderContext,
  type ProviderFactory,
} from "../provider.ts";
import { controllerSecret, keyOf } from "../secret-keys.ts";
import { answerOf } from "./answer.ts";

const capabilities = { asynchronous: false } as const;
const timeoutMs = 30_000;

interface InfluxdbConfig {
  readonly query: string;
  /** Name of the Secret. */
  readonly profile: string;
}

interface Account {
  readonly address: string;
  readonly org: string;
  readonly token: string;
}

function configOf(metric: Metric): InfluxdbConfig {
  const config = blockOf(metric.provider, "influxdb");
  const query = textOf(config, "query");
  if (query === "") throw new ProviderError("provider.influxdb.query is not set");
  return { query, profile: textOf(config, "profile") || "influxdb" };
}

function accountOf(keys: StringMap): Account {
  const [address, org, token] = [
    keyOf(keys, "address"),
    keyOf(keys, "org"),
    keyOf(keys, "authToken"),
  ];
  if (address === "" || org === "" || token === "") {
    throw new ProviderError("authToken, org, or address not found");
  }
  return { address: address.replace(/\/+$/, ""), org, token };
}

const dialect = {
  annotations: ["datatype", "group", "default"],
  delimiter: ",",
  header: true,
} as const;

class InfluxdbProvider implements MetricProvider {
  readonly type = "Influxdb";
  readonly #config: InfluxdbConfig;
  readonly #context: ProviderContext;

  constructor(config: InfluxdbConfig, context: ProviderContext) {
    this.#config = config;
    this.#context = context;
  }

  async measure({ signal }: MetricQuestion): Promise<MetricAnswer> {
    return answered(async () => {
      const account = accountOf(await controllerSecret(this.#context, this.#config.profile));
      return answered(async () => this.#ask(account, signal), [account.token]);
    });
  }

  async #ask({ address, org, token }: Account, signal: AbortSignal): Promise<MetricAnswer> {
    const { query } = this.#config;
    const answer = await exchange({
      method: "POST",
      url: `${address}/api/v2/query?${new URLSearchParams({ org }).toString()}`,
      headers: {
        accept: "application/csv",
        authorization: `Token ${token}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ query, type: "flux", dialect }),
      timeoutMs,
      redirects: "answer",
      signal,
    });
    return answerOf(answer);
  }
}

export const influxdbProvider: ProviderFactory = {
  kind: "influxdb",
  capabilities,
  create: (metric, context) => new InfluxdbProvider(configOf(metric), context),
};
