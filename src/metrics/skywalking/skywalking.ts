// metrics/skywalking: SkyWalking's GraphQL (argo-metric-providers.md §7). One question, one answer:
// this file is the whole of it.
import type { Metric } from "../../api/argo/analysis.ts";
import { jsonInput } from "../../lib/expr/expr.ts";
import { goJson } from "../../lib/go-json.ts";
import type { EpochMs } from "../../lib/time.ts";
import { exchange, type HttpAnswer } from "../../runtime/http-exchange.ts";
import { answered, failed } from "../answered.ts";
import { graphqlAnswer } from "../graphql.ts";
import { blockOf, durationOf, isHttpAddress, textOf } from "../http-config.ts";
import {
  ProviderError,
  type MetricAnswer,
  type MetricProvider,
  type MetricQuestion,
  type ProviderFactory,
} from "../provider.ts";

const capabilities = { asynchronous: false } as const;
const timeoutMs = 30_000;

interface SkywalkingConfig {
  readonly address: string;
  readonly query: string;
  readonly intervalMs: number;
}

function configOf(metric: Metric): SkywalkingConfig {
  const config = blockOf(metric.provider, "skywalking");
  const address = textOf(config, "address");
  if (!isHttpAddress(address)) {
    throw new ProviderError(`provider.skywalking.address "${address}" is no http or https address`);
  }
  return {
    address: address.replace(/\/+$/, ""),
    query: textOf(config, "query"),
    intervalMs: durationOf(textOf(config, "interval")),
  };
}

/** SkyWalking's minutes, `2006-01-02 1504`, in the time zone of this process. */
function minuteOf(at: EpochMs): string {
  const date = new Date(at);
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}${two(date.getMinutes())}`;
}

function answerOf({ status, text }: HttpAnswer): MetricAnswer {
  const answer = graphqlAnswer(text);
  const [first] = answer.ok ? [] : answer.messages;
  if (first !== undefined) return failed(`graphql: ${first}`);
  if (status !== 200) {
    return failed(`graphql: server returned a non-200 status code: ${status}`);
  }
  if (!answer.ok) return failed(`decoding response: ${answer.problem}`);
  if (answer.data === null) return failed("no results returned from SkyWalking query");
  return { kind: "value", text: goJson(answer.data), result: jsonInput(answer.data) };
}

class SkywalkingProvider implements MetricProvider {
  readonly type = "skywalking";
  readonly #config: SkywalkingConfig;

  constructor(config: SkywalkingConfig) {
    this.#config = config;
  }

  async measure({ now, signal }: MetricQuestion): Promise<MetricAnswer> {
    const { address, query, intervalMs } = this.#config;
    const duration = { start: minuteOf(now - intervalMs), end: minuteOf(now), step: "MINUTE" };
    return answered(async () =>
      answerOf(
        await exchange({
          method: "POST",
          url: `${address}/graphql`,
          headers: { accept: "application/json", "content-type": "application/json" },
          body: JSON.stringify({ query, variables: { duration } }),
          timeoutMs,
          signal,
        }),
      ),
    );
  }
}

export const skywalkingProvider: ProviderFactory = {
  kind: "skywalking",
  capabilities,
  create: (metric) => new SkywalkingProvider(configOf(metric)),
};
