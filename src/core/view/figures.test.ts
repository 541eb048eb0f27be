import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { attemptEnded, rolloutFigures, runFigures } from "./figures.ts";

describe("figures of a rollout", () => {
  it("are taken from its spec and status", () => {
    const manifest = {
      spec: {
        replicas: 5,
        strategy: { canary: { trafficRouting: { istio: { virtualService: { name: "x" } } } } },
      },
      status: {
        replicas: 6,
        availableReplicas: 4,
        updatedReplicas: 2,
        conditions: [{ type: "Progressing", reason: "RolloutPaused" }],
      },
    };
    expect(rolloutFigures(manifest)).toEqual({
      strategy: "canary",
      trafficRouter: "Istio",
      phase: "Paused",
      replicas: { available: 4, unavailable: 2, desired: 5, updated: 2 },
    });
  });

  it.each([
    ["NewReplicaSetAvailable", "Completed"],
    ["ReplicaSetUpdated", "Progressing"],
    ["ProgressDeadlineExceeded", "Timeout"],
    ["RolloutAborted", "Abort"],
    ["ReplicaSetCreateError", "Error"],
    ["constructor", "Progressing"],
  ])("reason %s is phase %s", (reason, phase) => {
    const status = { conditions: [{ type: "Progressing", reason }] };
    expect(rolloutFigures({ status }).phase).toBe(phase);
  });

  it("an invalid spec comes first", () => {
    const conditions = [{ type: "Progressing", reason: "RolloutPaused" }, { type: "InvalidSpec" }];
    expect(rolloutFigures({ status: { conditions } }).phase).toBe("InvalidSpec");
  });

  it.each([
    {},
    { spec: null, status: 4 },
    { spec: { strategy: [], replicas: "3" } },
  ] as JsonObject[])("of something malformed are what nothing is: %j", (manifest) => {
    expect(rolloutFigures(manifest)).toEqual({
      strategy: "none",
      trafficRouter: "",
      phase: "Progressing",
      replicas: { available: 0, unavailable: 0, desired: 1, updated: 0 },
    });
  });
});

describe("figures of an analysis run", () => {
  it("name each metric, its provider's type and its phase", () => {
    const manifest = {
      spec: {
        metrics: [
          { name: "a", provider: { prometheus: { query: "up" } } },
          { name: "b", provider: { plugin: { "haldane.dev/traffic": {} } } },
          { name: "c", provider: { plugin: { "argoproj-labs/x": {} } } },
          { name: "d", provider: {} },
        ],
      },
      status: {
        phase: "Running",
        metricResults: [{ name: "a", phase: "Failed", dryRun: true }],
      },
    };
    expect(runFigures(manifest)).toEqual({
      phase: "Running",
      metrics: [
        { metric: "a", type: "Prometheus", phase: "Failed", isDryRun: true },
        { metric: "b", type: "Traffic", phase: "Pending", isDryRun: false },
        { metric: "c", type: "RPCPlugin", phase: "Pending", isDryRun: false },
        { metric: "d", type: "Unknown Provider", phase: "Pending", isDryRun: false },
      ],
    });
  });

  it("that has not been taken up is pending", () => {
    expect(runFigures({ spec: {} })).toEqual({ phase: "Pending", metrics: [] });
  });
});

describe("an attempt", () => {
  const started = "2026-11-21T06:00:00Z";
  const running = { status: { duration: { rolloutStartedAt: started } } };
  const finished = {
    status: {
      duration: {
        rolloutStartedAt: started,
        finishedAt: "2026-11-21T06:02:00Z",
        completionStatus: "Promoted",
        totalManualPauseDurationSeconds: 30,
      },
    },
  };

  it("ends when it has finished", () => {
    expect(attemptEnded(running, finished)).toEqual({
      status: "Promoted",
      totalSeconds: 120,
      manualPauseSeconds: 30,
    });
  });

  it("ends when another takes its place", () => {
    const next = { status: { duration: { rolloutStartedAt: "2026-11-21T06:01:00Z" } } };
    expect(attemptEnded(running, next)).toEqual({
      status: "Superseded",
      totalSeconds: 60,
      manualPauseSeconds: 0,
    });
    expect(attemptEnded(finished, next)).toBeUndefined();
  });

  it.each([
    ["goes on", running, running],
    ["has ended before", finished, finished],
    ["has not begun", {}, running],
    ["is forgotten", running, {}],
  ])("that %s is no end", (_name, before, after) => {
    expect(attemptEnded(before, after)).toBeUndefined();
  });
});
