import type { Metric } from "../../api/argo/analysis.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { blockOf, numberOf, textOf } from "../http-config.ts";
import { ProviderError } from "../provider.ts";
import { keyOf } from "../secret-keys.ts";

export interface NewRelicConfig {
  readonly query: string;
  /** Name of the Secret. */
  readonly profile: string;
  readonly timeoutSeconds: number;
}

export interface NewRelicAccount {
  readonly accountId: number;
  readonly apiKey: string;
  /** Where questions are sent. */
  readonly url: string;
}

const defaultTimeoutSeconds = 5;

const regions = new Map([
  ["us", "https://api.newrelic.com/graphql"],
  ["eu", "https://api.eu.newrelic.com/graphql"],
  ["staging", "https://staging-api.newrelic.com/graphql"],
]);

/** The metric's configuration. Throws a ProviderError (argo-metric-providers.md §6). */
export function newRelicConfigOf(metric: Metric): NewRelicConfig {
  const config = blockOf(metric.provider, "newRelic");
  const timeoutSeconds = numberOf(config, "timeout") ?? defaultTimeoutSeconds;
  if (timeoutSeconds < 0) {
    throw new ProviderError("timeout value needs to be a positive value");
  }
  return {
    query: textOf(config, "query"),
    profile: textOf(config, "profile") || "newrelic",
    timeoutSeconds,
  };
}

/** The account in a Secret. `base-url-rest` is not needed: questions go to NerdGraph only. */
export function newRelicAccountOf(keys: StringMap): NewRelicAccount {
  const [apiKey, account] = [keyOf(keys, "personal-api-key"), keyOf(keys, "account-id")];
  if (apiKey === "" || account === "") {
    throw new ProviderError("account ID or personal API key not found");
  }
  if (!/^[+-]?\d+$/.test(account)) {
    throw new ProviderError(
      `could not parse account ID: strconv.Atoi: parsing ${JSON.stringify(account)}: invalid syntax`,
    );
  }
  const region = (keyOf(keys, "region") || "us").toLowerCase();
  const url = keyOf(keys, "base-url-nerdgraph") || regions.get(region);
  if (url === undefined) {
    throw new ProviderError(
      `region ${region} of New Relic is not known; use one of ${[...regions.keys()].join(", ")}`,
    );
  }
  return { accountId: Number(account), apiKey, url };
}
