// Schema of Rollout (argo-rollouts.md §1.1); its strategies, steps, routers and status are beside it.
import type { backgroundAnalysisSchema, rolloutAnalysisSchema } from "./analysis-reference.ts";
import { labelSelectorSchema, objectFields } from "./meta.ts";
import { podTemplateSchema } from "./pod.ts";
import { rolloutStatusSchema } from "./rollout-status.ts";
import { rolloutStrategySchema } from "./rollout-strategy.ts";
import { asCrd, bool, dateTime, described, int32, object, text } from "./schema.ts";
import type { WireOf } from "./schema.ts";
import type { trafficRoutingSchema } from "./traffic-routing.ts";

const workloadRef = object({
  apiVersion: described(text, "apps/v1, or v1 for a PodTemplate."),
  kind: described(text, "Deployment, ReplicaSet or PodTemplate."),
  name: described(text, "Its name, in the same namespace."),
  scaleDown: described(
    text,
    "What becomes of the workload's own pods at the first rollout: never, onsuccess or progressively; default never.",
  ),
});

const history = object({
  successfulRunHistoryLimit: described(int32, "How many successful ones are kept; default 5."),
  unsuccessfulRunHistoryLimit: described(
    int32,
    "How many failed, inconclusive and erroneous ones are kept; default 5.",
  ),
});

export const rolloutSpecSchema = object({
  replicas: described(int32, "How many pods; default 1."),
  selector: described(
    asCrd(labelSelectorSchema, {
      rules: [{ rule: "self == oldSelf", message: ".spec.selector is immutable" }],
    }),
    "Which pods are the Rollout's: it must match the template's labels, and never changes. May be left out with workloadRef.",
  ),
  template: podTemplateSchema,
  workloadRef: described(workloadRef, "Whose pod template is rolled out, instead of `template`."),
  minReadySeconds: described(
    int32,
    "How long a pod must have been ready to count as available; default 0.",
  ),
  revisionHistoryLimit: described(
    int32,
    "How many old ReplicaSets without pods are kept to go back to; default 10.",
  ),
  paused: described(bool, "Holds the rollout where it is; default false."),
  progressDeadlineSeconds: described(
    int32,
    "How long the rollout may stay without progress before it is Degraded; default 600. More than minReadySeconds.",
  ),
  progressDeadlineAbort: described(
    bool,
    "Whether it then goes back to stable by itself; default false.",
  ),
  restartAt: described(dateTime, "Pods made before this time are replaced, a few at a time."),
  rollbackWindow: described(
    object({
      revisions: described(int32, "How many revisions back."),
    }),
    "Going back to a revision within this window skips steps and analyses.",
  ),
  analysis: described(history, "How many ended AnalysisRuns and Experiments are kept."),
  strategy: described(
    rolloutStrategySchema,
    "How a new version replaces the old one: exactly one of these.",
  ),
});

export const rolloutSchema = described(
  object(
    {
      ...objectFields,
      spec: described(rolloutSpecSchema, "What is wanted."),
      status: described(rolloutStatusSchema, "How far it is. Written by the controller."),
    },
    ["metadata", "spec"],
  ),
  "Pods in versions: a new version reaches users the way the strategy says, and goes back when it hurts them.",
);

export type RolloutManifest = WireOf<typeof rolloutSchema>;
export type RolloutSpecManifest = WireOf<typeof rolloutSpecSchema>;
export type TrafficRoutingManifest = WireOf<typeof trafficRoutingSchema>;
export type RolloutAnalysisManifest = WireOf<typeof rolloutAnalysisSchema>;
export type BackgroundAnalysisManifest = WireOf<typeof backgroundAnalysisSchema>;
