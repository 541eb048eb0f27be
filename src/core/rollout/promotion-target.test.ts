import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { applyMergePatch } from "../../lib/merge-patch.ts";
import { isSameTarget } from "./promotion-target.ts";

const seen: JsonObject = {
  metadata: { name: "shop", uid: "u", resourceVersion: "1", generation: 2 },
  spec: {
    replicas: 2,
    template: { spec: { containers: [{ name: "web", image: "web:v2" }] } },
    strategy: { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } },
  },
  status: {
    currentPodHash: "v2",
    stableRS: "v1",
    currentStepIndex: 1,
    pauseConditions: [{ reason: "CanaryPauseStep", startTime: "2026-11-21T00:00:00Z" }],
    availableReplicas: 1,
  },
};

describe("a promote", () => {
  it.each([
    ["replicas came up", { status: { availableReplicas: 2, readyReplicas: 2 } }],
    ["it was scaled", { metadata: { generation: 3, resourceVersion: "5" }, spec: { replicas: 5 } }],
    ["somebody put a label on it", { metadata: { labels: { team: "web" } } }],
  ])("is still meant when %s", (_what, patch) => {
    const now = applyMergePatch(seen, patch) as JsonObject;
    expect(isSameTarget(seen, now, false)).toBe(true);
    expect(isSameTarget(seen, now, true)).toBe(true);
  });

  it.each([
    ["another image", { spec: { template: { spec: { containers: [] } } } }],
    ["the next version taken up", { status: { currentPodHash: "v3" } }],
    ["other steps", { spec: { strategy: { canary: { steps: [] } } } }],
    ["another rollout of that name", { metadata: { uid: "x" } }],
    [
      "a change of its workload",
      { metadata: { annotations: { "rollout.argoproj.io/workload-generation": "7" } } },
    ],
  ])("is not meant for %s", (_what, patch) => {
    const now = applyMergePatch(seen, patch) as JsonObject;
    expect(isSameTarget(seen, now, false)).toBe(false);
    expect(isSameTarget(seen, now, true)).toBe(false);
  });

  it.each([
    ["the next step", { status: { currentStepIndex: 2 } }],
    ["another pause", { status: { pauseConditions: null } }],
  ])("is meant for %s only if it is a full one", (_what, patch) => {
    const now = applyMergePatch(seen, patch) as JsonObject;
    expect(isSameTarget(seen, now, false)).toBe(false);
    expect(isSameTarget(seen, now, true)).toBe(true);
  });
});
