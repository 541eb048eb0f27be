import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import type { RolloutCondition } from "../../api/argo/rollout-status.ts";
import { clientPhase, phaseOf } from "./phase.ts";
import type { PhaseInput, PhaseStatus } from "./phase.ts";

const done: PhaseStatus = {
  updatedReplicas: 4,
  availableReplicas: 4,
  replicas: 4,
  stableRS: "a",
  currentPodHash: "a",
};
const input = (status: PhaseStatus, over: Partial<PhaseInput> = {}): PhaseInput => ({
  n: 4,
  isPaused: false,
  restartAt: undefined,
  strategy: "canary",
  isRouted: false,
  hasPostPromotionAnalysis: false,
  held: undefined,
  status,
  ...over,
});
const condition = (type: RolloutCondition["type"], reason: string): RolloutCondition => ({
  type,
  reason,
  status: "True",
  message: "why",
  lastUpdateTime: "",
  lastTransitionTime: "",
});
const pause = { reason: "CanaryPauseStep", startTime: "" } as const;
const blueGreen = { strategy: "blueGreen" } as const;

describe("phaseOf, in its order", () => {
  it.each<[PhaseInput, string, string]>([
    [
      input({
        conditions: [
          condition("InvalidSpec", "InvalidSpec"),
          condition("Progressing", "RolloutAborted"),
        ],
      }),
      "Degraded",
      "InvalidSpec: why",
    ],
    [
      input({ conditions: [condition("Progressing", "RolloutAborted")], pauseConditions: [pause] }),
      "Degraded",
      "RolloutAborted: why",
    ],
    [
      input({ conditions: [condition("Progressing", "ProgressDeadlineExceeded")] }),
      "Degraded",
      "ProgressDeadlineExceeded: why",
    ],
    [input({ pauseConditions: [pause] }, { isPaused: true }), "Paused", "manually paused"],
    [input({ pauseConditions: [pause] }), "Paused", "CanaryPauseStep"],
    [input(done, { restartAt: "t", held: "held" }), "Progressing", "rollout is restarting"],
    [input({ ...done, restartedAt: "t" }, { restartAt: "t" }), "Healthy", ""],
    [
      input({ ...done, updatedReplicas: 1 }, { held: "traffic is held" }),
      "Progressing",
      "traffic is held",
    ],
    [input({ ...done, updatedReplicas: 3 }), "Progressing", "more replicas need to be updated"],
    [
      input({ ...done, availableReplicas: 3 }),
      "Progressing",
      "updated replicas are still becoming available",
    ],
    [input({ ...done, blueGreen: {} }, blueGreen), "Progressing", "active service cutover pending"],
    [
      input(
        { ...done, stableRS: "b", blueGreen: { activeSelector: "a" } },
        { ...blueGreen, hasPostPromotionAnalysis: true },
      ),
      "Progressing",
      "waiting for analysis to complete",
    ],
    [
      input({ ...done, stableRS: "b", blueGreen: { activeSelector: "a" } }, blueGreen),
      "Progressing",
      "waiting for post-promotion verification to complete",
    ],
    [input({ ...done, replicas: 5 }), "Progressing", "old replicas are pending termination"],
    [input({ ...done, replicas: 5 }, { isRouted: true }), "Healthy", ""],
    [input({ ...done, stableRS: "b" }), "Progressing", "waiting for all steps to complete"],
    [
      input(
        {
          ...done,
          canary: { weights: { canary: { weight: 0 }, stable: { weight: 100 }, verified: false } },
        },
        { isRouted: true },
      ),
      "Progressing",
      "waiting for traffic weights to be verified",
    ],
    [
      input(
        {
          ...done,
          canary: {
            weights: { canary: { weight: 20, podTemplateHash: "b" }, stable: { weight: 80 } },
          },
        },
        { isRouted: true },
      ),
      "Progressing",
      "waiting for all traffic to return to stable",
    ],
    [input(done), "Healthy", ""],
  ])("%#: %o is %s (%s)", (given, phase, message) => {
    expect(phaseOf(given)).toEqual({ phase, message });
  });
});

describe("clientPhase", () => {
  const manifest = (status: JsonObject, over: JsonObject = {}): JsonObject => ({
    metadata: { generation: 2 },
    spec: { replicas: 1, strategy: { canary: {} } },
    status: { observedGeneration: "2", ...status },
    ...over,
  });

  it.each<[string, JsonObject, string, string]>([
    [
      "an unseen generation",
      manifest({ observedGeneration: "1", phase: "Healthy" }),
      "Progressing",
      "waiting for rollout spec update to be observed",
    ],
    [
      "a resume the controller has not seen",
      manifest({ controllerPause: true, phase: "Paused" }),
      "Progressing",
      "waiting for rollout to unpause",
    ],
    [
      "an abort",
      manifest({ abort: true, phase: "Degraded", message: "RolloutAborted: why" }),
      "Degraded",
      "RolloutAborted: why",
    ],
    [
      "a retry the controller has not seen",
      manifest({ abort: false, phase: "Degraded", message: "RolloutAborted: why" }),
      "Progressing",
      "waiting for rollout to be retried",
    ],
    [
      "a retry that took the word away",
      manifest({ abortedAt: "x", phase: "Degraded", message: "RolloutAborted: why" }),
      "Progressing",
      "waiting for rollout to be retried",
    ],
    [
      "an unseen workload",
      manifest(
        { phase: "Healthy" },
        {
          spec: { workloadRef: {} },
          metadata: {
            generation: 2,
            annotations: { "rollout.argoproj.io/workload-generation": "7" },
          },
        },
      ),
      "Progressing",
      "waiting for rollout spec update to be observed for the reference workload",
    ],
    ["what the controller wrote", manifest({ phase: "Degraded", message: "m" }), "Degraded", "m"],
    [
      "the controller's rules if it wrote nothing",
      manifest({
        updatedReplicas: 1,
        availableReplicas: 1,
        replicas: 1,
        stableRS: "a",
        currentPodHash: "a",
      }),
      "Healthy",
      "",
    ],
    [
      "a pause it wrote no phase for",
      manifest({ pauseConditions: [pause] }),
      "Paused",
      "CanaryPauseStep",
    ],
  ])("shows %s", (_name, given, phase, message) => {
    expect(clientPhase(given)).toEqual({ phase, message });
  });
});
