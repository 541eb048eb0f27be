import type { Metric } from "../../api/argo/analysis.ts";
import { entriesOf, isJsonObject, ownProperty, type JsonObject } from "../../lib/json.ts";
import { blockOf, durationOf, textOf } from "../http-config.ts";
import { ProviderError } from "../provider.ts";

export interface NamedQuery {
  readonly name: string;
  readonly query: string;
}

export type DatadogQuestion =
  | { readonly apiVersion: "v1"; readonly query: string }
  | {
      readonly apiVersion: "v2";
      readonly queries: readonly NamedQuery[];
      readonly formula: string;
      readonly aggregator: string;
    };

export interface DatadogConfig {
  readonly question: DatadogQuestion;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The Secret that was named; undefined: look around. */
  readonly secret: { readonly name: string; readonly isNamespaced: boolean } | undefined;
}

const review = "Please review the Analysis Template.";

function refuse(condition: boolean, problem: string): void {
  if (condition) throw new ProviderError(problem);
}

function namedQueries(config: JsonObject): readonly NamedQuery[] {
  const queries = ownProperty(config, "queries");
  if (!isJsonObject(queries)) return [];
  return entriesOf(queries)
    .flatMap(([name, query]) => (typeof query === "string" ? [{ name, query }] : []))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function questionOf(config: JsonObject): DatadogQuestion {
  const [query, formula] = [textOf(config, "query"), textOf(config, "formula")];
  const aggregator = textOf(config, "aggregator");
  const apiVersion = textOf(config, "apiVersion") || "v1";
  const queries = namedQueries(config);
  refuse(query === "" && queries.length === 0, `Must have either a query or queries. ${review}`);
  refuse(query !== "" && queries.length > 0, `Cannot have both a query and queries. ${review}`);
  refuse(
    apiVersion === "v1" && query === "",
    "Query is empty. API Version v1 only supports using the query parameter in your Analysis Template.",
  );
  refuse(
    formula !== "" && queries.length === 0,
    `Formula are only valid when queries are set. ${review}`,
  );
  refuse(
    queries.length > 1 && formula === "",
    "When multiple queries are provided you must include a formula.",
  );
  refuse(apiVersion === "v1" && aggregator !== "", `Aggregator is not supported in v1. ${review}`);
  if (apiVersion === "v1") return { apiVersion, query };
  if (apiVersion !== "v2") {
    throw new ProviderError(`provider.datadog.apiVersion is ${apiVersion}; use v1 or v2`);
  }
  return {
    apiVersion,
    queries: query === "" ? queries : [{ name: "query", query }],
    formula,
    aggregator: aggregator === "" ? "last" : aggregator,
  };
}

function timeoutOf(config: JsonObject): number {
  const text = textOf(config, "requestTimeout") || "10s";
  const timeoutMs = durationOf(
    text,
    (problem) => `Could not parse the request timeout: ${problem}. ${review}`,
  );
  refuse(timeoutMs <= 0, `Request timeout must be a positive duration (e.g. 30s). ${review}`);
  return timeoutMs;
}

function secretOf(config: JsonObject): DatadogConfig["secret"] {
  const ref = blockOf(config, "secretRef");
  const name = textOf(ref, "name");
  const isNamespaced = ownProperty(ref, "namespaced") === true;
  refuse(isNamespaced && name === "", "secret name is required for namespaced credentials");
  return name === "" ? undefined : { name, isNamespaced };
}

/** The metric's configuration. Throws a ProviderError (argo-metric-providers.md §5). */
export function datadogConfigOf(metric: Metric): DatadogConfig {
  const config = blockOf(metric.provider, "datadog");
  return {
    secret: secretOf(config),
    question: questionOf(config),
    timeoutMs: timeoutOf(config),
    intervalMs: durationOf(textOf(config, "interval") || "5m"),
  };
}
