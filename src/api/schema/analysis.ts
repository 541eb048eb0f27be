// Schemas of AnalysisTemplate, ClusterAnalysisTemplate and AnalysisRun (argo-rollouts.md §1.5).
import { analysisPhases } from "../argo/analysis.ts";
import type { AnalysisRun, AnalysisTemplate, Metric } from "../argo/analysis.ts";
import {
  analysisArgumentSchema,
  dryRunSchema,
  measurementRetentionSchema,
} from "./analysis-reference.ts";
import { objectFields } from "./meta.ts";
import { providerSchema } from "./providers.ts";
import {
  bool,
  dateTime,
  described,
  int32,
  intOrString,
  list,
  object,
  oneOf,
  stringMap,
  text,
} from "./schema.ts";
import type { Schema } from "./schema.ts";

export const metricSchema: Schema<Metric> = object(
  {
    name: text,
    interval: described(text, "Time between two measurements, such as 30s; required if count > 1."),
    initialDelay: text,
    count: intOrString,
    successCondition: described(text, "An expression over `result`, such as result[0] >= 0.95."),
    failureCondition: text,
    failureLimit: intOrString,
    inconclusiveLimit: intOrString,
    consecutiveErrorLimit: intOrString,
    consecutiveSuccessLimit: intOrString,
    provider: described(providerSchema, "Who is asked: exactly one of these."),
  },
  ["name", "provider"],
);

const analysisTemplateFields = {
  metrics: list(metricSchema),
  args: list(analysisArgumentSchema),
  dryRun: dryRunSchema,
  measurementRetention: measurementRetentionSchema,
  templates: list(object({ templateName: text, clusterScope: bool }, ["templateName"])),
};

/** Also ClusterAnalysisTemplate. */
export const analysisTemplateSchema = object(
  { ...objectFields, spec: object(analysisTemplateFields) },
  ["metadata", "spec"],
) as Schema<AnalysisTemplate>;

const runSpecSchema = object(
  {
    metrics: list(metricSchema),
    args: list(analysisArgumentSchema),
    terminate: bool,
    dryRun: dryRunSchema,
    measurementRetention: measurementRetentionSchema,
    ttlStrategy: object({
      secondsAfterCompletion: int32,
      secondsAfterFailure: int32,
      secondsAfterSuccess: int32,
    }),
  },
  ["metrics"],
);

const phase = oneOf(analysisPhases);

const measurementSchema = object(
  {
    phase,
    message: text,
    startedAt: dateTime,
    finishedAt: dateTime,
    value: text,
    metadata: stringMap,
    resumeAt: dateTime,
  },
  ["phase"],
);

const metricResultSchema = object(
  {
    name: text,
    phase,
    measurements: list(measurementSchema),
    message: text,
    count: int32,
    successful: int32,
    failed: int32,
    inconclusive: int32,
    error: int32,
    consecutiveError: int32,
    consecutiveSuccess: int32,
    dryRun: bool,
    metadata: stringMap,
  },
  ["name", "phase"],
);

const summary = object({
  count: int32,
  successful: int32,
  failed: int32,
  inconclusive: int32,
  error: int32,
});

const runStatusSchema = object({
  phase,
  message: text,
  metricResults: list(metricResultSchema),
  startedAt: dateTime,
  completedAt: dateTime,
  runSummary: summary,
  dryRunSummary: summary,
});

export const analysisRunSchema = object(
  { ...objectFields, spec: runSpecSchema, status: runStatusSchema },
  ["metadata", "spec"],
) as Schema<AnalysisRun>;
