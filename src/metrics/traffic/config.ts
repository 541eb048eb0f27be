import type { Metric } from "../../api/argo/analysis.ts";
import { pluginConfigOf } from "../../api/argo/metric-plugin.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { isJsonObject, ownProperty, type Json, type JsonObject } from "../../lib/json.ts";
import { ProviderError } from "../provider.ts";
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

const fields = [
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

class Reader {
  readonly #metric: string;
  readonly #config: JsonObject;

  constructor(metric: string, config: JsonObject) {
    this.#metric = metric;
    this.#config = config;
  }

  refuse(field: string, problem: string): never {
    throw new ProviderError(
      `metric '${this.#metric}': provider.plugin["${trafficKind}"].${field}: ${problem}`,
    );
  }

  refuseUnknown(): void {
    for (const key of Object.keys(this.#config)) {
      if (fields.some((field) => field === key)) continue;
      const meant = didYouMean(key, fields);
      const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
      this.refuse(key, `unknown field${hint}; known: ${fields.join(", ")}`);
    }
  }

  get(field: (typeof fields)[number]): Json | undefined {
    return ownProperty(this.#config, field) ?? undefined;
  }

  /** A text under one of two names. Empty is refused: an argument that came out empty must not mean "all". */
  text(field: (typeof fields)[number], alias: (typeof fields)[number]): string | undefined {
    const value = this.get(field) ?? this.get(alias);
    if (value === undefined) return undefined;
    return typeof value === "string" && value !== ""
      ? value
      : this.refuse(field, "must be a text that is not empty");
  }

  number(field: (typeof fields)[number], absent: number): number {
    const value = this.get(field);
    if (value === undefined) return absent;
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    return this.refuse(field, "must be a number");
  }

  oneOf<T extends string>(field: (typeof fields)[number], known: readonly T[], absent?: T): T {
    const value = this.get(field);
    const chosen = known.find((name) => name === (value ?? absent));
    return chosen ?? this.refuse(field, `must be one of ${known.join(", ")}`);
  }
}

function windowMsOf(reader: Reader): number {
  const text = reader.get("window") ?? "30s";
  const parsed = typeof text === "string" ? parseGoDuration(text) : undefined;
  if (parsed?.ok !== true || parsed.ms <= 0) {
    return reader.refuse("window", 'must be a positive duration such as "30s"');
  }
  if (parsed.ms > longestWindowMs) return reader.refuse("window", "may not be longer than 1h");
  return parsed.ms;
}

function baselineOf(reader: Reader): TrafficConfig["baseline"] {
  const baseline = reader.get("baseline");
  if (baseline === undefined) return undefined;
  const version = isJsonObject(baseline)
    ? (ownProperty(baseline, "version") ?? ownProperty(baseline, "podTemplateHash"))
    : undefined;
  if (typeof version !== "string" || version === "") {
    return reader.refuse("baseline", "must be { version: <pod-template hash> }");
  }
  return { version };
}

/** The configuration of a metric's traffic provider. Throws a ProviderError naming the field. */
export function trafficConfigOf(metric: Metric): TrafficConfig {
  const config = pluginConfigOf(metric, trafficKind);
  const reader = new Reader(metric.name, isJsonObject(config) ? config : {});
  reader.refuseUnknown();
  const quantile = reader.number("quantile", 0.95);
  if (quantile <= 0 || quantile > 1) reader.refuse("quantile", "must be above 0 and at most 1");
  const minRequests = reader.number("minRequests", 1);
  if (minRequests < 0) reader.refuse("minRequests", "must not be negative");
  return {
    service: reader.text("service", "backend"),
    version: reader.text("version", "podTemplateHash"),
    windowMs: windowMsOf(reader),
    query: reader.oneOf("query", trafficQueries),
    quantile,
    minRequests,
    baseline: baselineOf(reader),
    gatewayErrors: reader.oneOf("gatewayErrors", ["include", "exclude"], "include"),
  };
}
