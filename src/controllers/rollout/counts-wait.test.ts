import { describe, expect, it } from "vitest";
import { pruneStatus } from "../../api/argo/parse/status.ts";
import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import type { Effect } from "../../core/rollout/decision.ts";
import { CountsWait } from "./counts-wait.ts";

const progressing = {
  type: "Progressing",
  status: "True",
  reason: "NewReplicaSetCreated",
  message: 'Created new replica set "shop-1"',
  lastTransitionTime: "2026-01-01T00:00:00Z",
  lastUpdateTime: "2026-01-01T00:00:00Z",
} as const;
const stored: RolloutStatus = { phase: "Progressing", replicas: 1, conditions: [progressing] };
const rollout = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "shop", namespace: "default" },
  status: pruneStatus(stored),
} as KubeObject;

const counted: RolloutStatus = {
  ...stored,
  replicas: 2,
  message: "old replicas are pending termination",
  conditions: [{ ...progressing, reason: "ReplicaSetUpdated", message: "is progressing." }],
};

function set(replicas: number, available: number, observedGeneration = 1): ReplicaSet {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "shop-1", namespace: "default", generation: 1 },
    spec: { replicas, selector: {}, template: { metadata: {}, spec: { containers: [] } } },
    status: { replicas, availableReplicas: available, observedGeneration },
  };
}

const moving = [set(2, 1)];
const patch: Effect = { kind: "patchReplicaSet", name: "shop-1", resourceVersion: "1", patch: {} };
const told: Effect = {
  kind: "event",
  event: { type: "Normal", reason: "X", message: "", cause: "" },
};

const waitMs = (
  wait: CountsWait,
  status: RolloutStatus,
  { sets = moving, effects = [], now = 0 }: Options = {},
): number | undefined =>
  wait.waitMs("default/shop", { effects, status, next: undefined }, rollout, sets, now);
interface Options {
  readonly sets?: readonly ReplicaSet[];
  readonly effects?: readonly Effect[];
  readonly now?: number;
}

describe("a status whose numbers are about to change again", () => {
  it("waits once, for a moment", () => {
    const wait = new CountsWait();
    expect(waitMs(wait, counted)).toBe(50);
    expect(waitMs(wait, { ...counted, replicas: 3 }, { now: 20 })).toBe(30);
    expect(waitMs(wait, { ...counted, replicas: 3 }, { now: 50 })).toBeUndefined();
    wait.over("default/shop");
    expect(waitMs(wait, counted, { now: 60 })).toBe(50);
  });

  it.each<[string, RolloutStatus, Options]>([
    ["all pods are there", counted, { sets: [set(2, 2)] }],
    ["the phase is another", { ...counted, phase: "Healthy" }, {}],
    ["a step is done", { ...counted, currentStepIndex: 1 }, {}],
    ["it no longer gets on", { ...counted, conditions: [{ ...progressing, status: "False" }] }, {}],
    ["nothing is new", stored, {}],
    ["something is told", counted, { effects: [told] }],
    ["more than numbers changed with what was done", counted, { effects: [patch] }],
  ])("does not wait when %s", (_when, status, options) => {
    expect(waitMs(new CountsWait(), status, options)).toBeUndefined();
  });

  it("waits while a ReplicaSet has not been looked at since it was changed", () => {
    expect(waitMs(new CountsWait(), counted, { sets: [set(2, 2, 0)] })).toBe(50);
  });

  it("waits longer for the pass that what was just done brings about", () => {
    const counts = { ...stored, replicas: 2 };
    expect(waitMs(new CountsWait(), counts, { effects: [patch] })).toBe(300);
  });
});
