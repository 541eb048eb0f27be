// Schema of Rollout.spec.strategy (argo-rollouts.md §1.1): canary and blueGreen, and our own two.
import { backgroundAnalysisSchema, rolloutAnalysisSchema } from "./analysis-reference.ts";
import { canaryStepSchema } from "./canary-steps.ts";
import { labelsAndAnnotationsSchema } from "./meta.ts";
import { bool, described, int32, intOrString, list, object, text } from "./schema.ts";
import type { WireOf } from "./schema.ts";
import { trafficRoutingSchema } from "./traffic-routing.ts";

const antiAffinity = object({
  preferredDuringSchedulingIgnoredDuringExecution: described(
    object({ weight: described(int32, "How strongly, from 1 to 100.") }, ["weight"]),
    "Other nodes are preferred.",
  ),
  requiredDuringSchedulingIgnoredDuringExecution: described(
    object({}),
    "Only other nodes will do.",
  ),
});

const maxSurge = described(
  intOrString,
  "Pods that may exist beyond spec.replicas while versions change: a number or a share such as 25%, rounded up; default 25%.",
);
const maxUnavailable = described(
  intOrString,
  "Pods that may be missing while versions change: a number or a share such as 25%, rounded down; default 25%.",
);

const commonStrategyFields = {
  antiAffinity: described(
    antiAffinity,
    "Keeps pods of the new version off the nodes of the stable one while both run; exactly one of the fields.",
  ),
  scaleDownDelaySeconds: described(
    int32,
    "How long the old version's pods stay after the new one has taken over; default 30 where traffic is switched by Services or a router.",
  ),
  scaleDownDelayRevisionLimit: described(
    int32,
    "How many old versions may wait for their scale-down at the same time; default: all.",
  ),
  abortScaleDownDelaySeconds: described(
    int32,
    "How long the aborted version's pods stay; default 30, 0 keeps them.",
  ),
  maxUnavailable,
};

const pingPong = object(
  {
    pingService: described(text, "Name of the one Service."),
    pongService: described(text, "Name of the other Service."),
  },
  ["pingService", "pongService"],
);

const replicaProgressThreshold = object(
  {
    type: described(text, "Percent or Pods."),
    value: described(int32, "Percent of the wanted pods, or their number."),
  },
  ["type", "value"],
);

const canary = object({
  ...commonStrategyFields,
  canaryService: described(text, "Name of the Service whose selector is led to the new version."),
  stableService: described(
    text,
    "Name of the Service whose selector is led to the stable version.",
  ),
  steps: described(
    list(canaryStepSchema),
    "What happens on the way to the new version, one after the other; each item has exactly one key. Without steps: a rolling update.",
  ),
  maxSurge,
  trafficRouting: described(
    trafficRoutingSchema,
    "Who splits the traffic. Without it the number of pods of each version does.",
  ),
  analysis: described(
    backgroundAnalysisSchema,
    "An AnalysisRun beside the steps; when it fails, the rollout goes back to stable.",
  ),
  canaryMetadata: described(
    labelsAndAnnotationsSchema,
    "For the new version's pods while it is the canary.",
  ),
  stableMetadata: described(labelsAndAnnotationsSchema, "For the stable version's pods."),
  dynamicStableScale: described(
    bool,
    "Whether the stable version gives up pods as the canary's weight grows; default false. Needs trafficRouting.",
  ),
  pingPong: described(
    pingPong,
    "Two Services that take turns at being stable, so that no selector changes under traffic.",
  ),
  minPodsPerReplicaSet: described(
    int32,
    "The fewest pods a version with any pods has, at most spec.replicas. Needs trafficRouting.",
  ),
  replicaProgressThreshold: described(
    replicaProgressThreshold,
    "How many of the canary's pods must be available before a step counts as reached; default 100 percent.",
  ),
});

const blueGreen = object(
  {
    ...commonStrategyFields,
    activeService: described(text, "Name of the Service that users reach."),
    previewService: described(
      text,
      "Name of a Service that leads to the new version before users get it.",
    ),
    previewReplicaCount: described(
      int32,
      "How many pods the new version has until it is promoted; default spec.replicas.",
    ),
    autoPromotionEnabled: described(
      bool,
      "Whether the new version is promoted once its pods are available; false waits for a person. Default true.",
    ),
    autoPromotionSeconds: described(int32, "How long to wait before it is promoted by itself."),
    prePromotionAnalysis: described(
      rolloutAnalysisSchema,
      "Must succeed before the active Service is switched.",
    ),
    postPromotionAnalysis: described(
      rolloutAnalysisSchema,
      "Runs after the switch; when it fails, the active Service is switched back.",
    ),
    previewMetadata: described(
      labelsAndAnnotationsSchema,
      "For the new version's pods until it is promoted.",
    ),
    activeMetadata: described(labelsAndAnnotationsSchema, "For the active version's pods."),
  },
  ["activeService"],
);

export const rolloutStrategySchema = object({
  canary: described(canary, "A new version gets its share of the traffic step by step."),
  blueGreen: described(
    blueGreen,
    "A new version starts beside the old one; then all traffic is switched at once.",
  ),
  rollingUpdate: described(
    object({ maxSurge, maxUnavailable }),
    "Haldane's: new pods replace old ones within maxSurge and maxUnavailable. Argo's CRD drops the field: there, annotate haldane.dev/strategy: rollingUpdate.",
  ),
  recreate: described(
    object({}),
    "Haldane's: all old pods stop before the first new one starts. Argo's CRD drops the field: there, annotate haldane.dev/strategy: recreate.",
  ),
});

export type StrategyManifest = WireOf<typeof rolloutStrategySchema>;
export type CanaryManifest = WireOf<typeof canary>;
export type BlueGreenManifest = WireOf<typeof blueGreen>;
export type AntiAffinityManifest = WireOf<typeof antiAffinity>;
