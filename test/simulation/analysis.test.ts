import { describe, expect, it } from "vitest";
import { answering, checkTemplate, inBackground, secondVersion, story, value } from "./story.ts";

const check = { templates: [{ templateName: "check" }] };
const analysisStep = {
  steps: [{ setWeight: 25 }, { analysis: check }, { setWeight: 50 }, { pause: { duration: "1m" } }],
};
const trafficProvider = {
  plugin: {
    "haldane.dev/traffic": {
      service: "shop-canary",
      query: "successRate",
      window: "30s",
      minRequests: 20,
    },
  },
};

describe("verdicts", () => {
  it("in the background: a good version goes on", async () => {
    expect(
      await story("n4 w25 p2m w50 p2m", {
        ...inBackground,
        objects: checkTemplate({ interval: "30s" }),
        ...answering(value(0.99)),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - CanaryPauseStep
         3m02s   25%  2+4    Progressing - more replicas need to be updated
         3m04s   50%  2+4    Progressing - more replicas need to be updated
         3m04s   50%  2+4    Paused - CanaryPauseStep
         5m04s   50%  4+4    Progressing - waiting for all steps to complete
         5m06s  100%  4+4    Progressing - waiting for all steps to complete
         5m06s  100%  4+4    Progressing - waiting for traffic weights to be verified
         5m06s  100%  4+4    Healthy
         5m37s  100%  4+0    Healthy
      "
    `);
  });

  it("in the background: a bad version goes back", async () => {
    expect(
      await story("n4 w25 p2m w50 p2m", {
        ...inBackground,
        objects: checkTemplate({ interval: "30s", failureLimit: 1 }),
        ...answering(value(0.5)),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - CanaryPauseStep
         1m32s    0%  1+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: Metric "check" assessed Failed due to failed (2) > failureLimit (1)
         2m03s    0%  0+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: Metric "check" assessed Failed due to failed (2) > failureLimit (1)
      "
    `);
  });

  it("in the background: undecided waits for people, and is asked again afterwards", async () => {
    expect(
      await story("n4 w25 p2m w50 p2m | promote@10m", {
        ...inBackground,
        objects: checkTemplate({ interval: "30s", inconclusiveLimit: 1 }),
        ...answering(value(0.92)),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - CanaryPauseStep
           10m  > promote
           10m   25%  2+4    Progressing - more replicas need to be updated
        10m02s   50%  2+4    Progressing - more replicas need to be updated
        10m02s   50%  2+4    Paused - CanaryPauseStep
      "
    `);
  });

  it("in the background: no data is never a pass", async () => {
    expect(
      await story("n4 w25 p2m w50 p2m", {
        ...inBackground,
        objects: checkTemplate({ interval: "30s" }),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - CanaryPauseStep
         1m42s    0%  1+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: Metric "check" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): "Error Message: the world describes no answer to metric check"
         2m13s    0%  0+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: Metric "check" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): "Error Message: the world describes no answer to metric check"
      "
    `);
  });

  it("in the background: traffic is counted per version, and one bad request in five goes back", async () => {
    expect(
      await story("n4 w25 p5m w50 p5m", {
        ...inBackground,
        objects: checkTemplate({
          interval: "30s",
          initialDelay: "30s",
          failureLimit: 2,
          provider: trafficProvider,
        }),
        ...secondVersion({ errorPercent: [{ atMs: 0, value: 20 }] }),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - CanaryPauseStep
         2m32s    0%  1+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: Metric "check" assessed Failed due to failed (3) > failureLimit (2)
         3m03s    0%  0+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: Metric "check" assessed Failed due to failed (3) > failureLimit (2)
      "
    `);
  });

  it("in the background: a version that turns bad later goes back from where it is", async () => {
    expect(
      await story("n4 w25 p5m w50 p5m", {
        ...inBackground,
        objects: checkTemplate({
          interval: "30s",
          initialDelay: "30s",
          failureLimit: 1,
          provider: trafficProvider,
        }),
        ...secondVersion({
          errorPercent: [
            { atMs: 0, value: 0 },
            { atMs: 480_000, value: 30 },
          ],
        }),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - CanaryPauseStep
         6m02s   25%  2+4    Progressing - more replicas need to be updated
         6m04s   50%  2+4    Progressing - more replicas need to be updated
         6m04s   50%  2+4    Paused - CanaryPauseStep
         9m02s    0%  2+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: Metric "check" assessed Failed due to failed (2) > failureLimit (1)
         9m33s    0%  0+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: Metric "check" assessed Failed due to failed (2) > failureLimit (1)
      "
    `);
  });

  it("as a step: the next weight waits for it", async () => {
    expect(
      await story("n4", {
        strategy: analysisStep,
        objects: checkTemplate({ count: 3, interval: "20s" }),
        ...answering(value(0.99)),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m42s   25%  2+4    Progressing - more replicas need to be updated
         1m44s   50%  2+4    Progressing - more replicas need to be updated
         1m44s   50%  2+4    Paused - CanaryPauseStep
         2m44s   50%  4+4    Progressing - waiting for all steps to complete
         2m46s  100%  4+4    Progressing - waiting for all steps to complete
         2m46s  100%  4+4    Progressing - waiting for traffic weights to be verified
         2m46s  100%  4+4    Healthy
         3m17s  100%  4+0    Healthy
      "
    `);
  });

  it("as a step: a failure goes back", async () => {
    expect(
      await story("n4", {
        strategy: analysisStep,
        objects: checkTemplate({ count: 3, interval: "20s" }),
        ...answering(value(0.1)),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s    0%  1+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric "check" assessed Failed due to failed (1) > failureLimit (0)
         1m33s    0%  0+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric "check" assessed Failed due to failed (1) > failureLimit (0)
      "
    `);
  });

  it("as a step: undecided, a promote goes past it", async () => {
    expect(
      await story("n4 | promote@6m", {
        strategy: analysisStep,
        objects: checkTemplate({ count: 3, interval: "20s" }),
        ...answering(value(0.92)),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - InconclusiveAnalysisRun
            6m  > promote
            6m   25%  2+4    Progressing - more replicas need to be updated
         6m02s   50%  2+4    Progressing - more replicas need to be updated
         6m02s   50%  2+4    Paused - CanaryPauseStep
         7m02s   50%  4+4    Progressing - waiting for all steps to complete
         7m04s  100%  4+4    Progressing - waiting for all steps to complete
         7m04s  100%  4+4    Progressing - waiting for traffic weights to be verified
         7m04s  100%  4+4    Healthy
         7m35s  100%  4+0    Healthy
      "
    `);
  });

  it("as a step: a job runs for its time", async () => {
    expect(
      await story("n4", {
        strategy: analysisStep,
        objects: checkTemplate({
          count: 1,
          provider: { prometheus: { address: "http://p", query: "q" } },
        }),
        ...answering({ kind: "outcome", outcome: "Successful", afterMs: 90_000 }),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         2m33s   25%  2+4    Progressing - more replicas need to be updated
         2m35s   50%  2+4    Progressing - more replicas need to be updated
         2m35s   50%  2+4    Paused - CanaryPauseStep
         3m35s   50%  4+4    Progressing - waiting for all steps to complete
         3m37s  100%  4+4    Progressing - waiting for all steps to complete
         3m37s  100%  4+4    Progressing - waiting for traffic weights to be verified
         3m37s  100%  4+4    Healthy
         4m08s  100%  4+0    Healthy
      "
    `);
  });

  it("before a blue-green switch: a failure keeps users where they are", async () => {
    expect(
      await story("bluegreen n3", {
        strategy: { prePromotionAnalysis: check },
        objects: checkTemplate({ count: 2, interval: "20s" }),
        ...answering(value(0.5)),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m        3+0    Progressing - updated replicas are still becoming available
         0m02s        3+0    Healthy
            1m  > set image shop:v2
            1m        3+3    Progressing - active service cutover pending
         1m02s        3+3    Degraded - RolloutAborted: Rollout aborted update to revision 2: Blue/green pre-promotion analysis phase error/failed: Metric "check" assessed Failed due to failed (1) > failureLimit (0)
         1m32s        0+3    Degraded - RolloutAborted: Rollout aborted update to revision 2: Blue/green pre-promotion analysis phase error/failed: Metric "check" assessed Failed due to failed (1) > failureLimit (0)
      "
    `);
  });

  it("before a blue-green switch: a pass lets it go on", async () => {
    expect(
      await story("bluegreen n3", {
        strategy: { prePromotionAnalysis: check },
        objects: checkTemplate({ count: 2, interval: "20s" }),
        ...answering(value(1)),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m        3+0    Progressing - updated replicas are still becoming available
         0m02s        3+0    Healthy
            1m  > set image shop:v2
            1m        3+3    Progressing - active service cutover pending
         1m22s        3+3    Healthy
         1m52s        3+0    Healthy
      "
    `);
  });

  it("after a blue-green switch: a failure switches back", async () => {
    expect(
      await story("bluegreen n3", {
        strategy: { postPromotionAnalysis: check },
        objects: checkTemplate({ count: 3, interval: "20s", failureLimit: 1 }),
        ...answering(value(0.5)),
      }),
    ).toMatchInlineSnapshot(`
      "
            0m        3+0    Progressing - updated replicas are still becoming available
         0m02s        3+0    Healthy
            1m  > set image shop:v2
            1m        3+3    Progressing - active service cutover pending
         1m02s        3+3    Progressing - waiting for analysis to complete
         1m22s        3+3    Degraded - RolloutAborted: Rollout aborted update to revision 2: Blue/green post-promotion analysis phase error/failed: Metric "check" assessed Failed due to failed (2) > failureLimit (1)
         1m52s        0+3    Degraded - RolloutAborted: Rollout aborted update to revision 2: Blue/green post-promotion analysis phase error/failed: Metric "check" assessed Failed due to failed (2) > failureLimit (1)
      "
    `);
  });

  it("an experiment as a step: the next weight waits for its end", async () => {
    const templates = [
      { name: "base", specRef: "stable" },
      { name: "candidate", specRef: "canary" },
    ];
    const steps = [
      { setWeight: 25 },
      { experiment: { duration: "2m", templates } },
      { setWeight: 50 },
      { pause: { duration: "1m" } },
    ];
    expect(await story("n4", { strategy: { steps } })).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         3m04s   25%  2+4    Progressing - more replicas need to be updated
         3m06s   50%  2+4    Progressing - more replicas need to be updated
         3m06s   50%  2+4    Paused - CanaryPauseStep
         4m06s   50%  4+4    Progressing - waiting for all steps to complete
         4m08s  100%  4+4    Progressing - waiting for all steps to complete
         4m08s  100%  4+4    Progressing - waiting for traffic weights to be verified
         4m08s  100%  4+4    Healthy
         4m39s  100%  4+0    Healthy
      "
    `);
  });

  it("a promote ends a pause step and an undecided background analysis together, and asks anew", async () => {
    const line = "n2 w50 p w100 | promote@5m promote@9m";
    const undecided = {
      ...inBackground,
      objects: checkTemplate({ interval: "2m", initialDelay: "1m" }),
      ...answering(value(0.92)),
    };
    expect(await story(line, undecided)).toMatchInlineSnapshot(`
      "
            0m  100%  2+0    Progressing - updated replicas are still becoming available
         0m02s  100%  2+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+2    Progressing - more replicas need to be updated
         1m02s   50%  1+2    Progressing - more replicas need to be updated
         1m02s   50%  1+2    Paused - CanaryPauseStep
            5m  > promote
            5m   50%  2+2    Progressing - waiting for all steps to complete
         5m02s  100%  2+2    Progressing - waiting for all steps to complete
         5m02s  100%  2+2    Progressing - waiting for the first answers of the background analysis
            6m  100%  2+2    Paused - InconclusiveAnalysisRun
            9m  > promote
            9m  100%  2+2    Progressing - waiting for traffic weights to be verified
            9m  100%  2+2    Healthy
         9m31s  100%  2+0    Healthy
      "
    `);
  });
});
