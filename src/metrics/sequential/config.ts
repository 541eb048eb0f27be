import type { Metric } from "../../api/argo/analysis.ts";
import { pluginConfigOf } from "../../api/argo/metric-plugin.ts";
import { sequentialKind } from "../../api/argo/keys.ts";
import type { Watch } from "../../core/judge/recorded/look.ts";
import type { SequentialConfig } from "../../core/judge/sequential/config.ts";
import { problemsOf } from "../../core/judge/sequential/settings.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { isJsonObject, ownProperty, type JsonObject } from "../../lib/json.ts";
import { countedEdgesMs, type SourceBlock } from "../counts/sources.ts";
import { PluginFields } from "../plugin-fields.ts";
import { metricsOf, said } from "./metric-config.ts";

/** The configuration of a sequential metric, read; the source's own is left to whoever asks it. */
export interface SequentialSettings {
  readonly judge: SequentialConfig;
  readonly watch: Watch;
  /** Pod-template hashes; undefined = as the run says (versions.ts). */
  readonly canary: string | undefined;
  readonly stable: string | undefined;
  readonly service: string | undefined;
  readonly source: SourceSettings;
  /** Whether evidence of an earlier run of the same revision is gone on from. */
  readonly evidence: "kept" | "fresh";
}

export type SourceSettings =
  { readonly kind: "traffic"; readonly gatewayErrors: "include" | "exclude" } | SourceBlock;

const defaultMaxMs = 30 * 60_000;

const fields = [
  "source",
  "service",
  "canary",
  "stable",
  "gatewayErrors",
  "metrics",
  "alpha",
  "margin",
  "blameFactor",
  "safeRatio",
  "warmUp",
  "clumps",
  "baseline",
  "sampleRatioLevel",
  "noDataAfter",
  "evidence",
  "max",
  "undecided",
] as const;

const sources = ["traffic", "prometheus", "web"] as const;

function sourceOf(reader: PluginFields): SourceSettings {
  const value = reader.get("source") ?? "traffic";
  if (value === "traffic")
    return {
      kind: "traffic",
      gatewayErrors: reader.oneOf("gatewayErrors", ["include", "exclude"]) ?? "include",
    };
  const [kind, ...others] = isJsonObject(value) ? Object.keys(value) : [];
  const known = sources.find((each) => each === kind && each !== "traffic");
  const config = isJsonObject(value) && known !== undefined ? ownProperty(value, known) : undefined;
  if (known === undefined || known === "traffic" || others.length > 0 || !isJsonObject(config))
    return reader.refuse("source", "must be traffic, { prometheus: {…} } or { web: {…} }");
  if (reader.get("gatewayErrors") !== undefined)
    reader.refuse("gatewayErrors", "says something only with source traffic");
  return { kind: known, config, where: `${reader.placeOf("source")}.${known}` };
}

/** Latency is compared at the borders it is counted by, where nobody names others. */
function withCountedEdges(judge: SequentialConfig, source: SourceSettings): SequentialConfig {
  if (source.kind === "traffic") return judge;
  const metrics = judge.metrics.map((metric) =>
    metric.kind === "latency" && metric.edgesMs === undefined
      ? { ...metric, edgesMs: countedEdgesMs(source) }
      : metric,
  );
  return { ...judge, metrics };
}

/** Whatever else the judge itself would refuse: its words for the fields are close enough to find them. */
function checked(reader: PluginFields, config: SequentialConfig): SequentialConfig {
  const [problem] = problemsOf(config);
  return problem === undefined ? config : reader.refuse("metrics", problem);
}

function judgeOf(reader: PluginFields): SequentialConfig {
  const safeRatio = reader.above("safeRatio", 1);
  const sampleRatioLevel = reader.number("sampleRatioLevel");
  if (sampleRatioLevel !== undefined && (sampleRatioLevel < 0 || sampleRatioLevel >= 1))
    reader.refuse("sampleRatioLevel", "must be at least 0 (off) and less than 1");
  const alpha = reader.above("alpha", 0, 0.5);
  return checked(reader, {
    metrics: metricsOf(reader),
    ...said({
      alpha,
      margin: reader.share("margin"),
      blameFactor: reader.above("blameFactor", 0),
      safeRatio,
      warmUpMs: reader.durationMs("warmUp"),
      clumps: reader.oneOf("clumps", ["guarded", "off"]),
      baseline: reader.oneOf("baseline", ["stable", "equal-sized"]),
      sampleRatioLevel,
      noDataAfterMs: reader.durationMs("noDataAfter"),
    }),
  });
}

function watchOf(metric: Metric, reader: PluginFields): Watch {
  const maxMs = reader.durationMs("max");
  const undecided = reader.oneOf("undecided", ["inconclusive", "successful"]);
  const { interval = "" } = metric;
  if (interval === "")
    return {
      kind: "untilDecided",
      maxMs: maxMs ?? defaultMaxMs,
      undecided: undecided ?? "inconclusive",
    };
  const field = maxMs === undefined ? "undecided" : "max";
  if (maxMs !== undefined || undecided !== undefined)
    reader.refuse(field, "is for a metric without interval, which is one measurement");
  const parsed = parseGoDuration(interval);
  return { kind: "intervals", intervalMs: parsed.ok ? parsed.ms : 1000 };
}

/** The plugin's own object, as written. */
export function sequentialObjectOf(metric: Metric): JsonObject | undefined {
  const config = pluginConfigOf(metric, sequentialKind);
  return isJsonObject(config) ? config : undefined;
}

/** Conditions are for values; a judge brings its verdict. One that is never read must not seem to guard anything. */
function refuseConditions(metric: Metric, place: string): void {
  const { successCondition = "", failureCondition = "" } = metric;
  if (successCondition === "" && failureCondition === "") return;
  const field = successCondition === "" ? "failureCondition" : "successCondition";
  new PluginFields(place, {}, []).refuse(
    field,
    "is never read: the judge decides by alpha, margin and safeRatio",
  );
}

/** The settings of a metric. Throws a ProviderError naming the field. */
export function sequentialSettingsOf(metric: Metric): SequentialSettings {
  refuseConditions(metric, `metric '${metric.name}'`);
  const place = `metric '${metric.name}': provider.plugin["${sequentialKind}"]`;
  const reader = new PluginFields(place, sequentialObjectOf(metric) ?? {}, fields);
  const source = sourceOf(reader);
  return {
    judge: withCountedEdges(judgeOf(reader), source),
    watch: watchOf(metric, reader),
    canary: reader.text("canary"),
    stable: reader.text("stable"),
    service: reader.text("service"),
    source,
    evidence: reader.oneOf("evidence", ["kept", "fresh"]) ?? "kept",
  };
}
