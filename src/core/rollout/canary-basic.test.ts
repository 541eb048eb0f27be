import { describe, expect, it } from "vitest";
import { abort, pause, resume, retry, scaleTo, unpause } from "./testing/deeds.test-support.ts";
import { at, deploy, play } from "./testing/play.test-support.ts";
import { canary, rolloutOf } from "./testing/rollout-of.test-support.ts";

// v1 is there from the start; v2 comes at 10m. Pods need 10 s. `v2:1/2` = 1 of 2 available.

const v2 = at(600, deploy("web:v2"));

describe("a canary without a router", () => {
  it("approximates the weights with pods", () => {
    expect(play(rolloutOf(canary("w25 p10 w50 p10 w100")), [v2]).transcript).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 5/5 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · step 5/5 · Healthy",
        "10m v1:3/3 v2:0/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m10s v1:3/3 v2:1/1 · step 1/5 · Paused (CanaryPauseStep)",
        "20m10s v1:2/2 v2:1/2 · step 2/5 · Progressing (more replicas need to be updated)",
        "20m20s v1:2/2 v2:2/2 · step 3/5 · Paused (CanaryPauseStep)",
        "30m20s v1:1/1 v2:2/4 · step 4/5 · Progressing (updated replicas are still becoming available)",
        "30m30s v2:4/4 · step 5/5 · Healthy",
      ]
    `);
  });

  it("rolls without steps", () => {
    expect(play(rolloutOf(canary(""), { replicas: 10 }), [v2]).transcript).toMatchInlineSnapshot(`
      [
        "0m v1:0/10 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:10/10 · Healthy",
        "10m v1:8/8 v2:0/5 · Progressing (more replicas need to be updated)",
        "10m10s v1:3/3 v2:5/10 · Progressing (updated replicas are still becoming available)",
        "10m20s v2:10/10 · Healthy",
      ]
    `);
  });

  it("goes back by pods on abort, and again on retry", () => {
    expect(
      play(rolloutOf(canary("w25 p w50 p")), [v2, at(700, resume), at(800, abort), at(1200, retry)])
        .transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 4/4 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · step 4/4 · Healthy",
        "10m v1:3/3 v2:0/1 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m10s v1:3/3 v2:1/1 · step 1/4 · Paused (CanaryPauseStep)",
        "11m40s v1:2/2 v2:1/2 · step 2/4 · Progressing (more replicas need to be updated)",
        "11m50s v1:2/2 v2:2/2 · step 3/4 · Paused (CanaryPauseStep)",
        "13m20s v1:2/4 v2:1/1 · step 0/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "13m30s v1:4/4 · step 0/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "20m v1:3/3 v2:0/1 · step 0/4 · Progressing (more replicas need to be updated)",
        "20m10s v1:3/3 v2:1/1 · step 1/4 · Paused (CanaryPauseStep)",
      ]
    `);
  });

  it("goes back to stable although V2 still serves and V3 never started", () => {
    const acts = [v2, at(900, deploy("web:bad")), at(1000, abort)];
    const { transcript } = play(rolloutOf(canary("w50 p"), { replicas: 2 }), acts, {
      brokenImages: ["web:bad"],
    });
    expect(transcript.slice(-3)).toMatchInlineSnapshot(`
      [
        "15m v1:1/1 v2:1/1 bad:0/1 · step 0/2 · Progressing (more replicas need to be updated)",
        "16m40s v1:1/2 v2:1/1 · step 0/2 · Degraded (RolloutAborted: Rollout aborted update to revision 3)",
        "16m50s v1:2/2 · step 0/2 · Degraded (RolloutAborted: Rollout aborted update to revision 3)",
      ]
    `);
  });

  it("starts over with V3 in the middle of V2", () => {
    expect(play(rolloutOf(canary("w25 p10 w50 p10")), [v2, at(900, deploy("web:v3"))]).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 4/4 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · step 4/4 · Healthy",
        "10m v1:3/3 v2:0/1 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m10s v1:3/3 v2:1/1 · step 1/4 · Paused (CanaryPauseStep)",
        "15m v1:3/3 v3:0/1 · step 0/4 · Progressing (more replicas need to be updated)",
        "15m10s v1:3/3 v3:1/1 · step 1/4 · Paused (CanaryPauseStep)",
        "25m10s v1:2/2 v3:1/2 · step 2/4 · Progressing (more replicas need to be updated)",
        "25m20s v1:2/2 v3:2/2 · step 3/4 · Paused (CanaryPauseStep)",
        "35m20s v1:1/1 v3:2/4 · step 4/4 · Progressing (updated replicas are still becoming available)",
        "35m30s v3:4/4 · step 4/4 · Healthy",
      ]
    `);
  });

  it("follows a change of spec.replicas in the middle", () => {
    expect(
      play(rolloutOf(canary("w50 p10")), [v2, at(700, scaleTo(8)), at(800, scaleTo(2))]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 2/2 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · step 2/2 · Healthy",
        "10m v1:3/3 v2:0/2 · step 0/2 · Progressing (more replicas need to be updated)",
        "10m10s v1:2/2 v2:2/2 · step 1/2 · Paused (CanaryPauseStep)",
        "11m40s v1:2/4 v2:2/4 · step 1/2 · Paused (CanaryPauseStep)",
        "11m50s v1:4/4 v2:4/4 · step 1/2 · Paused (CanaryPauseStep)",
        "13m20s v1:1/1 v2:1/1 · step 1/2 · Paused (CanaryPauseStep)",
        "20m10s v1:1/1 v2:1/2 · step 2/2 · Progressing (old replicas are pending termination)",
        "20m20s v2:2/2 · step 2/2 · Healthy",
      ]
    `);
  });

  it("keeps its proportion when scaled while paused", () => {
    expect(
      play(rolloutOf(canary("w50 p10")), [
        v2,
        at(630, pause),
        at(700, scaleTo(8)),
        at(900, unpause),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 2/2 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · step 2/2 · Healthy",
        "10m v1:3/3 v2:0/2 · step 0/2 · Progressing (more replicas need to be updated)",
        "10m10s v1:2/2 v2:2/2 · step 1/2 · Paused (CanaryPauseStep)",
        "10m30s v1:2/2 v2:2/2 · step 1/2 · Paused (manually paused)",
        "11m40s v1:2/4 v2:2/4 · step 1/2 · Paused (manually paused)",
        "11m50s v1:4/4 v2:4/4 · step 1/2 · Paused (manually paused)",
        "15m v1:4/4 v2:4/4 · step 1/2 · Paused (CanaryPauseStep)",
        "20m10s v1:2/2 v2:4/8 · step 2/2 · Progressing (updated replicas are still becoming available)",
        "20m20s v2:8/8 · step 2/2 · Healthy",
      ]
    `);
  });

  it("goes on when it is resumed first and unpaused a moment later", () => {
    expect(
      play(rolloutOf(canary("w50 p10 w75 p10")), [
        v2,
        at(630, pause),
        at(640, resume),
        at(650, unpause),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 4/4 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · step 4/4 · Healthy",
        "10m v1:3/3 v2:0/2 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m10s v1:2/2 v2:2/2 · step 1/4 · Paused (CanaryPauseStep)",
        "10m30s v1:2/2 v2:2/2 · step 1/4 · Paused (manually paused)",
        "10m50s v1:1/1 v2:2/3 · step 2/4 · Progressing (more replicas need to be updated)",
        "11m v1:1/1 v2:3/3 · step 3/4 · Paused (CanaryPauseStep)",
        "21m v2:3/4 · step 4/4 · Progressing (updated replicas are still becoming available)",
        "21m10s v2:4/4 · step 4/4 · Healthy",
      ]
    `);
  });

  it("never gives the new version a larger share when scaled while paused", () => {
    const few = { replicas: 1 };
    const acts = [v2, at(630, pause), at(700, scaleTo(5)), at(800, scaleTo(1))];
    expect(play(rolloutOf(canary("w1 p10"), few), acts).transcript).toMatchInlineSnapshot(`
      [
        "0m v1:0/1 · step 2/2 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:1/1 · step 2/2 · Healthy",
        "10m v1:1/1 v2:0/1 · step 0/2 · Progressing (old replicas are pending termination)",
        "10m10s v1:1/1 v2:1/1 · step 1/2 · Paused (CanaryPauseStep)",
        "10m30s v1:1/1 v2:1/1 · step 1/2 · Paused (manually paused)",
        "11m40s v1:1/5 v2:1/1 · step 1/2 · Paused (manually paused)",
        "11m50s v1:5/5 v2:1/1 · step 1/2 · Paused (manually paused)",
        "13m20s v1:1/1 v2:1/1 · step 1/2 · Paused (manually paused)",
      ]
    `);
  });

  it("deploys its first version without steps", () => {
    expect(play(rolloutOf(canary("w25 p"))).transcript).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 2/2 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:4/4 · step 2/2 · Healthy",
      ]
    `);
  });
});
