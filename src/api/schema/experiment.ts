// Schema of Experiment (argo-rollouts.md §1.6).
import { analysisPhases } from "../argo/analysis.ts";
import { templatePhases } from "../argo/experiment.ts";
import type { Experiment } from "../argo/experiment.ts";
import {
  dryRunSchema,
  experimentAnalysisSchema,
  measurementRetentionSchema,
} from "./analysis-reference.ts";
import { labelSelectorSchema, labelsAndAnnotationsSchema, objectFields } from "./meta.ts";
import { podTemplateSchema } from "./pod.ts";
import { bool, dateTime, described, int32, list, object, oneOf, text } from "./schema.ts";
import type { Schema } from "./schema.ts";

const templateSchema = object(
  {
    name: text,
    replicas: described(int32, "Default 1."),
    minReadySeconds: int32,
    selector: labelSelectorSchema,
    template: podTemplateSchema,
    service: described(
      object({ name: text }),
      "Present = a Service is made if a container has ports.",
    ),
  },
  ["name", "selector", "template"],
);

const conditionSchema = object(
  {
    type: oneOf(["InvalidSpec", "Completed", "Progressing", "Running", "ReplicaFailure"]),
    status: oneOf(["True", "False", "Unknown"]),
    lastUpdateTime: dateTime,
    lastTransitionTime: dateTime,
    reason: text,
    message: text,
  },
  ["type", "status", "lastUpdateTime", "lastTransitionTime", "reason", "message"],
);

const templateStatusSchema = object(
  {
    name: text,
    replicas: int32,
    updatedReplicas: int32,
    readyReplicas: int32,
    availableReplicas: int32,
    collisionCount: int32,
    status: oneOf(templatePhases),
    message: text,
    lastTransitionTime: dateTime,
    serviceName: text,
    podTemplateHash: text,
  },
  ["name", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas"],
);

const specSchema = object(
  {
    templates: list(templateSchema),
    duration: described(text, "How long it runs, such as 10m; without it until terminated."),
    progressDeadlineSeconds: int32,
    terminate: bool,
    analyses: list(experimentAnalysisSchema),
    scaleDownDelaySeconds: int32,
    dryRun: dryRunSchema,
    measurementRetention: measurementRetentionSchema,
    analysisRunMetadata: labelsAndAnnotationsSchema,
  },
  ["templates"],
);

const statusSchema = object({
  phase: oneOf(analysisPhases),
  message: text,
  availableAt: dateTime,
  conditions: list(conditionSchema),
  templateStatuses: list(templateStatusSchema),
  analysisRuns: list(
    object({ name: text, analysisRun: text, phase: oneOf(analysisPhases), message: text }, [
      "name",
      "analysisRun",
    ]),
  ),
});

export const experimentSchema = object(
  { ...objectFields, spec: specSchema, status: statusSchema },
  ["metadata", "spec"],
) as Schema<Experiment>;
