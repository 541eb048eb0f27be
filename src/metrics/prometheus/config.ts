import type { Metric } from "../../api/argo/analysis.ts";
import { evaluateTime } from "../../lib/expr/expr.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { isJsonObject, ownProperty } from "../../lib/json.ts";
import type { EpochMs } from "../../lib/time.ts";
import { blockOf, textOf } from "../http-config.ts";
import {
  prometheusConnectionOf,
  type PrometheusCall,
  type PrometheusConnection,
} from "../prometheus-connection.ts";
import { ProviderError, type ProviderContext } from "../provider.ts";

interface RangeQuery {
  readonly start: string;
  readonly end: string;
  readonly step: string;
}

export interface PrometheusConfig extends PrometheusConnection {
  readonly query: string;
  readonly rangeQuery: RangeQuery | undefined;
}

/** The metric's configuration. Throws a ProviderError (argo-metric-providers.md §3). */
export function prometheusConfigOf(metric: Metric, context: ProviderContext): PrometheusConfig {
  const config = blockOf(metric.provider, "prometheus");
  const range = ownProperty(config, "rangeQuery");
  return {
    ...prometheusConnectionOf(config, context),
    query: textOf(config, "query"),
    rangeQuery: isJsonObject(range)
      ? { start: textOf(range, "start"), end: textOf(range, "end"), step: textOf(range, "step") }
      : undefined,
  };
}

function unixSeconds(atMs: EpochMs): string {
  return String(Math.round(atMs) / 1000);
}

function timeOf(field: "start" | "end", text: string, now: EpochMs): string {
  const time = evaluateTime(text, now);
  if (time.ok) return unixSeconds(time.epochMs);
  throw new ProviderError(`failed to parse rangeQuery.${field} as time: ${time.message}`);
}

/** What is sent. Throws a ProviderError for a range that cannot be read. */
export function callOf({ query, rangeQuery }: PrometheusConfig, now: EpochMs): PrometheusCall {
  if (rangeQuery === undefined) {
    return { path: "/api/v1/query", form: { query, time: unixSeconds(now) } };
  }
  const start = timeOf("start", rangeQuery.start, now);
  const end = timeOf("end", rangeQuery.end, now);
  const step = parseGoDuration(rangeQuery.step);
  if (!step.ok) {
    throw new ProviderError(`failed to parse rangeQuery.step as duration: ${step.message}`);
  }
  return {
    path: "/api/v1/query_range",
    form: { query, start, end, step: String(step.ms / 1000) },
  };
}
