// Schemas of analysis as a Rollout or an Experiment refers to it: arguments, dry-run, retention.
import type { AnalysisArgument } from "../argo/analysis.ts";
import { labelsAndAnnotationsSchema } from "./meta.ts";
import { bool, described, int32, intOrString, list, object, oneOf, text } from "./schema.ts";
import type { Schema } from "./schema.ts";

const valueFrom = object({
  secretKeyRef: described(
    object(
      {
        name: described(text, "Name of the Secret, in the AnalysisRun's namespace."),
        key: described(text, "Key in the Secret."),
      },
      ["name", "key"],
    ),
    "A key of a Secret, read at every measurement; its value is masked in messages.",
  ),
  fieldRef: described(
    object(
      {
        fieldPath: described(
          text,
          "metadata.name, metadata.labels['x'] and the like, or a path into the Rollout: spec.template.spec.containers[0].image.",
        ),
      },
      ["fieldPath"],
    ),
    "A field of the Rollout, as it is when the run starts. Only in a Rollout's own arguments.",
  ),
  podTemplateHashValue: described(
    oneOf(["Stable", "Latest"]),
    "The pod-template hash of the stable version (Stable) or of the new one (Latest).",
  ),
});

export const analysisArgumentSchema: Schema<AnalysisArgument> = object(
  {
    name: described(text, "What `{{args.<name>}}` in a metric is replaced by."),
    value: described(text, "The value itself; in a template, the default."),
    valueFrom: described(valueFrom, "Where the value comes from; exactly one of its fields."),
  },
  ["name"],
);

export const argumentsSchema = described(
  list(analysisArgumentSchema),
  "Values for `{{args.<name>}}`. Those that the templates do not declare are left out.",
);

export const dryRunSchema = described(
  list(
    object(
      {
        metricName: described(text, "A regular expression; it must match at least one metric."),
      },
      ["metricName"],
    ),
  ),
  "Metrics that are measured and shown, but do not decide anything.",
);

export const measurementRetentionSchema = described(
  list(
    object(
      {
        metricName: described(text, "A regular expression; it must match at least one metric."),
        limit: described(int32, "How many measurements are kept; 10 where it is 0 or less."),
      },
      ["metricName", "limit"],
    ),
  ),
  "How many measurements of which metrics the AnalysisRun keeps; the last matching rule counts.",
);

export const analysisRunMetadataSchema = described(
  labelsAndAnnotationsSchema,
  "Labels and annotations for the AnalysisRuns that are made.",
);

const templateName = described(text, "Name of the template.");
export const clusterScope = described(
  bool,
  "Whether it is a ClusterAnalysisTemplate; default false: one of the same namespace.",
);

export const templateRefSchema = object({ templateName, clusterScope });

const rolloutAnalysisFields = {
  templates: described(
    list(templateRefSchema),
    "The templates whose metrics are measured, all in one run.",
  ),
  args: argumentsSchema,
  dryRun: dryRunSchema,
  measurementRetention: measurementRetentionSchema,
  analysisRunMetadata: analysisRunMetadataSchema,
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
const experimentAnalysisSchema = object(
  {
    name: described(text, "Its name within the experiment."),
    templateName,
    clusterScope,
    args: argumentsSchema,
    requiredForCompletion: described(
      bool,
      "Whether the experiment lasts until this analysis is complete, and succeeds with it; default false.",
    ),
  },
  ["name", "templateName"],
);

export const experimentAnalysesSchema = described(
  list(experimentAnalysisSchema),
  "Analyses that run beside the pods, each as an AnalysisRun of its own.",
);

/** Seconds as a number, or a duration such as "5m". */
export const pauseDurationSchema = intOrString;
