// metrics/web: a number out of any JSON over HTTP (argo-metric-providers.md §4). config.ts reads
// the metric and value.ts the body, both pure; this file sends.
import { exchange, type HttpExchange } from "../../runtime/http-exchange.ts";
import { answered, failed } from "../answered.ts";
import { bearerToken } from "../http-oauth2.ts";
import type { MetricAnswer, MetricProvider, MetricQuestion, ProviderFactory } from "../provider.ts";
import { webConfigOf, type WebConfig } from "./config.ts";
import { valueIn } from "./value.ts";

const capabilities = { asynchronous: false } as const;

class WebProvider implements MetricProvider {
  readonly type = "Web";
  readonly #config: WebConfig;

  constructor(config: WebConfig) {
    this.#config = config;
  }

  async measure({ signal }: MetricQuestion): Promise<MetricAnswer> {
    return answered(async () => {
      const { timeoutMs, insecure, oauth2 } = this.#config;
      const transport = { timeoutMs, insecure, signal };
      if (oauth2 === undefined) return this.#ask({}, transport);
      const token = await bearerToken(oauth2, transport);
      const signIn = { authorization: `Bearer ${token}` };
      return answered(async () => this.#ask(signIn, transport), [token]);
    });
  }

  async #ask(
    signIn: HttpExchange["headers"],
    transport: Pick<HttpExchange, "timeoutMs" | "insecure" | "signal">,
  ): Promise<MetricAnswer> {
    const { method, url, headers, body, jsonPath } = this.#config;
    const { status, text } = await exchange({
      ...transport,
      method,
      url,
      headers: { ...headers, ...signIn },
      ...(body === undefined ? {} : { body }),
    });
    if (status >= 200 && status <= 299) return valueIn(text, jsonPath);
    return failed(`received non 2xx response code: ${status}`);
  }
}

export const webProvider: ProviderFactory = {
  kind: "web",
  capabilities,
  create: (metric) => new WebProvider(webConfigOf(metric)),
};
