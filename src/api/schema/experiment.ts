// Schema of Experiment (argo-rollouts.md §1.6).
import { analysisPhases } from "../argo/analysis.ts";
import { templatePhases } from "../argo/experiment.ts";
import type { Experiment } from "../argo/experiment.ts";
import {
  analysisRunMetadataSchema,
  dryRunSchema,
  experimentAnalysesSchema,
  measurementRetentionSchema,
} from "./analysis-reference.ts";
import { labelSelectorSchema, objectFields } from "./meta.ts";
import { podTemplateSchema } from "./pod.ts";
import { bool, dateTime, described, int32, list, object, oneOf, text } from "./schema.ts";
import type { Schema } from "./schema.ts";

const templateSchema = object(
  {
    name: described(text, "Its name; unique in the experiment."),
    replicas: described(int32, "How many pods; default 1."),
    minReadySeconds: described(
      int32,
      "How long a pod must have been ready to count as available; default 0.",
    ),
    selector: described(
      labelSelectorSchema,
      "Selects its pods; it must match the template's labels.",
    ),
    template: podTemplateSchema,
    service: described(
      object({ name: described(text, "The Service's name; default: the ReplicaSet's.") }),
      "Present = a Service is made if a container has ports.",
    ),
  },
  ["name", "selector", "template"],
);

const conditionSchema = object(
  {
    type: described(
      oneOf(["InvalidSpec", "Completed", "Progressing", "Running", "ReplicaFailure"]),
      "What the condition is about.",
    ),
    status: described(oneOf(["True", "False", "Unknown"]), "True, False or Unknown."),
    lastUpdateTime: described(dateTime, "When it was last written."),
    lastTransitionTime: described(dateTime, "When its status last changed."),
    reason: described(text, "Why, in one word for programs."),
    message: described(text, "Why, for people."),
  },
  ["type", "status", "lastUpdateTime", "lastTransitionTime", "reason", "message"],
);

const templateStatusSchema = object(
  {
    name: described(text, "The template's name."),
    replicas: described(int32, "How many pods there are."),
    updatedReplicas: described(int32, "How many have the template's form."),
    readyReplicas: described(int32, "How many are ready."),
    availableReplicas: described(int32, "How many have been ready for minReadySeconds."),
    collisionCount: described(int32, "How often the ReplicaSet's name was already taken."),
    status: described(oneOf(templatePhases), "Progressing, Running, Successful, Failed or Error."),
    message: described(text, "Why."),
    lastTransitionTime: described(dateTime, "When its status last changed."),
    serviceName: described(text, "The Service that was made for it."),
    podTemplateHash: described(text, "Its pod-template hash."),
  },
  ["name", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas"],
);

const specSchema = object(
  {
    templates: described(list(templateSchema), "The versions that run side by side."),
    duration: described(text, "How long it runs, such as 10m; without it until terminated."),
    progressDeadlineSeconds: described(
      int32,
      "How long its pods may take to become available; default 600.",
    ),
    terminate: described(bool, "Set to true: the experiment ends now."),
    analyses: experimentAnalysesSchema,
    scaleDownDelaySeconds: described(
      int32,
      "How long its pods stay after the experiment has ended; default 30.",
    ),
    dryRun: dryRunSchema,
    measurementRetention: measurementRetentionSchema,
    analysisRunMetadata: analysisRunMetadataSchema,
  },
  ["templates"],
);

const analysisStatus = object(
  {
    name: described(text, "The analysis' name in the spec."),
    analysisRun: described(text, "Name of its AnalysisRun."),
    phase: described(oneOf(analysisPhases), "The run's phase."),
    message: described(text, "Why it is in this phase."),
  },
  ["name", "analysisRun"],
);

const statusSchema = object({
  phase: described(
    oneOf(analysisPhases),
    "Pending, Running, Successful, Failed, Error or Inconclusive.",
  ),
  message: described(text, "Why it is in this phase."),
  availableAt: described(dateTime, "When all pods were available; from then on the duration runs."),
  conditions: described(list(conditionSchema), "What is true of it, in detail."),
  templateStatuses: described(list(templateStatusSchema), "How far each template's pods are."),
  analysisRuns: described(list(analysisStatus), "How far each analysis is."),
});

export const experimentSchema = described(
  object(
    {
      ...objectFields,
      spec: described(specSchema, "What runs, for how long, and what is measured."),
      status: described(statusSchema, "How far it is. Written by the controller."),
    },
    ["metadata", "spec"],
  ),
  "Versions that run side by side for a while and are measured.",
) as Schema<Experiment>;
