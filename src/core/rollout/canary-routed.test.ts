import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import {
  abort,
  pause,
  promoteFully,
  resume,
  retry,
  scaleTo,
  unpause,
} from "./testing/deeds.test-support.ts";
import { at, deploy, play } from "./testing/play.test-support.ts";
import { rolloutOf, routed } from "./testing/rollout-of.test-support.ts";

// v1 is there from the start; v2 comes at 10m. Pods need 10 s. `v2:1/2` = 1 of 2 available.

const v2 = at(600, deploy("web:v2"));

describe("a canary with a router", () => {
  it("walks its steps, telling the router first", () => {
    expect(play(rolloutOf(routed("w20 p10 w50 p10 w100")), [v2]).transcript).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 5/5 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 5/5 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/5 · Paused (CanaryPauseStep)",
        "20m10s 20% · v1:4/4 v2:1/2 · step 2/5 · Progressing (more replicas need to be updated)",
        "20m20s 50% · v1:4/4 v2:2/2 · step 3/5 · Paused (CanaryPauseStep)",
        "30m20s 50% · v1:4/4 v2:2/4 · step 4/5 · Progressing (waiting for all steps to complete)",
        "30m30s 0% · v1:4/4 v2:4/4 · step 5/5 · Healthy",
        "31m 0% · v2:4/4 · step 5/5 · Healthy",
      ]
    `);
  });

  it("counts a weight only once the data plane has confirmed it", () => {
    expect(
      play(rolloutOf(routed("w20 p10 w50 p10 w100")), [v2], { acknowledgeSeconds: 2 }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 5/5 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 5/5 · Progressing (waiting for traffic weights to be verified)",
        "0m12s 0% · v1:4/4 · step 5/5 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m12s 20% · v1:4/4 v2:1/1 · step 1/5 · Paused (CanaryPauseStep)",
        "20m12s 20% · v1:4/4 v2:1/2 · step 2/5 · Progressing (more replicas need to be updated)",
        "20m22s 50% · v1:4/4 v2:2/2 · step 2/5 · Progressing (more replicas need to be updated)",
        "20m24s 50% · v1:4/4 v2:2/2 · step 3/5 · Paused (CanaryPauseStep)",
        "30m24s 50% · v1:4/4 v2:2/4 · step 4/5 · Progressing (waiting for all steps to complete)",
        "30m34s 100% · v1:4/4 v2:4/4 · step 4/5 · Progressing (waiting for all steps to complete)",
        "30m36s 0% · v1:4/4 v2:4/4 · step 5/5 · Progressing (waiting for traffic weights to be verified)",
        "30m38s 0% · v1:4/4 v2:4/4 · step 5/5 · Healthy",
        "31m8s 0% · v2:4/4 · step 5/5 · Healthy",
      ]
    `);
  });

  it("returns all traffic in the pass that sees the abort; a retry starts over", () => {
    expect(
      play(
        rolloutOf(routed("w20 p w50 p w100")),
        [v2, at(700, resume), at(800, abort), at(1200, retry)],
        { acknowledgeSeconds: 1 },
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 5/5 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 5/5 · Progressing (waiting for traffic weights to be verified)",
        "0m11s 0% · v1:4/4 · step 5/5 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m11s 20% · v1:4/4 v2:1/1 · step 1/5 · Paused (CanaryPauseStep)",
        "11m40s 20% · v1:4/4 v2:1/2 · step 2/5 · Progressing (more replicas need to be updated)",
        "11m50s 50% · v1:4/4 v2:2/2 · step 2/5 · Progressing (more replicas need to be updated)",
        "11m51s 50% · v1:4/4 v2:2/2 · step 3/5 · Paused (CanaryPauseStep)",
        "13m20s 0% · v1:4/4 v2:2/2 · step 0/5 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "13m51s 0% · v1:4/4 · step 0/5 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "20m 0% · v1:4/4 v2:0/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "20m10s 20% · v1:4/4 v2:1/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "20m11s 20% · v1:4/4 v2:1/1 · step 1/5 · Paused (CanaryPauseStep)",
      ]
    `);
  });

  it("starts over with V3 in the middle of V2", () => {
    expect(
      play(rolloutOf(routed("w20 p10 w50 p10 w100")), [v2, at(900, deploy("web:v3"))], {
        acknowledgeSeconds: 1,
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 5/5 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 5/5 · Progressing (waiting for traffic weights to be verified)",
        "0m11s 0% · v1:4/4 · step 5/5 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m11s 20% · v1:4/4 v2:1/1 · step 1/5 · Paused (CanaryPauseStep)",
        "15m 0% · v1:4/4 v2:1/1 v3:0/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "15m10s 20% · v1:4/4 v2:1/1 v3:1/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "15m11s 20% · v1:4/4 v3:1/1 · step 1/5 · Paused (CanaryPauseStep)",
        "25m11s 20% · v1:4/4 v3:1/2 · step 2/5 · Progressing (more replicas need to be updated)",
        "25m21s 50% · v1:4/4 v3:2/2 · step 2/5 · Progressing (more replicas need to be updated)",
        "25m22s 50% · v1:4/4 v3:2/2 · step 3/5 · Paused (CanaryPauseStep)",
        "35m22s 50% · v1:4/4 v3:2/4 · step 4/5 · Progressing (waiting for all steps to complete)",
        "35m32s 100% · v1:4/4 v3:4/4 · step 4/5 · Progressing (waiting for all steps to complete)",
        "35m33s 0% · v1:4/4 v3:4/4 · step 5/5 · Progressing (waiting for traffic weights to be verified)",
        "35m34s 0% · v1:4/4 v3:4/4 · step 5/5 · Healthy",
        "36m4s 0% · v3:4/4 · step 5/5 · Healthy",
      ]
    `);
  });

  it("goes home at once when V1 is deployed again", () => {
    expect(
      play(rolloutOf(routed("w20 p10 w50 p10 w100")), [v2, at(900, deploy("web:v1"))], {
        acknowledgeSeconds: 1,
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 5/5 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 5/5 · Progressing (waiting for traffic weights to be verified)",
        "0m11s 0% · v1:4/4 · step 5/5 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m11s 20% · v1:4/4 v2:1/1 · step 1/5 · Paused (CanaryPauseStep)",
        "15m 0% · v1:4/4 v2:1/1 · step 5/5 · Progressing (waiting for traffic weights to be verified)",
        "15m1s 0% · v1:4/4 v2:1/1 · step 5/5 · Healthy",
        "15m31s 0% · v1:4/4 · step 5/5 · Healthy",
      ]
    `);
  });

  it("promote --full keeps the weight until everything is there", () => {
    expect(
      play(rolloutOf(routed("w20 p10 w50 p10 w100")), [v2, at(700, promoteFully)], {
        acknowledgeSeconds: 1,
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 5/5 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 5/5 · Progressing (waiting for traffic weights to be verified)",
        "0m11s 0% · v1:4/4 · step 5/5 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 0/5 · Progressing (more replicas need to be updated)",
        "10m11s 20% · v1:4/4 v2:1/1 · step 1/5 · Paused (CanaryPauseStep)",
        "11m40s 20% · v1:4/4 v2:1/4 · step 5/5 · Progressing (waiting for all steps to complete)",
        "11m50s 0% · v1:4/4 v2:4/4 · step 5/5 · Progressing (waiting for traffic weights to be verified)",
        "11m51s 0% · v1:4/4 v2:4/4 · step 5/5 · Healthy",
        "12m21s 0% · v2:4/4 · step 5/5 · Healthy",
      ]
    `);
  });

  it("rests while paused by hand", () => {
    expect(
      play(rolloutOf(routed("w20 p1 w100")), [v2, at(605, pause), at(800, unpause)]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m5s 0% · v1:4/4 v2:0/1 · step 0/3 · Paused (manually paused)",
        "10m10s 0% · v1:4/4 v2:1/1 · step 0/3 · Paused (manually paused)",
        "13m20s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (CanaryPauseStep)",
        "14m20s 20% · v1:4/4 v2:1/4 · step 2/3 · Progressing (waiting for all steps to complete)",
        "14m30s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "15m 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });

  it("waits for a person at a pause without an end", () => {
    expect(play(rolloutOf(routed("w20 p w100")), [v2, at(700, resume)]).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (CanaryPauseStep)",
        "11m40s 20% · v1:4/4 v2:1/4 · step 2/3 · Progressing (waiting for all steps to complete)",
        "11m50s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "12m20s 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });

  it("lowers the share before it takes the pods", () => {
    expect(play(rolloutOf(routed("w50 p1 w20 p1")), [v2], { acknowledgeSeconds: 1 }).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 4/4 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 4/4 · Progressing (waiting for traffic weights to be verified)",
        "0m11s 0% · v1:4/4 · step 4/4 · Healthy",
        "10m 0% · v1:4/4 v2:0/2 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m10s 50% · v1:4/4 v2:2/2 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m11s 50% · v1:4/4 v2:2/2 · step 1/4 · Paused (CanaryPauseStep)",
        "11m11s 20% · v1:4/4 v2:2/2 · step 2/4 · Progressing (more replicas need to be updated)",
        "11m12s 20% · v1:4/4 v2:1/1 · step 3/4 · Paused (CanaryPauseStep)",
        "12m12s 20% · v1:4/4 v2:1/4 · step 4/4 · Progressing (waiting for all steps to complete)",
        "12m22s 100% · v1:4/4 v2:4/4 · step 4/4 · Progressing (waiting for all steps to complete)",
        "12m23s 0% · v1:4/4 v2:4/4 · step 4/4 · Progressing (waiting for traffic weights to be verified)",
        "12m24s 0% · v1:4/4 v2:4/4 · step 4/4 · Healthy",
        "12m54s 0% · v2:4/4 · step 4/4 · Healthy",
      ]
    `);
  });

  it("keeps header and mirror routes as a level of the steps", () => {
    expect(
      play(rolloutOf(routed("s1 h p1 m p1 h0 p1 w50 p1")), [v2], { acknowledgeSeconds: 1 })
        .transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 9/9 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 9/9 · Progressing (waiting for traffic weights to be verified)",
        "0m11s 0% · v1:4/4 · step 9/9 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/9 · Progressing (more replicas need to be updated)",
        "10m10s 0%+header · v1:4/4 v2:1/1 · step 2/9 · Paused (CanaryPauseStep)",
        "11m10s 0%+header+mirror · v1:4/4 v2:1/1 · step 4/9 · Paused (CanaryPauseStep)",
        "12m10s 0%+mirror · v1:4/4 v2:1/1 · step 6/9 · Paused (CanaryPauseStep)",
        "13m10s 50%+mirror · v1:4/4 v2:1/1 · step 7/9 · Progressing (more replicas need to be updated)",
        "13m11s 50%+mirror · v1:4/4 v2:1/1 · step 8/9 · Paused (CanaryPauseStep)",
        "14m11s 50%+mirror · v1:4/4 v2:1/4 · step 9/9 · Progressing (waiting for all steps to complete)",
        "14m21s 100%+mirror · v1:4/4 v2:4/4 · step 9/9 · Progressing (waiting for all steps to complete)",
        "14m22s 0% · v1:4/4 v2:4/4 · step 9/9 · Progressing (waiting for traffic weights to be verified)",
        "14m23s 0% · v1:4/4 v2:4/4 · step 9/9 · Healthy",
        "14m53s 0% · v2:4/4 · step 9/9 · Healthy",
      ]
    `);
  });

  it("sizes the canary apart from its traffic", () => {
    expect(play(rolloutOf(routed("s3 p1 sw50 w10 p1 sm p1")), [v2]).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 7/7 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 7/7 · Healthy",
        "10m 0% · v1:4/4 v2:0/3 · step 0/7 · Progressing (more replicas need to be updated)",
        "10m10s 0% · v1:4/4 v2:3/3 · step 1/7 · Paused (CanaryPauseStep)",
        "11m10s 10% · v1:4/4 v2:2/2 · step 4/7 · Paused (CanaryPauseStep)",
        "12m10s 10% · v1:4/4 v2:1/1 · step 6/7 · Paused (CanaryPauseStep)",
        "13m10s 10% · v1:4/4 v2:1/4 · step 7/7 · Progressing (waiting for all steps to complete)",
        "13m20s 0% · v1:4/4 v2:4/4 · step 7/7 · Healthy",
        "13m50s 0% · v2:4/4 · step 7/7 · Healthy",
      ]
    `);
  });

  it("shrinks stable with dynamicStableScale, after the confirmation", () => {
    expect(
      play(
        rolloutOf(routed("w20 p1 w50 p1 w100 p1", { dynamicStableScale: true }), { replicas: 10 }),
        [v2],
        { acknowledgeSeconds: 1 },
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/10 · step 6/6 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:10/10 · step 6/6 · Progressing (waiting for traffic weights to be verified)",
        "0m11s 0% · v1:10/10 · step 6/6 · Healthy",
        "10m 0% · v1:10/10 v2:0/2 · step 0/6 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:10/10 v2:2/2 · step 0/6 · Progressing (more replicas need to be updated)",
        "10m11s 20% · v1:8/8 v2:2/2 · step 1/6 · Paused (CanaryPauseStep)",
        "11m11s 20% · v1:8/8 v2:2/5 · step 2/6 · Progressing (more replicas need to be updated)",
        "11m21s 50% · v1:8/8 v2:5/5 · step 2/6 · Progressing (more replicas need to be updated)",
        "11m22s 50% · v1:5/5 v2:5/5 · step 3/6 · Paused (CanaryPauseStep)",
        "12m22s 50% · v1:5/5 v2:5/10 · step 4/6 · Progressing (waiting for all steps to complete)",
        "12m32s 100% · v1:5/5 v2:10/10 · step 4/6 · Progressing (waiting for all steps to complete)",
        "12m33s 100% · v2:10/10 · step 5/6 · Paused (CanaryPauseStep)",
        "13m33s 0% · v2:10/10 · step 6/6 · Progressing (waiting for traffic weights to be verified)",
        "13m34s 0% · v2:10/10 · step 6/6 · Healthy",
      ]
    `);
  });

  it("gives traffic back as stable grows, with dynamicStableScale", () => {
    expect(
      play(
        rolloutOf(routed("w20 p1 w50 p10", { dynamicStableScale: true }), { replicas: 10 }),
        [v2, at(900, abort)],
        { acknowledgeSeconds: 1 },
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/10 · step 4/4 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:10/10 · step 4/4 · Progressing (waiting for traffic weights to be verified)",
        "0m11s 0% · v1:10/10 · step 4/4 · Healthy",
        "10m 0% · v1:10/10 v2:0/2 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:10/10 v2:2/2 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m11s 20% · v1:8/8 v2:2/2 · step 1/4 · Paused (CanaryPauseStep)",
        "11m11s 20% · v1:8/8 v2:2/5 · step 2/4 · Progressing (more replicas need to be updated)",
        "11m21s 50% · v1:8/8 v2:5/5 · step 2/4 · Progressing (more replicas need to be updated)",
        "11m22s 50% · v1:5/5 v2:5/5 · step 3/4 · Paused (CanaryPauseStep)",
        "15m 50% · v1:5/10 v2:5/5 · step 0/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "15m10s 0% · v1:10/10 v2:5/5 · step 0/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "15m11s 0% · v1:10/10 · step 0/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
      ]
    `);
  });

  it("keeps V2 serving until stable has grown, with dynamicStableScale", () => {
    expect(
      play(
        rolloutOf(routed("w20 p1 w50 p10", { dynamicStableScale: true }), { replicas: 10 }),
        [v2, at(900, deploy("web:v3"))],
        { acknowledgeSeconds: 1 },
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/10 · step 4/4 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:10/10 · step 4/4 · Progressing (waiting for traffic weights to be verified)",
        "0m11s 0% · v1:10/10 · step 4/4 · Healthy",
        "10m 0% · v1:10/10 v2:0/2 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:10/10 v2:2/2 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m11s 20% · v1:8/8 v2:2/2 · step 1/4 · Paused (CanaryPauseStep)",
        "11m11s 20% · v1:8/8 v2:2/5 · step 2/4 · Progressing (more replicas need to be updated)",
        "11m21s 50% · v1:8/8 v2:5/5 · step 2/4 · Progressing (more replicas need to be updated)",
        "11m22s 50% · v1:5/5 v2:5/5 · step 3/4 · Paused (CanaryPauseStep)",
        "15m 50% · v1:5/10 v2:5/5 v3:0/2 · step 0/4 · Progressing (more replicas need to be updated)",
        "15m10s 20% · v1:10/10 v2:5/5 v3:2/2 · step 0/4 · Progressing (more replicas need to be updated)",
        "15m11s 20% · v1:8/8 v3:2/2 · step 1/4 · Paused (CanaryPauseStep)",
        "16m11s 20% · v1:8/8 v3:2/5 · step 2/4 · Progressing (more replicas need to be updated)",
        "16m21s 50% · v1:8/8 v3:5/5 · step 2/4 · Progressing (more replicas need to be updated)",
        "16m22s 50% · v1:5/5 v3:5/5 · step 3/4 · Paused (CanaryPauseStep)",
        "26m22s 50% · v1:5/5 v3:5/10 · step 4/4 · Progressing (waiting for all steps to complete)",
        "26m32s 100% · v1:5/5 v3:10/10 · step 4/4 · Progressing (waiting for all steps to complete)",
        "26m33s 0% · v1:5/5 v3:10/10 · step 4/4 · Progressing (waiting for traffic weights to be verified)",
        "26m34s 0% · v3:10/10 · step 4/4 · Healthy",
      ]
    `);
  });

  it("counts no weight of V3 while V2 still has the traffic, with dynamicStableScale", () => {
    expect(
      play(
        rolloutOf(routed("w20 p1 w80 p100", { dynamicStableScale: true }), { replicas: 10 }),
        [v2, at(1800, deploy("web:v3"))],
        { podStaggerSeconds: 30 },
      )
        .transcript.filter((line) => line.includes(" v3:"))
        .slice(-13, -8),
    ).toMatchInlineSnapshot(`
      [
        "33m40s 20% · v1:8/10 v2:8/8 v3:2/2 · step 0/4 · Progressing (traffic is held before canary weight 20: the version before it serves until stable ReplicaSet has all replicas available (8 of 10))",
        "34m10s 20% · v1:9/10 v2:8/8 v3:2/2 · step 0/4 · Progressing (traffic is held before canary weight 20: the version before it serves until stable ReplicaSet has all replicas available (9 of 10))",
        "34m40s 20% · v1:8/8 v3:2/2 · step 1/4 · Paused (CanaryPauseStep)",
        "35m40s 20% · v1:8/8 v3:2/8 · step 2/4 · Progressing (more replicas need to be updated)",
        "36m50s 20% · v1:8/8 v3:3/8 · step 2/4 · Progressing (more replicas need to be updated)",
      ]
    `);
  });

  it("does not judge V3 while the canary Service leads to V2, with dynamicStableScale", () => {
    expect(
      play(
        rolloutOf(routed("sw20 a sm w80 p100", { dynamicStableScale: true }), { replicas: 10 }),
        [v2, at(1800, deploy("web:v3"))],
        { podStaggerSeconds: 30 },
      )
        .transcript.filter((line) => line.includes(" v2:") && line.includes(" v3:"))
        .slice(-3),
    ).toMatchInlineSnapshot(`
      [
        "33m10s 30% · v1:7/10 v2:8/8 v3:2/2 · step 1/5 · Progressing (more replicas need to be updated)",
        "33m40s 20% · v1:8/10 v2:8/8 v3:2/2 · step 1/5 · Progressing (more replicas need to be updated)",
        "34m10s 10% · v1:9/10 v2:8/8 v3:2/2 · step 1/5 · Progressing (more replicas need to be updated)",
      ]
    `);
  });

  it("follows a change of spec.replicas in the middle", () => {
    expect(
      play(rolloutOf(routed("w50 p10 w100")), [v2, at(700, scaleTo(8)), at(800, scaleTo(2))])
        .transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/2 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 50% · v1:4/4 v2:2/2 · step 1/3 · Paused (CanaryPauseStep)",
        "11m40s 50% · v1:4/8 v2:2/4 · step 1/3 · Paused (CanaryPauseStep)",
        "11m50s 50% · v1:8/8 v2:4/4 · step 1/3 · Paused (CanaryPauseStep)",
        "13m20s 50% · v1:2/2 v2:1/1 · step 1/3 · Paused (CanaryPauseStep)",
        "20m10s 50% · v1:2/2 v2:1/2 · step 2/3 · Progressing (waiting for all steps to complete)",
        "20m20s 0% · v1:2/2 v2:2/2 · step 3/3 · Healthy",
        "20m50s 0% · v2:2/2 · step 3/3 · Healthy",
      ]
    `);
  });

  it("swaps ping and pong", () => {
    expect(
      play(
        rolloutOf(
          routed("w50 p1", {
            canaryService: undefined,
            stableService: undefined,
            pingPong: { pingService: "web-ping", pongService: "web-pong" },
          }),
        ),
        [v2, at(900, deploy("web:v3"))],
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 2/2 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 2/2 · Healthy",
        "10m 0% · v1:4/4 v2:0/2 · step 0/2 · Progressing (more replicas need to be updated)",
        "10m10s 50% · v1:4/4 v2:2/2 · step 1/2 · Paused (CanaryPauseStep)",
        "11m10s 50% · v1:4/4 v2:2/4 · step 2/2 · Progressing (waiting for all steps to complete)",
        "11m20s 0% · v1:4/4 v2:4/4 · step 2/2 · Healthy",
        "11m50s 0% · v2:4/4 · step 2/2 · Healthy",
        "15m 0% · v2:4/4 v3:0/2 · step 0/2 · Progressing (more replicas need to be updated)",
        "15m10s 50% · v2:4/4 v3:2/2 · step 1/2 · Paused (CanaryPauseStep)",
        "16m10s 50% · v2:4/4 v3:2/4 · step 2/2 · Progressing (waiting for all steps to complete)",
        "16m20s 0% · v2:4/4 v3:4/4 · step 2/2 · Healthy",
        "16m50s 0% · v3:4/4 · step 2/2 · Healthy",
      ]
    `);
  });

  it("keeps a minimum of pods per ReplicaSet", () => {
    expect(play(rolloutOf(routed("w10 p1 w100", { minPodsPerReplicaSet: 2 })), [v2]).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/2 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 10% · v1:4/4 v2:2/2 · step 1/3 · Paused (CanaryPauseStep)",
        "11m10s 10% · v1:4/4 v2:2/4 · step 2/3 · Progressing (waiting for all steps to complete)",
        "11m20s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "11m50s 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });

  it("goes on at the threshold of available pods", () => {
    expect(
      play(
        rolloutOf(routed("w100", { replicaProgressThreshold: { type: "Percent", value: 50 } })),
        [v2],
        { podStaggerSeconds: 5 },
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 1/1 · Progressing (updated replicas are still becoming available)",
        "0m10s v1:1/4 · step 1/1 · Progressing (updated replicas are still becoming available)",
        "0m15s 0% · v1:2/4 · step 1/1 · Progressing (updated replicas are still becoming available)",
        "0m20s 0% · v1:3/4 · step 1/1 · Progressing (updated replicas are still becoming available)",
        "0m25s 0% · v1:4/4 · step 1/1 · Healthy",
        "10m 0% · v1:4/4 v2:0/4 · step 0/1 · Progressing (waiting for all steps to complete)",
        "10m10s 0% · v1:4/4 v2:1/4 · step 0/1 · Progressing (waiting for all steps to complete)",
        "10m15s 0% · v1:4/4 v2:2/4 · step 1/1 · Healthy",
        "10m20s 0% · v1:4/4 v2:3/4 · step 1/1 · Healthy",
        "10m25s 0% · v1:4/4 v2:4/4 · step 1/1 · Healthy",
        "10m45s 0% · v2:4/4 · step 1/1 · Healthy",
      ]
    `);
  });

  it("skips steps when it goes back within the window", () => {
    expect(
      play(rolloutOf(routed("w50 p1"), { rollbackWindowRevisions: 3 }), [
        v2,
        at(680, deploy("web:v1")),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 2/2 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 2/2 · Healthy",
        "10m 0% · v1:4/4 v2:0/2 · step 0/2 · Progressing (more replicas need to be updated)",
        "10m10s 50% · v1:4/4 v2:2/2 · step 1/2 · Paused (CanaryPauseStep)",
        "11m10s 50% · v1:4/4 v2:2/4 · step 2/2 · Progressing (waiting for all steps to complete)",
        "11m20s 0% · v1:4/4 v2:4/4 · step 2/2 · Healthy",
        "11m50s 0% · v1:4/4 · step 2/2 · Healthy",
      ]
    `);
  });

  it("has no steps: weight 0 until promotion", () => {
    expect(play(rolloutOf(routed("")), [v2]).transcript).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · Healthy",
        "10m 0% · v1:4/4 v2:0/4 · Progressing (waiting for all steps to complete)",
        "10m10s 0% · v1:4/4 v2:4/4 · Healthy",
        "10m40s 0% · v2:4/4 · Healthy",
      ]
    `);
  });

  it("scales the old version down at once with scaleDownDelaySeconds 0", () => {
    expect(play(rolloutOf(routed("w50", { scaleDownDelaySeconds: 0 })), [v2]).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 1/1 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 1/1 · Healthy",
        "10m 0% · v1:4/4 v2:0/2 · step 0/1 · Progressing (more replicas need to be updated)",
        "10m10s 50% · v1:4/4 v2:2/4 · step 1/1 · Progressing (waiting for all steps to complete)",
        "10m20s 0% · v2:4/4 · step 1/1 · Healthy",
      ]
    `);
  });

  it("takes the weight back before anything else after an abort", () => {
    const { world } = play(rolloutOf(routed("w20 p")), [v2]);
    abort(world);
    const { effects } = decide(world.observe(), world.now);
    const deeds = effects.flatMap((effect) => {
      if (effect.kind === "applyTraffic") return [`weight ${String(effect.plan.canary.weight)}`];
      return effect.kind === "patchService" ? [`Service ${effect.name}`] : [];
    });
    expect(deeds).toEqual(["weight 0", "Service web-canary"]);
  });

  it("keeps the canary for good with abortScaleDownDelaySeconds 0", () => {
    expect(
      play(rolloutOf(routed("w50 p", { abortScaleDownDelaySeconds: 0 })), [v2, at(700, abort)])
        .transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 2/2 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 2/2 · Healthy",
        "10m 0% · v1:4/4 v2:0/2 · step 0/2 · Progressing (more replicas need to be updated)",
        "10m10s 50% · v1:4/4 v2:2/2 · step 1/2 · Paused (CanaryPauseStep)",
        "11m40s 0% · v1:4/4 v2:2/2 · step 0/2 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
      ]
    `);
  });

  it("is degraded when nothing moves within the deadline", () => {
    expect(
      play(rolloutOf(routed("w50 p1"), { progressDeadlineSeconds: 120 }), [v2], {
        brokenImages: ["web:v2"],
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 2/2 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 2/2 · Healthy",
        "10m 0% · v1:4/4 v2:0/2 · step 0/2 · Progressing (more replicas need to be updated)",
        "12m1s 0% · v1:4/4 v2:0/2 · step 0/2 · Degraded (ProgressDeadlineExceeded: ReplicaSet "web-84c5f745db" has timed out progressing.)",
      ]
    `);
  });

  it("aborts at the deadline if told so", () => {
    expect(
      play(
        rolloutOf(routed("w50 p1"), { progressDeadlineSeconds: 120, progressDeadlineAbort: true }),
        [v2],
        { brokenImages: ["web:v2"] },
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 2/2 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 2/2 · Healthy",
        "10m 0% · v1:4/4 v2:0/2 · step 0/2 · Progressing (more replicas need to be updated)",
        "12m1s 0% · v1:4/4 v2:0/2 · step 0/2 · Degraded (RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "web-84c5f745db" has timed out progressing.)",
        "12m31s 0% · v1:4/4 · step 0/2 · Degraded (RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "web-84c5f745db" has timed out progressing.)",
      ]
    `);
  });

  it("waits for whoever runs a step plugin", () => {
    expect(
      play(rolloutOf(routed("w50 x p1")), [
        v2,
        at(700, (world) =>
          world.changeStatus({
            canary: {
              ...world.rollout.status.canary,
              stepPluginStatuses: [
                { index: 1, name: "example/plugin", operation: "Run", phase: "Successful" },
              ],
            },
          }),
        ),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/2 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 50% · v1:4/4 v2:2/2 · step 1/3 · Progressing (step 2 is not carried out: nobody runs the step plugin example/plugin here; promote to skip it, abort to go back)",
        "11m40s 50% · v1:4/4 v2:2/2 · step 2/3 · Paused (CanaryPauseStep)",
        "12m40s 50% · v1:4/4 v2:2/4 · step 3/3 · Progressing (waiting for all steps to complete)",
        "12m50s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "13m20s 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });
});
