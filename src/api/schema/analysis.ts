// Schemas of AnalysisTemplate, ClusterAnalysisTemplate and AnalysisRun (argo-rollouts.md §1.5).
import { analysisPhases } from "../argo/analysis.ts";
import type { AnalysisRun, AnalysisTemplate, Metric } from "../argo/analysis.ts";
import {
  analysisArgumentSchema,
  clusterScope,
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
    name: described(text, "Its name; unique in the run."),
    interval: described(text, "Time between two measurements, such as 30s; required if count > 1."),
    initialDelay: described(text, "How long after the run's start the first measurement is made."),
    count: described(
      intOrString,
      "How many measurements; without it one, or with an interval as many as there is time for.",
    ),
    successCondition: described(
      text,
      "An expression over `result`, such as result[0] >= 0.95. Alone: whatever is not a success is a failure.",
    ),
    failureCondition: described(
      text,
      "An expression over `result`. Alone: whatever is not a failure is a success. With both, neither true is inconclusive.",
    ),
    failureLimit: described(
      intOrString,
      "More failures than this fail the run; default 0. -1: they never do.",
    ),
    inconclusiveLimit: described(
      intOrString,
      "More inconclusive measurements than this make the run inconclusive; default 0.",
    ),
    consecutiveErrorLimit: described(
      intOrString,
      "More errors in a row than this end the run with an error; default 4.",
    ),
    consecutiveSuccessLimit: described(
      intOrString,
      "So many successes in a row are enough; default 0: all measurements are made.",
    ),
    provider: described(providerSchema, "Who is asked: exactly one of these."),
  },
  ["name", "provider"],
);

const metrics = described(list(metricSchema), "What is measured, and what is good.");

const declaredArguments = described(
  list(analysisArgumentSchema),
  "The arguments that `{{args.<name>}}` in the metrics stands for; a value given here is the default.",
);

const analysisTemplateFields = {
  metrics,
  args: declaredArguments,
  dryRun: dryRunSchema,
  measurementRetention: measurementRetentionSchema,
  templates: described(
    list(object({ templateName: described(text, "Its name."), clusterScope }, ["templateName"])),
    "Further templates whose metrics belong to this one.",
  ),
};

/** Also ClusterAnalysisTemplate. */
export const analysisTemplateSchema = described(
  object(
    { ...objectFields, spec: described(object(analysisTemplateFields), "What is measured.") },
    ["metadata", "spec"],
  ),
  "Questions about a version while it is rolled out, and which answers are good.",
) as Schema<AnalysisTemplate>;

const ttlStrategy = object({
  secondsAfterCompletion: described(int32, "However it ended."),
  secondsAfterFailure: described(int32, "After it failed."),
  secondsAfterSuccess: described(int32, "After it succeeded."),
});

const runSpecSchema = object(
  {
    metrics,
    args: described(list(analysisArgumentSchema), "The arguments' values."),
    terminate: described(bool, "Set to true: the run ends now."),
    dryRun: dryRunSchema,
    measurementRetention: measurementRetentionSchema,
    ttlStrategy: described(ttlStrategy, "How long after its end the run is deleted."),
  },
  ["metrics"],
);

const phase = described(
  oneOf(analysisPhases),
  "Pending, Running, Successful, Failed, Error or Inconclusive.",
);

const measurementSchema = object(
  {
    phase,
    message: described(text, "Why it is in this phase."),
    startedAt: described(dateTime, "When the provider was asked."),
    finishedAt: described(dateTime, "When it had answered."),
    value: described(text, "What it answered."),
    metadata: described(stringMap, "What else the provider tells."),
    resumeAt: described(dateTime, "When a running measurement is looked at again."),
  },
  ["phase"],
);

const counts = {
  count: described(int32, "How many in all, errors apart."),
  successful: described(int32, "How many were successful."),
  failed: described(int32, "How many failed."),
  inconclusive: described(int32, "How many were inconclusive."),
  error: described(int32, "How many were errors."),
};

const metricResultSchema = object(
  {
    name: described(text, "The metric's name."),
    phase,
    measurements: described(
      list(measurementSchema),
      "The last measurements, the newest at the end.",
    ),
    message: described(text, "Why it is in this phase."),
    ...counts,
    consecutiveError: described(int32, "Errors in a row up to now."),
    consecutiveSuccess: described(int32, "Successes in a row up to now."),
    dryRun: described(bool, "Whether it decides nothing."),
    metadata: described(stringMap, "What the provider tells of the question."),
  },
  ["name", "phase"],
);

const summary = object(counts);

const runStatusSchema = object({
  phase,
  message: described(text, "Why it is in this phase."),
  metricResults: described(list(metricResultSchema), "How far each metric is."),
  startedAt: described(dateTime, "When the run began."),
  completedAt: described(dateTime, "When it ended."),
  runSummary: described(summary, "How many metrics ended how."),
  dryRunSummary: described(summary, "How many dry-run metrics ended how."),
});

export const analysisRunSchema = described(
  object(
    {
      ...objectFields,
      spec: described(runSpecSchema, "What is measured."),
      status: described(runStatusSchema, "What came of it. Written by the controller."),
    },
    ["metadata", "spec"],
  ),
  "An analysis that runs or has run: measurements and the verdict.",
) as Schema<AnalysisRun>;
