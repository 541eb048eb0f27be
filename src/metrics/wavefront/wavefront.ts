// metrics/wavefront: charts of Wavefront (argo-metric-providers.md §7). answer.ts reads what it
// said; this file finds the token and sends.
import type { Metric } from "../../api/argo/analysis.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { exchange } from "../../runtime/http-exchange.ts";
import { answered } from "../answered.ts";
import { blockOf, isHttpAddress, textOf } from "../http-config.ts";
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
const secretName = "wavefront-api-tokens";
const timeoutMs = 30_000;

interface WavefrontConfig {
  /** As it was written: the key of its token. */
  readonly address: string;
  /** With a scheme, https unless one was written. */
  readonly url: URL;
  readonly query: string;
}

function configOf(metric: Metric): WavefrontConfig {
  const config = blockOf(metric.provider, "wavefront");
  const address = textOf(config, "address");
  const written = /^https?:\/\//i.test(address) ? address : `https://${address}`;
  if (!isHttpAddress(written)) {
    throw new ProviderError(
      `provider.wavefront.address is "${address}"; write the host, such as example.wavefront.com`,
    );
  }
  return { address, url: new URL(written), query: textOf(config, "query") };
}

/** The key of a Secret cannot hold a scheme or a port: then the host alone is the key. */
function tokenIn(keys: StringMap, { address, url }: WavefrontConfig): string {
  const token = keyOf(keys, address) || keyOf(keys, url.hostname);
  if (token === "") throw new ProviderError("API token not found");
  return token;
}

/** s = e = now: the series' newest points, found outside that window too (`i`, and not `strict`). */
function chartOf({ url, query }: WavefrontConfig, now: number): string {
  const at = String(Math.floor(now));
  const chart = new URLSearchParams({
    q: query,
    s: at,
    e: at,
    p: "1",
    g: "s",
    i: "true",
    autoEvents: "false",
    includeObsoleteMetrics: "false",
    listMode: "false",
    sorted: "false",
    strict: "false",
  });
  return `${url.href.replace(/\/+$/, "")}/api/v2/chart/api?${chart.toString()}`;
}

class WavefrontProvider implements MetricProvider {
  readonly type = "Wavefront";
  readonly #config: WavefrontConfig;
  readonly #context: ProviderContext;

  constructor(config: WavefrontConfig, context: ProviderContext) {
    this.#config = config;
    this.#context = context;
  }

  async measure({ now, signal }: MetricQuestion): Promise<MetricAnswer> {
    return answered(async () => {
      const token = tokenIn(await controllerSecret(this.#context, secretName), this.#config);
      return answered(async () => this.#ask(token, now, signal), [token]);
    });
  }

  async #ask(token: string, now: number, signal: AbortSignal): Promise<MetricAnswer> {
    const answer = await exchange({
      method: "GET",
      url: chartOf(this.#config, now),
      headers: { authorization: `Bearer ${token}` },
      timeoutMs,
      redirects: "answer",
      signal,
    });
    return answerOf(answer, now);
  }
}

export const wavefrontProvider: ProviderFactory = {
  kind: "wavefront",
  capabilities,
  create: (metric, context) => new WavefrontProvider(configOf(metric), context),
};
