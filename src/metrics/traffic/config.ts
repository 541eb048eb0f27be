import type { Metric } from "../../api/argo/analysis.ts";
import { pluginConfigOf } from "../../api/argo/metric-plugin.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { isJsonObject, ownProperty } from "../../lib/json.ts";
import { PluginFields } from "../plugin-fields.ts";
import { longestWindowMs } from "./history.ts";

export const trafficKind = "haldane.dev/traffic";

const trafficQueries = [
  "errorRate",
  "successRate",
  "requests",
  "failedRequests",
  "requestsPerSecond",
  "latency",
] as const;
type TrafficQuery = (typeof trafficQueries)[number];

export interface TrafficConfig {
  readonly service: string | undefined;
  readonly version: string | undefined;
  readonly windowMs: number;
  readonly query: TrafficQuery;
  readonly quantile: number;
  readonly minRequests: number;
  readonly baseline: { readonly version: string } | undefined;
  readonly gatewayErrors: "include" | "exclude";
}

const known = [
  "service",
  "backend",
  "version",
  "podTemplateHash",
  "window",
  "query",
  "quantile",
  "minRequests",
  "baseline",
  "gatewayErrors",
] as const;

function windowMsOf(fields: PluginFields): number {
  const text = fields.get("window") ?? "30s";
  const parsed = typeof text === "string" ? parseGoDuration(text) : undefined;
  if (parsed?.ok !== true || parsed.ms <= 0) {
    return fields.refuse("window", 'must be a positive duration such as "30s"');
  }
  if (parsed.ms > longestWindowMs) return fields.refuse("window", "may not be longer than 1h");
  return parsed.ms;
}

function baselineOf(fields: PluginFields): TrafficConfig["baseline"] {
  const baseline = fields.get("baseline");
  if (baseline === undefined) return undefined;
  const version = isJsonObject(baseline)
    ? (ownProperty(baseline, "version") ?? ownProperty(baseline, "podTemplateHash"))
    : undefined;
  if (typeof version !== "string" || version === "") {
    return fields.refuse("baseline", "must be { version: <pod-template hash> }");
  }
  return { version };
}

/** The configuration of a metric's traffic provider. Throws a ProviderError naming the field. */
export function trafficConfigOf(metric: Metric): TrafficConfig {
  const config = pluginConfigOf(metric, trafficKind);
  const place = `metric '${metric.name}': provider.plugin["${trafficKind}"]`;
  const fields = new PluginFields(place, isJsonObject(config) ? config : {}, known);
  const quantile = fields.number("quantile") ?? 0.95;
  if (quantile <= 0 || quantile > 1) fields.refuse("quantile", "must be above 0 and at most 1");
  const minRequests = fields.number("minRequests") ?? 1;
  if (minRequests < 0) fields.refuse("minRequests", "must not be negative");
  return {
    service: fields.text("service") ?? fields.text("backend"),
    version: fields.text("version") ?? fields.text("podTemplateHash"),
    windowMs: windowMsOf(fields),
    query:
      fields.oneOf("query", trafficQueries) ??
      fields.refuse("query", `must be one of ${trafficQueries.join(", ")}`),
    quantile,
    minRequests,
    baseline: baselineOf(fields),
    gatewayErrors: fields.oneOf("gatewayErrors", ["include", "exclude"]) ?? "include",
  };
}
