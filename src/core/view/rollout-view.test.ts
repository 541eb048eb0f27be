import { describe, expect, it } from "vitest";
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { parseRollout } from "../../api/argo/parse/rollout.ts";
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { podStatus } from "./pod-view.ts";
import {
  imageViews,
  replicaSetStatus,
  revisionViews,
  weightView,
  type ObservedTree,
} from "./rollout-view.ts";

const owner = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  name: "shop",
  uid: "r",
  controller: true,
};

function rolloutOf(strategy: object, status: object): KubeObject {
  const manifest = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "shop", namespace: "web", uid: "r" },
    spec: { replicas: 5, selector: { matchLabels: { app: "shop" } }, strategy },
    status,
  };
  return manifest;
}

function setOf(hash: string, revision: number, image: string, replicas: number): ReplicaSet {
  const labels = { "rollouts-pod-template-hash": hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `shop-${hash}`,
      namespace: "web",
      uid: hash,
      labels,
      annotations: { "rollout.argoproj.io/revision": String(revision) },
      ownerReferences: [owner],
    },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { spec: { containers: [{ name: "app", image }] } },
    },
    status: { replicas, availableReplicas: replicas },
  };
}

function treeOf(
  manifest: KubeObject,
  replicaSets: readonly ReplicaSet[],
  rest: Partial<ObservedTree> = {},
): ObservedTree {
  const { rollout } = parseRollout(asJson(manifest));
  return { rollout, manifest, replicaSets, pods: [], analysisRuns: [], experiments: [], ...rest };
}

const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];

describe("weights", () => {
  it.each([
    [
      "at a step",
      { currentStepIndex: 1, availableReplicas: 5, updatedReplicas: 1 },
      { step: "1/4", setWeight: 20, actualWeight: 20 },
    ],
    [
      "recorded by a router",
      {
        currentStepIndex: 3,
        availableReplicas: 5,
        canary: { weights: { canary: { weight: 35 }, stable: { weight: 65 } } },
      },
      { setWeight: 50, actualWeight: 35 },
    ],
    [
      "done",
      { currentStepIndex: 4, availableReplicas: 5 },
      { step: "4/4", setWeight: 100, actualWeight: 100 },
    ],
    [
      "aborted",
      { currentStepIndex: 0, abort: true, availableReplicas: 5, updatedReplicas: 1 },
      { setWeight: 0, actualWeight: 0 },
    ],
    ["nothing available", { currentStepIndex: 1 }, { setWeight: 20, actualWeight: 0 }],
  ])("%s", (_name, status, wanted) => {
    const { rollout } = parseRollout(asJson(rolloutOf({ canary: { steps } }, status)));
    expect(weightView(rollout)).toMatchObject(wanted);
  });

  it("are nothing a blue-green has", () => {
    const { rollout } = parseRollout(asJson(rolloutOf({ blueGreen: { activeService: "a" } }, {})));
    expect(weightView(rollout)).toBeUndefined();
  });
});

describe("revisions", () => {
  const status = {
    stableRS: "old",
    currentPodHash: "new",
    blueGreen: { activeSelector: "old", previewSelector: "new" },
  };
  const sets = [
    setOf("old", 1, "shop:1", 4),
    setOf("new", 2, "shop:2", 1),
    setOf("gone", 0, "shop:0", 0),
  ];

  it.each([
    [{ canary: { steps } }, { new: ["canary"], old: ["stable"], gone: [] }],
    [
      { blueGreen: { activeService: "a", previewService: "b" } },
      { new: ["preview"], old: ["stable", "active"], gone: [] },
    ],
  ])("newest first, each ReplicaSet with its role: %j", (strategy, roles) => {
    const revisions = revisionViews(treeOf(rolloutOf(strategy, status), sets));
    expect(revisions.map(({ revision }) => revision)).toEqual([2, 1, 0]);
    const found = revisions.flatMap(({ replicaSets }) =>
      replicaSets.map(({ name, tags }) => [name.slice(5), tags]),
    );
    expect(Object.fromEntries(found)).toEqual(roles);
  });

  it("list only what the rollout controls", () => {
    const foreign = {
      ...setOf("other", 7, "x", 1),
      metadata: { ...setOf("other", 7, "x", 1).metadata, ownerReferences: [] },
    };
    expect(revisionViews(treeOf(rolloutOf({ canary: {} }, status), [foreign]))).toEqual([]);
  });

  it("show images that run, once each, with all their roles", () => {
    const same = [
      setOf("old", 1, "shop:1", 4),
      setOf("new", 2, "shop:1", 1),
      setOf("gone", 0, "shop:0", 0),
    ];
    expect(imageViews(revisionViews(treeOf(rolloutOf({ canary: {} }, status), same)))).toEqual([
      { image: "shop:1", tags: ["canary", "stable"] },
    ]);
  });

  it("name the roles of an image in the order of its ReplicaSet, sorted once it is seen twice", () => {
    const blueGreen = rolloutOf({ blueGreen: { activeService: "a", previewService: "b" } }, status);
    const images = (...found: typeof sets): unknown =>
      imageViews(revisionViews(treeOf(blueGreen, found)));
    expect(images(...sets)).toEqual([
      { image: "shop:1", tags: ["stable", "active"] },
      { image: "shop:2", tags: ["preview"] },
    ]);
    expect(images(setOf("old", 1, "shop:1", 4), setOf("new", 2, "shop:1", 1))).toEqual([
      { image: "shop:1", tags: ["active", "preview", "stable"] },
    ]);
  });

  it("count an analysis run's measurements over its metrics and list its jobs", () => {
    const run: AnalysisRun = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: {
        name: "shop-new-2",
        namespace: "web",
        annotations: { "rollout.argoproj.io/revision": "2" },
        ownerReferences: [owner],
      },
      spec: { metrics: [] },
      status: {
        phase: "Running",
        metricResults: [
          { name: "a", phase: "Running", successful: 2, failed: 1 },
          {
            name: "b",
            phase: "Running",
            successful: 1,
            measurements: [{ phase: "Successful", metadata: { "job-name": "u.b.1" } }],
          },
        ],
      },
    };
    const [revision] = revisionViews(
      treeOf(rolloutOf({ canary: {} }, status), [], { analysisRuns: [run] }),
    );
    expect(revision?.analysisRuns[0]).toMatchObject({
      successful: 3,
      failed: 1,
      jobs: [{ name: "u.b.1", status: "Successful" }],
    });
  });
});

describe("a ReplicaSet's status", () => {
  const set = setOf("a", 1, "x", 2);
  it.each([
    ["Healthy", set],
    ["ScaledDown", setOf("a", 1, "x", 0)],
    ["Progressing", { ...set, status: { replicas: 2, availableReplicas: 1 } }],
    ["Progressing", { ...set, metadata: { ...set.metadata, generation: 3 } }],
    [
      "ReplicaFailure",
      {
        ...set,
        status: {
          ...set.status,
          conditions: [{ type: "ReplicaFailure", status: "True" as const }],
        },
      },
    ],
  ])("%s", (status, replicaSet) => {
    expect(replicaSetStatus(replicaSet)).toBe(status);
  });
});

describe("a pod's status", () => {
  const pod = (
    status: Pod["status"] & object,
    spec: Partial<Pod["spec"]> = {},
    metadata = {},
  ): Pod => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", ...metadata },
    spec: { containers: [{ name: "app" }], ...spec },
    status,
  });
  const container = (state: object, ready = false) => ({
    name: "app",
    ready,
    restartCount: 0,
    state,
  });

  it.each([
    ["Pending", pod({ phase: "Pending" })],
    ["Running", pod({ phase: "Running", containerStatuses: [container({ running: {} }, true)] })],
    [
      "CrashLoopBackOff",
      pod({
        phase: "Running",
        containerStatuses: [container({ waiting: { reason: "CrashLoopBackOff" } })],
      }),
    ],
    [
      "Completed",
      pod({
        phase: "Succeeded",
        containerStatuses: [container({ terminated: { exitCode: 0, reason: "Completed" } })],
      }),
    ],
    [
      "ExitCode:3",
      pod({ phase: "Failed", containerStatuses: [container({ terminated: { exitCode: 3 } })] }),
    ],
    [
      "Signal:9",
      pod({
        phase: "Failed",
        containerStatuses: [container({ terminated: { exitCode: 137, signal: 9 } })],
      }),
    ],
    [
      "Init:0/1",
      pod(
        {
          phase: "Pending",
          initContainerStatuses: [{ ...container({ running: {} }), name: "init" }],
        },
        { initContainers: [{ name: "init" }] },
      ),
    ],
    [
      "Init:Error",
      pod(
        {
          phase: "Pending",
          initContainerStatuses: [
            { ...container({ terminated: { exitCode: 1, reason: "Error" } }), name: "init" },
          ],
        },
        { initContainers: [{ name: "init" }] },
      ),
    ],
    ["Terminating", pod({ phase: "Running" }, {}, { deletionTimestamp: "2026-01-01T00:00:00Z" })],
  ])("%s", (text, value) => {
    expect(podStatus(value)).toBe(text);
  });
});
