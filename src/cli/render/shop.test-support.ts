// A rollout in the middle of its canary, with everything a tree can show: the world of
// argo-kubectl-plugin.md §3's example, seen at a fixed time.
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import type { BelowRollout, ObservedTree } from "../../core/view/rollout-view.ts";
import { formatTime } from "../../lib/time.ts";
import { parsedRollout } from "../fetch-tree.ts";

export const now = Date.UTC(2026, 0, 1, 12);

function ago(minutes: number, seconds = 0): string {
  return formatTime(now - (minutes * 60 + seconds) * 1000);
}

function ownedBy(
  kind: string,
  uid: string,
): { readonly ownerReferences: NonNullable<KubeObject["metadata"]["ownerReferences"]> } {
  return { ownerReferences: [{ apiVersion: "x", kind, name: "x", uid, controller: true }] };
}

const revision = "rollout.argoproj.io/revision";
const hashLabel = "rollouts-pod-template-hash";

interface Version {
  readonly hash: string;
  readonly image: string;
  readonly revision: string;
  readonly replicas: number;
  readonly since: string;
  readonly more?: Readonly<Record<string, string>>;
}

function replicaSet({
  hash,
  image,
  revision: number,
  replicas,
  since,
  more = {},
}: Version): ReplicaSet {
  const template = { metadata: {}, spec: { containers: [{ name: "app", image }] } };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `shop-${hash}`,
      namespace: "web",
      uid: `set-${hash}`,
      generation: 1,
      creationTimestamp: since,
      labels: { [hashLabel]: hash },
      annotations: { [revision]: number, ...more },
      ...ownedBy("Rollout", "shop-uid"),
    },
    spec: { replicas, selector: { matchLabels: {} }, template },
    status: { observedGeneration: 1, replicas, availableReplicas: replicas },
  };
}

function pod(
  name: string,
  hash: string,
  since: string,
  restartCount: number,
  state: object = { running: {} },
): Pod {
  const isRunning = "running" in state;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "web",
      uid: name,
      creationTimestamp: since,
      ...ownedBy("ReplicaSet", `set-${hash}`),
    },
    spec: { containers: [{ name: "app" }] },
    status: {
      phase: isRunning ? "Running" : "Pending",
      containerStatuses: [{ name: "app", ready: isRunning, restartCount, state }],
    },
  };
}

const run: AnalysisRun = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: {
    name: "shop-5d8f9c7b6-2-1",
    namespace: "web",
    uid: "run",
    creationTimestamp: ago(4),
    annotations: { [revision]: "2" },
    ...ownedBy("Rollout", "shop-uid"),
  },
  spec: { metrics: [] },
  status: {
    phase: "Successful",
    metricResults: [
      { name: "rate", phase: "Successful", successful: 3, failed: 1 },
      {
        name: "probe",
        phase: "Successful",
        measurements: [
          { phase: "Successful", startedAt: ago(3, 20), metadata: { "job-name": "8a4c.probe.1" } },
        ],
      },
    ],
  },
};

const manifest: KubeObject & { readonly spec: object; readonly status: object } = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: {
    name: "shop",
    namespace: "web",
    uid: "shop-uid",
    generation: 2,
    creationTimestamp: ago(185),
  },
  spec: {
    replicas: 5,
    selector: { matchLabels: { app: "shop" } },
    template: {
      metadata: { labels: { app: "shop" } },
      spec: { containers: [{ name: "app", image: "registry.local/shop:2" }] },
    },
    strategy: {
      canary: { steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }, { pause: {} }] },
    },
  },
  status: {
    observedGeneration: "2",
    phase: "Paused",
    message: "CanaryPauseStep",
    currentStepIndex: 1,
    currentPodHash: "5d8f9c7b6",
    stableRS: "6c9b8d7f5",
    replicas: 5,
    updatedReplicas: 1,
    readyReplicas: 5,
    availableReplicas: 5,
    pauseConditions: [{ reason: "CanaryPauseStep", startTime: ago(1) }],
  },
};

const below: BelowRollout = {
  replicaSets: [
    replicaSet({
      hash: "5d8f9c7b6",
      image: "registry.local/shop:2",
      revision: "2",
      replicas: 1,
      since: ago(4, 10),
    }),
    replicaSet({
      hash: "6c9b8d7f5",
      image: "registry.local/shop:1",
      revision: "1",
      replicas: 4,
      since: ago(185),
      more: { "scale-down-deadline": formatTime(now + 20_000) },
    }),
  ],
  pods: [
    pod("shop-5d8f9c7b6-x2x4q", "5d8f9c7b6", ago(4, 10), 0),
    pod("shop-6c9b8d7f5-7kq2p", "6c9b8d7f5", ago(185), 2),
  ],
  analysisRuns: [run],
  experiments: [],
};

/** `changes` replace parts of the status, pods are added. */
export function shopTree(status: object = {}, pods: readonly Pod[] = []): ObservedTree {
  const changed: KubeObject = {
    ...manifest,
    status: { ...manifest.status, ...status },
  } as KubeObject;
  return {
    ...below,
    pods: [...below.pods, ...pods],
    manifest: changed,
    rollout: parsedRollout(changed),
  };
}

export function stuckPod(name: string, reason: string, message: string): Pod {
  return pod(name, "5d8f9c7b6", ago(1), 0, { waiting: { reason, message } });
}
