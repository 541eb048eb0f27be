// Schemas of workloads: ReplicaSet, Deployment, Job.
import { conditionSchema, labelSelectorSchema, objectFields } from "./meta.ts";
import { podTemplateSchema } from "./pod.ts";
import {
  bool,
  dateTime,
  int32,
  int64,
  intOrString,
  list,
  object,
  openObject,
  text,
} from "./schema.ts";

export const replicaSetSchema = object(
  {
    ...objectFields,
    spec: object(
      {
        replicas: int32,
        minReadySeconds: int32,
        selector: labelSelectorSchema,
        template: podTemplateSchema,
      },
      ["selector", "template"],
    ),
    status: openObject({
      replicas: int32,
      fullyLabeledReplicas: int32,
      readyReplicas: int32,
      availableReplicas: int32,
      terminatingReplicas: int32,
      observedGeneration: int64,
      conditions: list(conditionSchema, ["type"]),
    }),
  },
  ["metadata", "spec"],
);

export const deploymentSchema = object(
  {
    ...objectFields,
    spec: object(
      {
        replicas: int32,
        minReadySeconds: int32,
        revisionHistoryLimit: int32,
        progressDeadlineSeconds: int32,
        paused: bool,
        selector: labelSelectorSchema,
        template: podTemplateSchema,
        strategy: object({
          type: text,
          rollingUpdate: object({ maxSurge: intOrString, maxUnavailable: intOrString }),
        }),
      },
      ["selector", "template"],
    ),
    status: openObject({
      replicas: int32,
      updatedReplicas: int32,
      readyReplicas: int32,
      availableReplicas: int32,
      unavailableReplicas: int32,
      observedGeneration: int64,
      collisionCount: int32,
      conditions: list(conditionSchema, ["type"]),
    }),
  },
  ["metadata", "spec"],
);

export const jobSpecSchema = object(
  {
    parallelism: int32,
    completions: int32,
    completionMode: text,
    backoffLimit: int32,
    backoffLimitPerIndex: int32,
    maxFailedIndexes: int32,
    activeDeadlineSeconds: int64,
    ttlSecondsAfterFinished: int32,
    suspend: bool,
    manualSelector: bool,
    managedBy: text,
    podFailurePolicy: openObject({}),
    podReplacementPolicy: text,
    successPolicy: openObject({}),
    selector: labelSelectorSchema,
    template: podTemplateSchema,
  },
  ["template"],
);

export const jobSchema = object(
  {
    ...objectFields,
    spec: jobSpecSchema,
    status: openObject({
      active: int32,
      succeeded: int32,
      failed: int32,
      ready: int32,
      startTime: dateTime,
      completionTime: dateTime,
      conditions: list(conditionSchema, ["type"]),
    }),
  },
  ["metadata", "spec"],
);
