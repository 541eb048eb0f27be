import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../lib/json.ts";
import type { RolloutStatus } from "../rollout-status.ts";
import { pruneStatus, statusOf } from "./status.ts";

const condition = {
  type: "Progressing",
  status: "True",
  lastUpdateTime: "2026-11-21T06:48:00Z",
  lastTransitionTime: "2026-11-21T06:48:00Z",
  reason: "NewReplicaSetAvailable",
  message: "",
} as const;

const full: RolloutStatus = {
  observedGeneration: "4",
  phase: "Paused",
  message: "CanaryPauseStep",
  conditions: [condition],
  pauseConditions: [{ reason: "CanaryPauseStep", startTime: "2026-11-21T06:48:00Z" }],
  controllerPause: true,
  currentPodHash: "a",
  stableRS: "b",
  currentStepIndex: 0,
  currentStepHash: "c",
  replicas: 5,
  HPAReplicas: 5,
  selector: "app=shop",
  blueGreen: {},
  canary: {
    currentStepAnalysisRunStatus: { name: "run", status: "" },
    weights: {
      canary: { weight: 0, podTemplateHash: "a", serviceName: "canary" },
      stable: { weight: 100, podTemplateHash: "b" },
      verified: false,
    },
    stablePingPong: "ping",
    stepPluginStatuses: [{ index: 0, name: "a/b", operation: "Run", status: { n: 0, empty: "" } }],
  },
  duration: { rolloutStartedAt: "2026-11-21T06:48:00Z", completionStatus: "Promoted" },
};

describe("statusOf", () => {
  it("reads what pruneStatus writes, unchanged", () => {
    expect(statusOf({ status: pruneStatus(full) })).toEqual(full);
  });
  it.each<readonly [string, JsonObject, RolloutStatus]>([
    ["no status", {}, {}],
    ["a null status", { status: null }, {}],
    ["a status that is a list", { status: [] }, {}],
    ["a phase nobody knows", { status: { phase: "Asleep", replicas: 3 } }, { replicas: 3 }],
    ["a count that is text", { status: { replicas: "3", readyReplicas: 2 } }, { readyReplicas: 2 }],
    [
      "a condition nobody knows, beside one we do",
      { status: { conditions: [{ ...condition, type: "Sunny" }, "x", condition] } },
      { conditions: [condition] },
    ],
    ["a step before the first", { status: { currentStepIndex: -3, replicas: 3 } }, { replicas: 3 }],
    [
      "a pause reason nobody knows",
      { status: { pauseConditions: [{ reason: "Lunch", startTime: condition.lastUpdateTime }] } },
      { pauseConditions: [] },
    ],
  ])("%s", (_, manifest, status) => {
    expect(statusOf(manifest)).toEqual(status);
  });
});

describe("pruneStatus", () => {
  it("leaves zero values out, but for those that mean something", () => {
    const status: RolloutStatus = {
      ...full,
      abort: false,
      promoteFull: false,
      message: "",
      replicas: 0,
      collisionCount: 0,
      pauseConditions: [],
      blueGreen: { scaleUpPreviewCheckPoint: false, activeSelector: "" },
    };
    const { replicas: _r, message: _m, pauseConditions: _p, ...rest } = full;
    expect(pruneStatus(status)).toEqual({ ...rest, blueGreen: {} });
  });
  it("always has both strategies' parts", () => {
    expect(pruneStatus({})).toEqual({ canary: {}, blueGreen: {} });
  });
});
