import { describe, expect, it } from "vitest";
import {
  abort,
  pause,
  promoteFully,
  resume,
  retry,
  rewriteService,
  scaleTo,
  unpause,
} from "./testing/deeds.test-support.ts";
import { at, deploy, play } from "./testing/play.test-support.ts";
import { blueGreen, rolloutOf } from "./testing/rollout-of.test-support.ts";
import type { Verdict } from "./testing/world.test-support.ts";
import { analysisOf } from "./testing/steps-language.test-support.ts";

// v1 is there from the start; v2 comes at 10m. Pods need 10 s. `v2:1/2` = 1 of 2 available.

const v2 = at(600, deploy("web:v2"));
const fails = (): Verdict => ({ phase: "Failed", afterSeconds: 30, message: "error rate 20%" });

describe("blue-green", () => {
  it("switches by itself when the preview is complete", () => {
    expect(play(rolloutOf(blueGreen()), [v2]).transcript).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v2 · v1:4/4 v2:4/4 · Healthy",
        "10m40s active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("waits for a person with autoPromotionEnabled false", () => {
    expect(
      play(rolloutOf(blueGreen({ autoPromotionEnabled: false })), [v2, at(900, resume)]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Paused (BlueGreenPause)",
        "15m active v2 · v1:4/4 v2:4/4 · Healthy",
        "15m30s active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("waits for autoPromotionSeconds", () => {
    expect(play(rolloutOf(blueGreen({ autoPromotionSeconds: 120 })), [v2]).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Paused (BlueGreenPause)",
        "12m10s active v2 · v1:4/4 v2:4/4 · Healthy",
        "12m40s active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("does not make a person wait for autoPromotionSeconds", () => {
    expect(
      play(rolloutOf(blueGreen({ autoPromotionSeconds: 120 })), [v2, at(650, resume)]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Paused (BlueGreenPause)",
        "10m50s active v2 · v1:4/4 v2:4/4 · Healthy",
        "11m20s active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("grows a small preview only after the pause", () => {
    expect(
      play(rolloutOf(blueGreen({ autoPromotionEnabled: false, previewReplicaCount: 1 })), [
        v2,
        at(900, resume),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/1 · Progressing (more replicas need to be updated)",
        "10m10s active v1 · v1:4/4 v2:1/1 · Paused (BlueGreenPause)",
        "15m active v1 · v1:4/4 v2:1/4 · Progressing (active service cutover pending)",
        "15m10s active v2 · v1:4/4 v2:4/4 · Healthy",
        "15m40s active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("judges before and after the switch", () => {
    expect(
      play(
        rolloutOf(
          blueGreen({
            prePromotionAnalysis: analysisOf("check"),
            postPromotionAnalysis: analysisOf("check"),
          }),
        ),
        [v2],
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Progressing (active service cutover pending)",
        "11m10s active v2 · v1:4/4 v2:4/4 · Progressing (waiting for analysis to complete)",
        "12m10s active v2 · v1:4/4 v2:4/4 · Healthy",
        "12m40s active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("never switches to a preview that fails", () => {
    expect(
      play(rolloutOf(blueGreen({ prePromotionAnalysis: analysisOf("check") })), [v2], {
        runVerdict: fails,
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Progressing (active service cutover pending)",
        "10m40s active v1 · v1:4/4 v2:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Blue/green pre-promotion analysis phase error/failed: error rate 20%)",
        "11m10s active v1 · v1:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Blue/green pre-promotion analysis phase error/failed: error rate 20%)",
      ]
    `);
  });

  it("leads a Service whose selector was written anew back, and judges as if nothing had been", () => {
    const deeds = [
      at(600, rewriteService("web-active")),
      v2,
      at(605, rewriteService("web-active")),
    ];
    expect(
      play(rolloutOf(blueGreen({ prePromotionAnalysis: analysisOf("check") })), deeds, {
        runVerdict: fails,
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Progressing (active service cutover pending)",
        "10m40s active v1 · v1:4/4 v2:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Blue/green pre-promotion analysis phase error/failed: error rate 20%)",
        "11m10s active v1 · v1:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Blue/green pre-promotion analysis phase error/failed: error rate 20%)",
      ]
    `);
  });

  it("switches back at once when the post-promotion analysis fails", () => {
    expect(
      play(rolloutOf(blueGreen({ postPromotionAnalysis: analysisOf("check") })), [v2], {
        runVerdict: fails,
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v2 · v1:4/4 v2:4/4 · Progressing (waiting for analysis to complete)",
        "10m40s active v1 · v1:4/4 v2:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Blue/green post-promotion analysis phase error/failed: error rate 20%)",
        "11m10s active v1 · v1:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Blue/green post-promotion analysis phase error/failed: error rate 20%)",
      ]
    `);
  });

  it("lets a person decide about an inconclusive preview", () => {
    expect(
      play(
        rolloutOf(blueGreen({ prePromotionAnalysis: analysisOf("check") })),
        [v2, at(900, resume)],
        {
          runVerdict: (_run, attempt) => ({
            phase: attempt === 0 ? "Inconclusive" : "Successful",
            afterSeconds: 30,
          }),
        },
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Progressing (active service cutover pending)",
        "10m40s active v1 · v1:4/4 v2:4/4 · Paused (InconclusiveAnalysisRun)",
        "15m active v1 · v1:4/4 v2:4/4 · Progressing (active service cutover pending)",
        "15m30s active v2 · v1:4/4 v2:4/4 · Healthy",
        "16m active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("asks for a person's word again after an undecided preview was judged anew", () => {
    const runVerdict = (_run: unknown, attempt: number): Verdict => ({
      phase: attempt === 0 ? "Inconclusive" : "Successful",
      afterSeconds: 60,
    });
    const strategy = blueGreen({
      autoPromotionEnabled: false,
      prePromotionAnalysis: analysisOf("check"),
    });
    expect(
      play(rolloutOf(strategy), [v2, at(900, resume), at(1200, resume)], { runVerdict }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Progressing (active service cutover pending)",
        "11m10s active v1 · v1:4/4 v2:4/4 · Paused (InconclusiveAnalysisRun)",
        "15m active v1 · v1:4/4 v2:4/4 · Progressing (active service cutover pending)",
        "16m active v1 · v1:4/4 v2:4/4 · Paused (BlueGreenPause)",
        "20m active v2 · v1:4/4 v2:4/4 · Healthy",
        "20m30s active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("aborts before the switch and starts over on retry", () => {
    expect(
      play(rolloutOf(blueGreen({ autoPromotionEnabled: false })), [
        v2,
        at(700, abort),
        at(1000, retry),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Paused (BlueGreenPause)",
        "11m40s active v1 · v1:4/4 v2:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "12m10s active v1 · v1:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
        "16m40s active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "16m50s active v1 · v1:4/4 v2:4/4 · Paused (BlueGreenPause)",
      ]
    `);
  });

  it("keeps the preview for good with abortScaleDownDelaySeconds 0", () => {
    expect(
      play(rolloutOf(blueGreen({ autoPromotionEnabled: false, abortScaleDownDelaySeconds: 0 })), [
        v2,
        at(700, abort),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Paused (BlueGreenPause)",
        "11m40s active v1 · v1:4/4 v2:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2)",
      ]
    `);
  });

  it("goes back to a version that is still there without any pause", () => {
    expect(
      play(rolloutOf(blueGreen({ autoPromotionEnabled: false, scaleDownDelaySeconds: 300 })), [
        v2,
        at(700, resume),
        at(800, deploy("web:v1")),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Paused (BlueGreenPause)",
        "11m40s active v2 · v1:4/4 v2:4/4 · Healthy",
        "13m20s active v1 · v1:4/4 v2:4/4 · Healthy",
        "18m20s active v1 · v1:4/4 · Healthy",
      ]
    `);
  });

  it("scales the old version down at once with scaleDownDelaySeconds 0", () => {
    expect(play(rolloutOf(blueGreen({ scaleDownDelaySeconds: 0 })), [v2]).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("keeps at most scaleDownDelayRevisionLimit old versions", () => {
    expect(
      play(rolloutOf(blueGreen({ scaleDownDelayRevisionLimit: 1, scaleDownDelaySeconds: 600 })), [
        v2,
        at(700, deploy("web:v3")),
        at(800, deploy("web:v4")),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v2 · v1:4/4 v2:4/4 · Healthy",
        "11m40s active v2 · v1:4/4 v2:4/4 v3:0/4 · Progressing (active service cutover pending)",
        "11m50s active v3 · v2:4/4 v3:4/4 · Healthy",
        "13m20s active v3 · v2:4/4 v3:4/4 v4:0/4 · Progressing (active service cutover pending)",
        "13m30s active v4 · v3:4/4 v4:4/4 · Healthy",
        "23m30s active v4 · v4:4/4 · Healthy",
      ]
    `);
  });

  it("promote --full skips pause, preview size and analysis", () => {
    expect(
      play(
        rolloutOf(
          blueGreen({
            autoPromotionEnabled: false,
            previewReplicaCount: 1,
            prePromotionAnalysis: analysisOf("check"),
          }),
        ),
        [v2, at(620, promoteFully)],
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/1 · Progressing (more replicas need to be updated)",
        "10m10s active v1 · v1:4/4 v2:1/1 · Progressing (more replicas need to be updated)",
        "10m20s active v1 · v1:4/4 v2:1/4 · Progressing (active service cutover pending)",
        "10m30s active v2 · v1:4/4 v2:4/4 · Healthy",
        "11m active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("does not switch while paused by hand", () => {
    expect(play(rolloutOf(blueGreen()), [v2, at(601, pause), at(700, unpause)]).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m1s active v1 · v1:4/4 v2:0/4 · Paused (manually paused)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Paused (manually paused)",
        "11m40s active v2 · v1:4/4 v2:4/4 · Healthy",
        "12m10s active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("switches when it is resumed first and unpaused a moment later", () => {
    expect(
      play(rolloutOf(blueGreen({ autoPromotionEnabled: false })), [
        v2,
        at(630, pause),
        at(640, resume),
        at(650, unpause),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Paused (BlueGreenPause)",
        "10m30s active v1 · v1:4/4 v2:4/4 · Paused (manually paused)",
        "10m50s active v2 · v1:4/4 v2:4/4 · Healthy",
        "11m20s active v2 · v2:4/4 · Healthy",
      ]
    `);
  });

  it("scales both versions", () => {
    expect(
      play(rolloutOf(blueGreen({ autoPromotionEnabled: false })), [
        v2,
        at(700, scaleTo(6)),
        at(800, scaleTo(2)),
      ]).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "10m10s active v1 · v1:4/4 v2:4/4 · Paused (BlueGreenPause)",
        "11m40s active v1 · v1:4/6 v2:4/6 · Paused (BlueGreenPause)",
        "11m50s active v1 · v1:6/6 v2:6/6 · Paused (BlueGreenPause)",
        "13m20s active v1 · v1:2/2 v2:2/2 · Paused (BlueGreenPause)",
      ]
    `);
  });

  it("aborts at the deadline if told so", () => {
    expect(
      play(
        rolloutOf(blueGreen(), { progressDeadlineSeconds: 100, progressDeadlineAbort: true }),
        [v2],
        { brokenImages: ["web:v2"] },
      ).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m active - · v1:0/4 · Progressing (updated replicas are still becoming available)",
        "0m10s active v1 · v1:4/4 · Healthy",
        "10m active v1 · v1:4/4 v2:0/4 · Progressing (active service cutover pending)",
        "11m41s active v1 · v1:4/4 v2:0/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "web-84c5f745db" has timed out progressing.)",
        "12m11s active v1 · v1:4/4 · Degraded (RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "web-84c5f745db" has timed out progressing.)",
      ]
    `);
  });
});
