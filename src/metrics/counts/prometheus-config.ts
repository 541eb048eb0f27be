import { defaultEdgesMs } from "../../core/judge/sequential/settings.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import type { JsonObject } from "../../lib/json.ts";
import { JsonPlace } from "../../lib/json-place.ts";
import { prometheusConnectionOf, type PrometheusConnection } from "../prometheus-connection.ts";
import { ProviderError, type ProviderContext } from "../provider.ts";
import type { CountedMetric, CountedVersions } from "./counts.ts";
import { presetNames, presets, type Counters, type Preset, type PresetName } from "./presets.ts";

/** How one metric of the judge is counted. Selectors still have ${version} in them. */
export type Counting = { readonly name: string } & (
  | {
      readonly kind: "share";
      readonly isErrors: boolean;
      readonly total: string;
      readonly part: string;
    }
  | {
      readonly kind: "histogram";
      readonly selector: string;
      readonly edgesMs: readonly number[];
      readonly unitMs: number;
    }
  | { readonly kind: "mean"; readonly sum: string; readonly count: string }
  | { readonly kind: "values" | "level"; readonly gauge: string }
);

export interface PrometheusCounts {
  readonly connection: PrometheusConnection;
  readonly tickMs: number;
  /** What ${version} is, instead of the pod-template hashes. */
  readonly names: Partial<CountedVersions>;
  readonly metrics: readonly Counting[];
}

const connectionFields = ["address", "timeout", "insecure", "headers", "authentication"];
const ownFields = ["preset", "labels", "canary", "stable", "tick", "metrics"];
const countersOfKind: Readonly<Record<CountedMetric["kind"], readonly (readonly string[])[]>> = {
  errors: [["requests", "failed"]],
  count: [["requests", "counted"]],
  latency: [["histogram"]],
  mean: [["sum", "count"], ["gauge"]],
  slope: [["gauge"]],
};

const shortestTickMs = 1000;

function tickOf(place: JsonPlace): number {
  const duration = parseGoDuration(place.text("tick") || "15s");
  if (duration.ok && duration.ms >= shortestTickMs && duration.ms % 1000 === 0) return duration.ms;
  place.refuse("tick", 'must be whole seconds, such as "15s"');
  return shortestTickMs;
}

/** A selector that names its version and is no query yet. */
function refuseUnusable(place: JsonPlace, key: string, selector: string): void {
  if (!selector.includes("${version}")) {
    place.refuse(key, "must have ${version} in it, or both versions would be the same");
  }
  if (!/^[a-zA-Z_:][\w:]*\{[\s\S]*\}$|^\{[\s\S]*\}$/.test(selector)) {
    place.refuse(key, 'must be a selector such as requests_total{version="${version}"}, no query');
  }
}

/** `requests and failed`; `sum and count, or gauge`. */
function waysToCount(kind: CountedMetric["kind"]): string {
  return countersOfKind[kind].map((set) => set.join(" and ")).join(", or ");
}

function writtenCounters({ name, kind }: CountedMetric, metrics: JsonPlace): Counters {
  const place = metrics.at(name);
  const known = [...new Set(countersOfKind[kind].flat())];
  place.refuseUnknown(kind === "latency" ? [...known, "unit"] : known);
  const texts = known.flatMap((key): [string, string][] => {
    const selector = place.text(key).trim();
    if (selector === "") return [];
    refuseUnusable(place, key, selector);
    return [[key, selector]];
  });
  const given = new Set(texts.map(([key]) => key));
  const isWhole = countersOfKind[kind].some((set) => set.every((key) => given.has(key)));
  if (!isWhole) metrics.refuse(name, `needs ${waysToCount(kind)}`);
  const unit = kind === "latency" ? place.oneOf("unit", ["s", "ms"], "s") : "s";
  return { ...Object.fromEntries(texts), unitMs: unit === "s" ? 1000 : 1 };
}

function countersFor(
  metric: CountedMetric,
  metrics: JsonPlace,
  preset: Preset | undefined,
): Counters {
  if (metrics.get(metric.name) !== undefined) return writtenCounters(metric, metrics);
  if (preset !== undefined && metric.kind === "errors") return preset.errors;
  if (preset !== undefined && metric.kind === "latency") return preset.latency;
  const ways = waysToCount(metric.kind);
  metrics.refuse(metric.name, `is missing: how ${metric.kind} are counted, by ${ways}`);
  return {};
}

function countingOf(
  metric: CountedMetric,
  counters: Counters,
  edgesMs: readonly number[],
): Counting {
  const { name } = metric;
  const { requests = "", failed = "", counted = "", histogram = "" } = counters;
  const { sum = "", count = "", gauge = "", unitMs = 1000 } = counters;
  switch (metric.kind) {
    case "errors":
      return { name, kind: "share", isErrors: true, total: requests, part: failed };
    case "count":
      return { name, kind: "share", isErrors: false, total: requests, part: counted };
    case "latency":
      return { name, kind: "histogram", selector: histogram, edgesMs, unitMs };
    case "mean":
      return gauge === "" ? { name, kind: "mean", sum, count } : { name, kind: "values", gauge };
    case "slope":
      return { name, kind: "level", gauge };
  }
}

/** The borders latency is counted by, where the metric names none: the preset's, or the judge's own. */
export function edgesOf(config: JsonObject): readonly number[] {
  const name = presetNames.find((known) => known === config["preset"]);
  return name === undefined ? defaultEdgesMs : presets[name].edgesMs;
}

function withLabels(counters: Counters, labels: string): Counters {
  const more = labels === "" ? "" : `,${labels}`;
  return Object.fromEntries(
    Object.entries(counters).map(([key, value]) => [
      key,
      typeof value === "string" ? value.replaceAll("${labels}", more) : value,
    ]),
  );
}

/**
 * The configuration of a Prometheus that counts. `where` is its place: `metric 'x': …source.prometheus`. Throws a
 * ProviderError that names every field that is not usable.
 */
export function prometheusCountsOf(
  config: JsonObject,
  where: string,
  metrics: readonly CountedMetric[],
  context: ProviderContext,
): PrometheusCounts {
  const problems: string[] = [];
  const place = new JsonPlace(config, "", problems);
  place.refuseUnknown([...ownFields, ...connectionFields]);
  const presetName = place.oneOf<PresetName | "">("preset", presetNames, "");
  const preset: Preset | undefined = presetName === "" ? undefined : presets[presetName];
  const names = { canary: place.text("canary").trim(), stable: place.text("stable").trim() };
  if ((names.canary === "") !== (names.stable === "")) {
    place.refuse(names.canary === "" ? "canary" : "stable", "is missing: write both or none");
  }
  const isNamed = names.canary !== "" && names.stable !== "";
  if (preset?.wantsNames !== undefined && !isNamed) place.refuse("canary", preset.wantsNames);
  if (isNamed && names.canary === names.stable) place.refuse("stable", "is the same as canary");
  const written = place.at("metrics");
  written.refuseUnknown(metrics.map(({ name }) => name));
  const edges = edgesOf(config);
  const counting = metrics.map((metric) => {
    const edgesMs = metric.kind === "latency" ? (metric.edgesMs ?? edges) : edges;
    const counters = countersFor(metric, written, preset);
    return countingOf(metric, withLabels(counters, place.text("labels").trim()), edgesMs);
  });
  const tickMs = tickOf(place);
  if (problems.length > 0) throw new ProviderError(`${where}: ${problems.join("; ")}`);
  const connection = prometheusConnectionOf(config, context);
  return { connection, tickMs, names: isNamed ? names : {}, metrics: counting };
}
