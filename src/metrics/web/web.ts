// metrics/web: a number out of any JSON over HTTP (argo-metric-providers.md §4). config.ts reads
// the metric and value.ts the body, both pure; this file sends.
import { exchange } from "../http.ts";
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
    try {
      const { method, url, timeoutMs, insecure, jsonPath, body, oauth2 } = this.#config;
      const transport = { timeoutMs, insecure, signal };
      const headers =
        oauth2 === undefined
          ? this.#config.headers
          : {
              ...this.#config.headers,
              authorization: `Bearer ${await bearerToken(oauth2, transport)}`,
            };
      const { status, text } = await exchange({
        ...transport,
        method,
        url,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      if (status < 200 || status > 299) {
        return { kind: "error", message: `received non 2xx response code: ${status}` };
      }
      return valueIn(text, jsonPath);
    } catch (error) {
      if (error instanceof Error) return { kind: "error", message: error.message };
      throw error;
    }
  }
}

export const webProvider: ProviderFactory = {
  kind: "web",
  capabilities,
  create: (metric) => new WebProvider(webConfigOf(metric)),
};
