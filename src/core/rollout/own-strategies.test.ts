import { describe, expect, it } from "vitest";
import { abort, pause, retry, unpause } from "./testing/deeds.test-support.ts";
import { at, deploy, play } from "./testing/play.test-support.ts";
import { recreate, rolloutOf, rollingUpdate } from "./testing/rollout-of.test-support.ts";

// v1 is there from the start; v2 comes at 10m. Pods need 10 s. `v2:1/2` = 1 of 2 available.

const v2 = at(600, deploy("web:v2"));

describe("rolling update and recreate", () => {
  it("rolls within surge and unavailability", () => {
    expect(play(rolloutOf(rollingUpdate({ maxSurge: 1, maxUnavailable: 0 })), [v2]).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · Healthy",
        "10m v1:4/4 v2:0/1 · Progressing (more replicas need to be updated)",
        "10m10s v1:3/3 v2:1/2 · Progressing (more replicas need to be updated)",
        "10m20s v1:2/2 v2:2/3 · Progressing (more replicas need to be updated)",
        "10m30s v1:1/1 v2:3/4 · Progressing (old replicas are pending termination)",
        "10m40s v2:4/4 · Healthy",
      ]
    `);
  });

  it("rolls back on abort, and forward on retry", () => {
    expect(
      play(rolloutOf(rollingUpdate(), { replicas: 10 }), [v2, at(611, abort), at(700, retry)])
        .transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/10 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:10/10 · Healthy",
        "10m v1:8/8 v2:0/5 · Progressing (more replicas need to be updated)",
        "10m10s v1:3/3 v2:5/10 · Progressing (updated replicas are still becoming available)",
        "10m11s v1:3/8 v2:5/5 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "10m21s v1:8/10 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "10m31s v1:10/10 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "11m40s v1:8/8 v2:0/5 · Progressing (more replicas need to be updated)",
        "11m50s v1:3/3 v2:5/10 · Progressing (updated replicas are still becoming available)",
        "12m v2:10/10 · Healthy",
      ]
    `);
  });

  it("stops in the middle while paused", () => {
    expect(
      play(rolloutOf(rollingUpdate(), { replicas: 10 }), [v2, at(605, pause), at(700, unpause)])
        .transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/10 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:10/10 · Healthy",
        "10m v1:8/8 v2:0/5 · Progressing (more replicas need to be updated)",
        "10m5s v1:8/8 v2:0/5 · Paused (manually paused)",
        "10m10s v1:8/8 v2:5/5 · Paused (manually paused)",
        "11m40s v1:3/3 v2:5/10 · Progressing (updated replicas are still becoming available)",
        "11m50s v2:10/10 · Healthy",
      ]
    `);
  });

  it("aborts a rolling update that does not come up", () => {
    expect(
      play(
        rolloutOf(rollingUpdate(), { progressDeadlineSeconds: 60, progressDeadlineAbort: true }),
        [v2],
        { brokenImages: ["web:v2"] },
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · Healthy",
        "10m v1:3/3 v2:0/2 · Progressing (more replicas need to be updated)",
        "11m1s v1:3/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "web-84c5f745db" has timed out progressing.)",
        "11m11s v1:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "web-84c5f745db" has timed out progressing.)",
      ]
    `);
  });

  it("recreates: all old pods are gone before the first new one", () => {
    expect(play(rolloutOf(recreate()), [v2], { podStopSeconds: 5 }).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · Healthy",
        "10m Progressing (more replicas need to be updated)",
        "10m5s v2:0/4 · Progressing (updated replicas are still becoming available)",
        "10m15s v2:4/4 · Healthy",
      ]
    `);
  });

  it("recreates the stable version on abort", () => {
    expect(play(rolloutOf(recreate()), [v2, at(608, abort)], { podStopSeconds: 5 }).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · Healthy",
        "10m Progressing (more replicas need to be updated)",
        "10m5s v2:0/4 · Progressing (updated replicas are still becoming available)",
        "10m8s Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "10m13s v1:0/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "10m23s v1:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
      ]
    `);
  });

  it("undoes a recreate", () => {
    expect(
      play(rolloutOf(recreate()), [v2, at(700, deploy("web:v1"))], { podStopSeconds: 5 })
        .transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · Healthy",
        "10m Progressing (more replicas need to be updated)",
        "10m5s v2:0/4 · Progressing (updated replicas are still becoming available)",
        "10m15s v2:4/4 · Healthy",
        "11m40s Progressing (more replicas need to be updated)",
        "11m45s v1:0/4 · Progressing (updated replicas are still becoming available)",
        "11m55s v1:4/4 · Healthy",
      ]
    `);
  });
});
