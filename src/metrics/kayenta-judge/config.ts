import type { Metric } from "../../api/argo/analysis.ts";
import { pluginConfigOf } from "../../api/argo/metric-plugin.ts";
import { thresholdsAt } from "../../core/judge/kayenta/read-configuration.ts";
import type { KayentaSettings, Thresholds } from "../../core/judge/kayenta/settings.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import { JsonPlace } from "../../lib/json-place.ts";
import { prometheusConnectionOf, type PrometheusConnection } from "../prometheus-connection.ts";
import { ProviderError, type ProviderContext } from "../provider.ts";

export const kayentaJudgeKind = "haldane.dev/kayenta";

/** Who is measured, in Kayenta's words: each is a variable of the queries. */
export interface Scope {
  readonly scope: string;
  readonly location: string;
  readonly extendedScopeParams: Readonly<Record<string, string>>;
}

export interface ScopePair {
  readonly control: Scope;
  readonly experiment: Scope;
}

/** Kayenta's canary configuration: written in the metric, or in a ConfigMap of the run's namespace. */
export type ConfigurationSource =
  | { readonly kind: "inline"; readonly json: Json }
  | { readonly kind: "configMap"; readonly name: string; readonly key: string };

export interface KayentaJudgeConfig {
  readonly source: ConfigurationSource;
  readonly mode: KayentaSettings["mode"];
  readonly connection: PrometheusConnection;
  /** By name; metrics that name none are asked for `default`. */
  readonly scopes: ReadonlyMap<string, ScopePair>;
  readonly stepMs: number;
  /** How far to look back; undefined = to the start of the run. */
  readonly lookbackMs: number | undefined;
  /** Instead of those of the canary configuration. */
  readonly thresholds: Thresholds | undefined;
}

const fields = [
  "configuration",
  "configMap",
  "mode",
  "prometheus",
  "control",
  "experiment",
  "scopes",
  "step",
  "lookback",
  "threshold",
];

function sourceOf(root: JsonPlace): ConfigurationSource {
  const json = root.get("configuration");
  const configMap = root.at("configMap");
  const isNamed = root.get("configMap") !== undefined;
  if ((json === undefined) === !isNamed) {
    root.refuse(
      "configuration",
      "write Kayenta's canary configuration here, or configMap, not both",
    );
  }
  if (json !== undefined) return { kind: "inline", json };
  configMap.refuseUnknown(["name", "key"]);
  const name = isNamed ? configMap.requiredText("name") : "";
  return { kind: "configMap", name, key: configMap.text("key") || "canary.json" };
}

/** A Go duration above 0 in milliseconds. */
function durationAt(place: JsonPlace, key: string, text: string): number {
  const duration = parseGoDuration(text);
  if (duration.ok && duration.ms > 0) return duration.ms;
  place.refuse(key, 'must be a duration above 0, such as "30m"');
  return 60_000;
}

/** `lookback: 30m`; `lookback: true` is the start of the run; without it the metric's interval counts, as in Argo. */
function lookbackOf(root: JsonPlace, { interval = "" }: Metric): number | undefined {
  const written = root.get("lookback");
  if (written === true) return undefined;
  if (typeof written === "string") return durationAt(root, "lookback", written);
  if (written !== undefined && written !== false) {
    root.refuse("lookback", 'must be a duration such as "30m", or true for the start of the run');
  } else if (interval === "") {
    root.refuse(
      "lookback",
      'is missing: write a duration such as "30m", or give the metric an interval',
    );
  } else {
    return durationAt(root, "lookback (the metric's interval)", interval);
  }
  return 60_000;
}

function scopeOf(place: JsonPlace): Scope {
  place.refuseUnknown(["scope", "location", "extendedScopeParams"]);
  const params = place.at("extendedScopeParams");
  return {
    scope: place.requiredText("scope"),
    location: place.text("location"),
    extendedScopeParams: Object.fromEntries(params.keys.map((key) => [key, params.text(key)])),
  };
}

function pairOf(place: JsonPlace): ScopePair {
  return { control: scopeOf(place.at("control")), experiment: scopeOf(place.at("experiment")) };
}

function scopesOf(root: JsonPlace): ReadonlyMap<string, ScopePair> {
  const named = root.at("scopes");
  const more = named.keys.map((name): [string, ScopePair] => {
    named.at(name).refuseUnknown(["control", "experiment"]);
    return [name, pairOf(named.at(name))];
  });
  const hasDefault = root.get("control") !== undefined || root.get("experiment") !== undefined;
  if (!hasDefault && more.length > 0) return new Map(more);
  return new Map([["default", pairOf(root)], ...more]);
}

function stepOf(root: JsonPlace): number {
  const text = root.text("step") || "60s";
  const stepMs = durationAt(root, "step", text);
  if (stepMs % 1000 === 0) return stepMs;
  root.refuse("step", "must be a whole number of seconds");
  return stepMs;
}

function configOf(metric: Metric): JsonObject {
  const config = pluginConfigOf(metric, kayentaJudgeKind);
  return isJsonObject(config) ? config : {};
}

function refuse(metric: Metric, problems: readonly string[]): never {
  const where = `metric '${metric.name}': provider.plugin["${kayentaJudgeKind}"]`;
  throw new ProviderError(`${where}: ${problems.join("; ")}`);
}

function connectionOf(
  metric: Metric,
  root: JsonPlace,
  context: ProviderContext,
): PrometheusConnection {
  const block = root.get("prometheus");
  try {
    return prometheusConnectionOf(isJsonObject(block) ? block : {}, context);
  } catch (error) {
    if (error instanceof ProviderError) refuse(metric, [`prometheus: ${error.message}`]);
    throw error;
  }
}

/** The metric's configuration. Throws a ProviderError that names every field that is not usable. */
export function kayentaJudgeConfigOf(metric: Metric, context: ProviderContext): KayentaJudgeConfig {
  const problems: string[] = [];
  const root = new JsonPlace(configOf(metric), "", problems);
  root.refuseUnknown(fields);
  const { successCondition = "", failureCondition = "" } = metric;
  if (successCondition !== "" || failureCondition !== "") {
    problems.push(
      "conditions are not read, threshold decides: leave successCondition and failureCondition out",
    );
  }
  const config = {
    source: sourceOf(root),
    mode: root.oneOf("mode", ["strict", "parity"], "strict"),
    scopes: scopesOf(root),
    stepMs: stepOf(root),
    lookbackMs: lookbackOf(root, metric),
    thresholds: thresholdsAt(root.at("threshold")),
  };
  if (problems.length > 0) refuse(metric, problems);
  return { ...config, connection: connectionOf(metric, root, context) };
}
