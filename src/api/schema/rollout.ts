// Schema of Rollout (argo-rollouts.md §1.1–1.4).
import {
  backgroundAnalysisSchema,
  dryRunSchema,
  experimentAnalysisSchema,
  pauseDurationSchema,
  rolloutAnalysisSchema,
} from "./analysis-reference.ts";
import { labelSelectorSchema, labelsAndAnnotationsSchema, objectFields } from "./meta.ts";
import { podTemplateSchema } from "./pod.ts";
import { rolloutStatusSchema } from "./rollout-status.ts";
import {
  bool,
  dateTime,
  described,
  int32,
  intOrString,
  list,
  map,
  object,
  text,
} from "./schema.ts";
import type { WireOf } from "./schema.ts";
import { stepPluginConfigSchema, trafficRoutingSchema } from "./traffic-routing.ts";

const antiAffinity = object({
  preferredDuringSchedulingIgnoredDuringExecution: object({ weight: int32 }, ["weight"]),
  requiredDuringSchedulingIgnoredDuringExecution: object({}),
});

const stringMatch = object({ exact: text, prefix: text, regex: text });

const experimentTemplate = object(
  {
    name: text,
    specRef: described(text, "`canary` or `stable`: whose pod template is run."),
    replicas: int32,
    metadata: labelsAndAnnotationsSchema,
    selector: labelSelectorSchema,
    weight: int32,
    service: object({ name: text }),
  },
  ["name", "specRef"],
);

export const canaryStepSchema = object({
  setWeight: described(
    int32,
    "Share of the traffic for the canary, in percent of maxTrafficWeight.",
  ),
  pause: described(
    object({ duration: pauseDurationSchema }),
    "Waits for `duration` (seconds, or text such as 5m); without it until someone promotes.",
  ),
  setCanaryScale: object({ weight: int32, replicas: int32, matchTrafficWeight: bool }),
  analysis: rolloutAnalysisSchema,
  experiment: object(
    {
      templates: list(experimentTemplate),
      duration: text,
      analyses: list(experimentAnalysisSchema),
      dryRun: dryRunSchema,
      analysisRunMetadata: labelsAndAnnotationsSchema,
      scaleDownDelaySeconds: int32,
    },
    ["templates"],
  ),
  setHeaderRoute: object({
    name: text,
    match: list(
      object({ headerName: text, headerValue: stringMatch }, ["headerName", "headerValue"]),
    ),
  }),
  setMirrorRoute: object(
    {
      name: text,
      match: list(object({ method: stringMatch, path: stringMatch, headers: map(stringMatch) })),
      percentage: int32,
    },
    ["name"],
  ),
  plugin: object({ name: text, config: stepPluginConfigSchema }, ["name"]),
});

const commonStrategyFields = {
  antiAffinity,
  scaleDownDelaySeconds: int32,
  scaleDownDelayRevisionLimit: int32,
  abortScaleDownDelaySeconds: described(int32, "Default 30; 0 keeps the aborted version's pods."),
  maxUnavailable: intOrString,
};

const canary = object({
  ...commonStrategyFields,
  canaryService: text,
  stableService: text,
  steps: list(canaryStepSchema),
  maxSurge: intOrString,
  trafficRouting: trafficRoutingSchema,
  analysis: backgroundAnalysisSchema,
  canaryMetadata: labelsAndAnnotationsSchema,
  stableMetadata: labelsAndAnnotationsSchema,
  dynamicStableScale: bool,
  pingPong: object({ pingService: text, pongService: text }, ["pingService", "pongService"]),
  minPodsPerReplicaSet: int32,
  replicaProgressThreshold: object({ type: text, value: int32 }, ["type", "value"]),
});

const blueGreen = object(
  {
    ...commonStrategyFields,
    activeService: text,
    previewService: text,
    previewReplicaCount: int32,
    autoPromotionEnabled: bool,
    autoPromotionSeconds: int32,
    prePromotionAnalysis: rolloutAnalysisSchema,
    postPromotionAnalysis: rolloutAnalysisSchema,
    previewMetadata: labelsAndAnnotationsSchema,
    activeMetadata: labelsAndAnnotationsSchema,
  },
  ["activeService"],
);

export const rolloutStrategySchema = object({
  canary,
  blueGreen,
  rollingUpdate: described(
    object({ maxSurge: intOrString, maxUnavailable: intOrString }),
    "Haldane's: new pods replace old ones within maxSurge and maxUnavailable.",
  ),
  recreate: described(object({}), "Haldane's: all old pods stop before the first new one starts."),
});

export const rolloutSpecSchema = object({
  replicas: described(int32, "How many pods; default 1."),
  selector: labelSelectorSchema,
  template: podTemplateSchema,
  workloadRef: object({ apiVersion: text, kind: text, name: text, scaleDown: text }),
  minReadySeconds: int32,
  revisionHistoryLimit: int32,
  paused: bool,
  progressDeadlineSeconds: int32,
  progressDeadlineAbort: bool,
  restartAt: dateTime,
  rollbackWindow: object({ revisions: int32 }),
  analysis: object({ successfulRunHistoryLimit: int32, unsuccessfulRunHistoryLimit: int32 }),
  strategy: rolloutStrategySchema,
});

export const rolloutSchema = object(
  { ...objectFields, spec: rolloutSpecSchema, status: rolloutStatusSchema },
  ["metadata", "spec"],
);

export type RolloutManifest = WireOf<typeof rolloutSchema>;
export type RolloutSpecManifest = WireOf<typeof rolloutSpecSchema>;
export type StrategyManifest = WireOf<typeof rolloutStrategySchema>;
export type CanaryManifest = WireOf<typeof canary>;
export type BlueGreenManifest = WireOf<typeof blueGreen>;
export type CanaryStepManifest = WireOf<typeof canaryStepSchema>;
export type TrafficRoutingManifest = WireOf<typeof trafficRoutingSchema>;
export type AntiAffinityManifest = WireOf<typeof antiAffinity>;
export type StringMatchManifest = WireOf<typeof stringMatch>;
export type RolloutAnalysisManifest = WireOf<typeof rolloutAnalysisSchema>;
export type BackgroundAnalysisManifest = WireOf<typeof backgroundAnalysisSchema>;
