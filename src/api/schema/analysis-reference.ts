// Schemas of analysis as a Rollout or an Experiment refers to it: arguments, dry-run, retention.
import type { AnalysisArgument } from "../argo/analysis.ts";
import { labelsAndAnnotationsSchema } from "./meta.ts";
import { bool, described, int32, intOrString, list, object, oneOf, text } from "./schema.ts";
import type { Schema } from "./schema.ts";

export const analysisArgumentSchema: Schema<AnalysisArgument> = object(
  {
    name: text,
    value: text,
    valueFrom: object({
      secretKeyRef: object({ name: text, key: text }, ["name", "key"]),
      fieldRef: object({ fieldPath: text }, ["fieldPath"]),
      podTemplateHashValue: oneOf(["Stable", "Latest"]),
    }),
  },
  ["name"],
);

export const dryRunSchema = list(object({ metricName: text }, ["metricName"]));

export const measurementRetentionSchema = list(
  object({ metricName: text, limit: int32 }, ["metricName", "limit"]),
);

export const templateRefSchema = object({ templateName: text, clusterScope: bool });

const rolloutAnalysisFields = {
  templates: described(
    list(templateRefSchema),
    "The templates whose metrics are measured, all in one run.",
  ),
  args: list(analysisArgumentSchema),
  dryRun: dryRunSchema,
  measurementRetention: measurementRetentionSchema,
  analysisRunMetadata: labelsAndAnnotationsSchema,
};

export const rolloutAnalysisSchema = object(rolloutAnalysisFields);

export const backgroundAnalysisSchema = object({
  ...rolloutAnalysisFields,
  startingStep: described(
    int32,
    "The step from which on the background analysis runs; the first is 0.",
  ),
});

/** An analysis of an experiment, in a Rollout's step and in an Experiment. */
export const experimentAnalysisSchema = object(
  {
    name: text,
    templateName: text,
    clusterScope: bool,
    args: list(analysisArgumentSchema),
    requiredForCompletion: bool,
  },
  ["name", "templateName"],
);

/** Seconds as a number, or a duration such as "5m". */
export const pauseDurationSchema = intOrString;
