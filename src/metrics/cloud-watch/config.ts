import type { Metric } from "../../api/argo/analysis.ts";
import {
  isJsonArray,
  isJsonObject,
  ownProperty,
  type Json,
  type JsonObject,
} from "../../lib/json.ts";
import type { EpochMs } from "../../lib/time.ts";
import { blockOf, durationOf, textOf } from "../http-config.ts";
import { ProviderError } from "../provider.ts";

export interface CloudWatchConfig {
  readonly intervalMs: number;
  /** The queries as the Query API takes them, without the window of time. */
  readonly parameters: readonly Parameter[];
}

type Parameter = readonly [string, string];

function listOf(config: JsonObject, key: string): readonly JsonObject[] {
  const list = ownProperty(config, key);
  return isJsonArray(list) ? list.filter(isJsonObject) : [];
}

function given(name: string, value: string): readonly Parameter[] {
  return value === "" ? [] : [[name, value]];
}

/** Seconds, as a number or as digits. */
function periodOf(config: JsonObject): string {
  const period: Json | undefined = ownProperty(config, "period");
  if (period === undefined || period === null) return "";
  const text = typeof period === "string" ? period : JSON.stringify(period);
  if (/^\d+$/.test(text)) return text;
  throw new ProviderError(
    `provider.cloudWatch: period ${JSON.stringify(period)} is no whole number of seconds`,
  );
}

function statOf(stat: JsonObject, prefix: string): readonly Parameter[] {
  const metric = blockOf(stat, "metric");
  const dimensions = listOf(metric, "dimensions").flatMap((dimension, index): Parameter[] => [
    [`${prefix}.Metric.Dimensions.member.${index + 1}.Name`, textOf(dimension, "name")],
    [`${prefix}.Metric.Dimensions.member.${index + 1}.Value`, textOf(dimension, "value")],
  ]);
  return [
    ...given(`${prefix}.Metric.MetricName`, textOf(metric, "metricName")),
    ...given(`${prefix}.Metric.Namespace`, textOf(metric, "namespace")),
    ...dimensions,
    ...given(`${prefix}.Period`, periodOf(stat)),
    ...given(`${prefix}.Stat`, textOf(stat, "stat")),
    ...given(`${prefix}.Unit`, textOf(stat, "unit")),
  ];
}

function queryOf(query: JsonObject, index: number): readonly Parameter[] {
  const prefix = `MetricDataQueries.member.${index + 1}`;
  const returnData = ownProperty(query, "returnData");
  return [
    ...given(`${prefix}.Id`, textOf(query, "id")),
    ...given(`${prefix}.Expression`, textOf(query, "expression")),
    ...given(`${prefix}.Label`, textOf(query, "label")),
    ...statOf(blockOf(query, "metricStat"), `${prefix}.MetricStat`),
    ...given(`${prefix}.Period`, periodOf(query)),
    ...(typeof returnData === "boolean"
      ? [[`${prefix}.ReturnData`, String(returnData)] as const]
      : []),
  ];
}

/** The metric's configuration. Throws a ProviderError (argo-metric-providers.md §7). */
export function cloudWatchConfigOf(metric: Metric): CloudWatchConfig {
  const config = blockOf(metric.provider, "cloudWatch");
  const queries = listOf(config, "metricDataQueries");
  if (queries.length === 0) {
    throw new ProviderError(
      "provider.cloudWatch.metricDataQueries is empty; write one query at least",
    );
  }
  return {
    intervalMs: durationOf(textOf(config, "interval") || "5m"),
    parameters: queries.flatMap(queryOf),
  };
}

function secondsOf(at: EpochMs): string {
  return new Date(at).toISOString().replace(/\.\d+/, "");
}

/** The window from `interval` ago to now, and the queries. */
export function parametersAt(
  { intervalMs, parameters }: CloudWatchConfig,
  now: EpochMs,
): readonly Parameter[] {
  return [["StartTime", secondsOf(now - intervalMs)], ["EndTime", secondsOf(now)], ...parameters];
}
