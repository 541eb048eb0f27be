import { describe, expect, it } from "vitest";
import { pruneStatus } from "../../api/argo/parse/status.ts";
import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { isOnlyCounts } from "./save-status.ts";

const progressing = {
  type: "Progressing",
  status: "True",
  reason: "ReplicaSetUpdated",
  message: 'ReplicaSet "shop-1" is progressing.',
  lastTransitionTime: "2026-01-01T00:00:00Z",
  lastUpdateTime: "2026-01-01T00:00:00Z",
} as const;

const stored: RolloutStatus = {
  phase: "Progressing",
  replicas: 4,
  availableReplicas: 3,
  conditions: [progressing],
};

function rolloutWith(status: RolloutStatus): KubeObject {
  const metadata = { name: "shop", namespace: "default" };
  const kept = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", metadata };
  return { ...kept, status: pruneStatus(status) } as KubeObject;
}

describe("a status that differs only in numbers of pods", () => {
  it.each<[string, RolloutStatus, boolean]>([
    ["nothing", stored, true],
    ["counts", { ...stored, replicas: 5, availableReplicas: 5, HPAReplicas: 5 }, true],
    ["a count that is gone", { phase: "Progressing", conditions: [progressing] }, true],
    [
      "counts and the time of the progress",
      {
        ...stored,
        readyReplicas: 4,
        conditions: [{ ...progressing, lastUpdateTime: "2026-01-01T00:00:09Z" }],
      },
      true,
    ],
    ["the phase", { ...stored, phase: "Healthy" }, false],
    ["a step, beside counts", { ...stored, replicas: 5, currentStepIndex: 1 }, false],
    [
      "a condition's reason",
      { ...stored, conditions: [{ ...progressing, reason: "NewReplicaSetAvailable" }] },
      false,
    ],
    ["a condition more", { ...stored, conditions: [progressing, progressing] }, false],
    ["a condition less", { ...stored, conditions: [] }, false],
  ])("%s", (_what, status, expected) => {
    expect(isOnlyCounts(rolloutWith(stored), status)).toBe(expected);
  });
});
