import type { SequentialMetric } from "../../core/judge/sequential/config.ts";
import { isJsonArray, isJsonObject, type Json } from "../../lib/json.ts";
import { PluginFields } from "../plugin-fields.ts";

const kinds = ["errors", "latency", "count", "mean", "slope"] as const;
type Kind = (typeof kinds)[number];

const common = ["name", "kind", "weight", "margin", "warmUp"];
const ownFields = {
  errors: ["objective", "negligible"],
  latency: ["edges", "marginOf", "objective"],
  count: ["better"],
  mean: ["better", "atMost", "block"],
  slope: ["marginPerHour", "block"],
} as const satisfies Record<Kind, readonly string[]>;
const allFields = [...common, ...new Set(Object.values(ownFields).flat())];

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without what was not said. */
export function said<T extends object>(fields: T): Partial<Defined<T>> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<Defined<T>>;
}

function latencyOf(reader: PluginFields): Partial<Extract<SequentialMetric, { kind: "latency" }>> {
  const edgesMs = reader.numbers("edges");
  if (edgesMs !== undefined) {
    const isRising = edgesMs.every((edge, index) => edge > (edgesMs[index - 1] ?? 0));
    if (!isRising || edgesMs.length < 2 || edgesMs.length > 64)
      reader.refuse("edges", "must be 2 to 64 rising numbers of milliseconds");
  }
  const objective = reader.below("objective", ["slowerThanMs", "share"]);
  const slowerThanMs = objective?.above("slowerThanMs", 0);
  const share = objective?.share("share");
  if (objective && (slowerThanMs === undefined || share === undefined))
    reader.refuse("objective", "needs slowerThanMs and share");
  return said({
    edgesMs,
    marginOf: reader.oneOf("marginOf", ["odds", "slower"]),
    objective:
      slowerThanMs === undefined || share === undefined ? undefined : { slowerThanMs, share },
  });
}

function errorsOf(reader: PluginFields): Partial<Extract<SequentialMetric, { kind: "errors" }>> {
  const objective = reader.below("objective", ["share"]);
  const share = objective?.share("share");
  if (objective && share === undefined) reader.refuse("objective", "needs share");
  return said({
    objective: share === undefined ? undefined : { share },
    negligible: reader.share("negligible"),
  });
}

function metricOf(kind: Kind, reader: PluginFields): SequentialMetric {
  const base = {
    name: reader.text("name") ?? kind,
    ...said({
      weight: reader.above("weight", 0),
      margin: reader.share("margin"),
      warmUpMs: reader.durationMs("warmUp"),
    }),
  };
  const better = (): "higher" | "lower" | undefined => reader.oneOf("better", ["higher", "lower"]);
  const blockMs = reader.durationMs("block");
  switch (kind) {
    case "errors":
      return { ...base, kind, ...errorsOf(reader) };
    case "latency":
      return { ...base, kind, ...latencyOf(reader) };
    case "count":
      return { ...base, kind, ...said({ better: better() }) };
    case "mean":
      return {
        ...base,
        kind,
        better:
          better() ?? reader.refuse("better", "must say which way is better: higher or lower"),
        ...said({ atMost: reader.above("atMost", 0), blockMs }),
      };
    case "slope":
      return { ...base, kind, ...said({ marginPerHour: reader.share("marginPerHour"), blockMs }) };
  }
}

/** A metric is a word (`errors`), or an object with `kind` and what else there is to say. */
function oneOf(place: string, value: Json, refuse: (problem: string) => never): SequentialMetric {
  const words: Json = typeof value === "string" ? { kind: value.trim() } : value;
  if (!isJsonObject(words)) return refuse(`must be one of ${kinds.join(", ")}, or an object`);
  const { kind: asked } = words;
  const kind = kinds.find((known) => known === asked);
  if (kind === undefined) return refuse(`kind must be one of ${kinds.join(", ")}`);
  const reader = new PluginFields(place, words, allFields);
  const own: readonly string[] = [...common, ...ownFields[kind]];
  const foreign = Object.keys(words).find((field) => !own.includes(field));
  if (foreign !== undefined) reader.refuse(foreign, `says nothing about ${kind}`);
  return metricOf(kind, reader);
}

/** `metrics: errors,latency` or a list of words and objects; names must differ. */
export function metricsOf(reader: PluginFields): readonly SequentialMetric[] {
  const value = reader.get("metrics") ?? "errors,latency";
  const list = typeof value === "string" ? value.split(",") : value;
  if (!isJsonArray(list) || list.length === 0)
    return reader.refuse("metrics", "must name what is judged: errors, latency, or a list");
  const metrics = list.map((each, index) => {
    const field = `metrics[${String(index)}]`;
    return oneOf(reader.placeOf(field), each, (problem) => reader.refuse(field, problem));
  });
  const names = metrics.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined)
    reader.refuse("metrics", `'${repeated}' is there twice; give each a name of its own`);
  return metrics;
}
