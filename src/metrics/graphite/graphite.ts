// metrics/graphite: Graphite's render API (argo-metric-providers.md §7). answer.ts reads what it
// said; this file sends.
import type { Metric } from "../../api/argo/analysis.ts";
import { exchange } from "../../runtime/http-exchange.ts";
import { answered } from "../answered.ts";
import { blockOf, isHttpAddress, textOf } from "../http-config.ts";
import {
  ProviderError,
  type MetricAnswer,
  type MetricProvider,
  type MetricQuestion,
  type ProviderFactory,
} from "../provider.ts";
import { answerOf } from "./answer.ts";

const capabilities = { asynchronous: false } as const;
const timeoutMs = 10_000;

/** The query is the query string of the request itself; in one written over several lines, space does not count. */
function urlOf(metric: Metric): string {
  const config = blockOf(metric.provider, "graphite");
  const address = textOf(config, "address");
  if (!isHttpAddress(address)) {
    throw new ProviderError(`Graphite address ${address} is not a valid URL`);
  }
  const query = textOf(config, "query").replace(/\s/g, "").replaceAll("#", "%23");
  return `${address.replace(/\/+$/, "")}/render?${query}&format=json`;
}

class GraphiteProvider implements MetricProvider {
  readonly type = "Graphite";
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async measure({ signal }: MetricQuestion): Promise<MetricAnswer> {
    const url = this.#url;
    return answered(async () =>
      answerOf(await exchange({ method: "GET", url, headers: {}, timeoutMs, signal })),
    );
  }
}

export const graphiteProvider: ProviderFactory = {
  kind: "graphite",
  capabilities,
  create: (metric) => new GraphiteProvider(urlOf(metric)),
};
