// AnalysisTemplate, AnalysisRun and Experiment keep their wire form inside; reading them means
// making sure that what the types promise is there.
import type { JsonObject } from "../../../lib/json.ts";
import { conform } from "../../schema/conform.ts";
import { analysisRunSchema, analysisTemplateSchema } from "../../schema/analysis.ts";
import { experimentSchema } from "../../schema/experiment.ts";
import type { Metric } from "../analysis.ts";
import type { AnalysisRun, AnalysisTemplate } from "../analysis.ts";
import type { Capabilities } from "../capabilities.ts";
import type { Experiment } from "../experiment.ts";
import type { FieldPath } from "../../meta/field-path.ts";
import type { Schema } from "../../schema/schema.ts";
import { isJsonObject, ownProperty } from "../../../lib/json.ts";
import { notCarriedOut, problemOf } from "./problem.ts";
import type { Notice, Problem } from "./problem.ts";

export interface ParsedObject<T> {
  readonly object: T;
  readonly problems: readonly Problem[];
  readonly notCarriedOut: readonly Notice[];
}

/** The provider of a metric: its key, or the plugin's name; where it stands under `provider`. */
export function providerOf(metric: Pick<Metric, "provider">): {
  readonly kind: string;
  readonly path: readonly string[];
} {
  const kind = Object.keys(metric.provider).find((key) => metric.provider[key] !== undefined) ?? "";
  const plugins = kind === "plugin" ? ownProperty(metric.provider, "plugin") : undefined;
  const plugin = isJsonObject(plugins) ? Object.keys(plugins)[0] : undefined;
  return plugin === undefined ? { kind, path: [kind] } : { kind: plugin, path: [kind, plugin] };
}

/** A notice for each metric whose provider nothing in `capabilities` asks. */
export function providersNotCarriedOut(
  metrics: readonly Metric[],
  capabilities: Capabilities | undefined,
  path: FieldPath = ["spec", "metrics"],
): readonly Notice[] {
  if (capabilities === undefined) return [];
  return metrics.flatMap((metric, index) => {
    const { kind, path: provider } = providerOf(metric);
    if (kind === "" || capabilities.providers.includes(kind)) return [];
    return [notCarriedOut([...path, index, "provider", ...provider])];
  });
}

function read<T>(
  manifest: JsonObject,
  schema: Schema<T>,
  noticesOf: (object: T) => readonly Notice[],
): ParsedObject<T> {
  const { value, problems } = conform(manifest, schema);
  return {
    object: value,
    problems: problems.map((problem) => problemOf(problem)),
    notCarriedOut: noticesOf(value),
  };
}

/** An AnalysisTemplate or ClusterAnalysisTemplate. Never throws; see parseRollout. */
export function parseAnalysisTemplate(
  manifest: JsonObject,
  capabilities?: Capabilities,
): ParsedObject<AnalysisTemplate> {
  return read(manifest, analysisTemplateSchema, ({ spec }) =>
    providersNotCarriedOut(spec.metrics ?? [], capabilities),
  );
}

export function parseAnalysisRun(
  manifest: JsonObject,
  capabilities?: Capabilities,
): ParsedObject<AnalysisRun> {
  return read(manifest, analysisRunSchema, ({ spec }) =>
    providersNotCarriedOut(spec.metrics, capabilities),
  );
}

export function parseExperiment(manifest: JsonObject): ParsedObject<Experiment> {
  return read(manifest, experimentSchema, () => []);
}
