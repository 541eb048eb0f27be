// metrics/new-relic: NRQL over NerdGraph, New Relic's GraphQL (argo-metric-providers.md §6).
// config.ts reads the metric and the Secret, answer.ts what New Relic said; this file sends.
import type { Metric } from "../../api/argo/analysis.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { exchange } from "../../runtime/http-exchange.ts";
import { answered } from "../answered.ts";
import { blockOf, textOf } from "../http-config.ts";
import type {
  MetricAnswer,
  MetricProvider,
  MetricQuestion,
  ProviderContext,
  ProviderFactory,
} from "../provider.ts";
import { controllerSecret } from "../secret-keys.ts";
import { answerOf } from "./answer.ts";
import {
  newRelicAccountOf,
  newRelicConfigOf,
  type NewRelicAccount,
  type NewRelicConfig,
} from "./config.ts";

const capabilities = { asynchronous: false } as const;

/** The query's own limit is kept by New Relic; this much more for the way there and back. */
const wayMs = 10_000;

const graphql = `query($accountId: Int!, $query: Nrql!, $timeout: Seconds) {
  actor { account(id: $accountId) { nrql(query: $query, timeout: $timeout) { results } } }
}`;

class NewRelicProvider implements MetricProvider {
  readonly type = "NewRelic";
  readonly #config: NewRelicConfig;
  readonly #context: ProviderContext;
  #hasAccount = false;

  constructor(config: NewRelicConfig, context: ProviderContext) {
    this.#config = config;
    this.#context = context;
  }

  async measure({ signal }: MetricQuestion): Promise<MetricAnswer> {
    return answered(async () => {
      const keys = await controllerSecret(this.#context, this.#config.profile);
      const account = newRelicAccountOf(keys);
      this.#hasAccount = true;
      return answered(async () => this.#ask(account, signal), [account.apiKey]);
    });
  }

  /** Nothing until the account was found: without it, no question is put. */
  describe(metric: Metric): StringMap | undefined {
    const query = textOf(blockOf(metric.provider, "newRelic"), "query");
    return query === "" || !this.#hasAccount ? undefined : { ResolvedNewRelicQuery: query };
  }

  async #ask(
    { accountId, apiKey, url }: NewRelicAccount,
    signal: AbortSignal,
  ): Promise<MetricAnswer> {
    const { query, timeoutSeconds } = this.#config;
    const variables = { accountId, query, timeout: timeoutSeconds };
    return answerOf(
      await exchange({
        method: "POST",
        url,
        headers: {
          "content-type": "application/json",
          "user-agent": "haldane",
          "api-key": apiKey,
        },
        body: JSON.stringify({ query: graphql, variables }),
        timeoutMs: timeoutSeconds * 1000 + wayMs,
        redirects: "answer",
        signal,
      }),
    );
  }
}

export const newRelicProvider: ProviderFactory = {
  kind: "newRelic",
  capabilities,
  create: (metric, context) => new NewRelicProvider(newRelicConfigOf(metric), context),
};
