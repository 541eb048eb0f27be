import { describe, expect, it } from "vitest";
import { secondVersion, story } from "./story.ts";

const headerRoute = {
  trafficRouting: {
    managedRoutes: [{ name: "testers" }],
    plugins: { "argoproj-labs/gatewayAPI": { httpRoute: "shop" } },
  },
  steps: [
    { setCanaryScale: { replicas: 1 } },
    {
      setHeaderRoute: {
        name: "testers",
        match: [{ headerName: "x-canary", headerValue: { exact: "true" } }],
      },
    },
    { pause: { duration: "1m" } },
    { setCanaryScale: { matchTrafficWeight: true } },
    { setWeight: 50 },
    { pause: { duration: "1m" } },
  ],
};

describe("canaries with traffic routing", () => {
  it("goes on by itself through weights and pauses", async () => {
    expect(await story("n5 w20 p10m w50 p10m")).toMatchInlineSnapshot(`
      "
            0m  100%  5+0    Progressing - updated replicas are still becoming available
         0m02s  100%  5+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+5    Progressing - more replicas need to be updated
         1m02s   20%  1+5    Progressing - more replicas need to be updated
         1m02s   20%  1+5    Paused - CanaryPauseStep
        11m02s   20%  3+5    Progressing - more replicas need to be updated
        11m04s   50%  3+5    Progressing - more replicas need to be updated
        11m04s   50%  3+5    Paused - CanaryPauseStep
        21m04s   50%  5+5    Progressing - waiting for all steps to complete
        21m06s  100%  5+5    Progressing - waiting for all steps to complete
        21m06s  100%  5+5    Progressing - waiting for traffic weights to be verified
        21m06s  100%  5+5    Healthy
        21m37s  100%  5+0    Healthy
      "
    `);
  });

  it("without steps goes straight to the new version once it has all its pods", async () => {
    expect(await story("n3")).toMatchInlineSnapshot(`
      "
            0m  100%  3+0    Progressing - updated replicas are still becoming available
         0m02s  100%  3+0    Healthy
            1m  > set image shop:v2
            1m    0%  3+3    Progressing - waiting for all steps to complete
         1m02s  100%  3+3    Healthy
         1m32s  100%  3+0    Healthy
      "
    `);
  });

  it("waits for people at a pause without a duration", async () => {
    expect(await story("n4 w20 p w50 p2m | promote@4m")).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   20%  1+4    Progressing - more replicas need to be updated
         1m02s   20%  1+4    Paused - CanaryPauseStep
            4m  > promote
            4m   20%  2+4    Progressing - more replicas need to be updated
         4m02s   50%  2+4    Progressing - more replicas need to be updated
         4m02s   50%  2+4    Paused - CanaryPauseStep
         6m02s   50%  4+4    Progressing - waiting for all steps to complete
         6m04s  100%  4+4    Progressing - waiting for all steps to complete
         6m04s  100%  4+4    Progressing - waiting for traffic weights to be verified
         6m04s  100%  4+4    Healthy
         6m35s  100%  4+0    Healthy
      "
    `);
  });

  it("goes back to stable when aborted, and starts over when retried", async () => {
    expect(await story("n4 w25 p | abort@4m retry@8m promote@12m")).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - CanaryPauseStep
            4m  > abort
            4m    0%  1+4    Degraded - RolloutAborted: Rollout aborted update to revision 2
         4m31s    0%  0+4    Degraded - RolloutAborted: Rollout aborted update to revision 2
            8m  > retry
            8m    0%  1+4    Progressing - more replicas need to be updated
         8m02s   25%  1+4    Progressing - more replicas need to be updated
         8m02s   25%  1+4    Paused - CanaryPauseStep
           12m  > promote
           12m   25%  4+4    Progressing - waiting for all steps to complete
        12m02s  100%  4+4    Progressing - waiting for all steps to complete
        12m02s  100%  4+4    Progressing - waiting for traffic weights to be verified
        12m02s  100%  4+4    Healthy
        12m33s  100%  4+0    Healthy
      "
    `);
  });

  it("skips everything when promoted in full", async () => {
    expect(await story("n4 w25 p2m w50 | promoteFull@2m")).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - CanaryPauseStep
            2m  > promote --full
            2m   25%  4+4    Progressing - waiting for all steps to complete
         2m02s  100%  4+4    Progressing - waiting for traffic weights to be verified
         2m02s  100%  4+4    Healthy
         2m33s  100%  4+0    Healthy
      "
    `);
  });

  it("starts over for a third version, which takes the second one's place", async () => {
    expect(await story("n4 w25 p5m | set=shop:v2@1m set=shop:v3@3m")).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - CanaryPauseStep
            3m  > set image shop:v3
            3m    0%  1+5    Progressing - more replicas need to be updated
         3m02s   25%  1+5    Progressing - more replicas need to be updated
         3m02s   25%  1+4    Paused - CanaryPauseStep
         8m02s   25%  4+4    Progressing - waiting for all steps to complete
         8m04s  100%  4+4    Progressing - waiting for all steps to complete
         8m04s  100%  4+4    Progressing - waiting for traffic weights to be verified
         8m04s  100%  4+4    Healthy
         8m35s  100%  4+0    Healthy
      "
    `);
  });

  it("takes an undo in the middle as a way back, at once", async () => {
    expect(await story("n4 w50 p10m | undo@5m")).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  2+4    Progressing - more replicas need to be updated
         1m02s   50%  2+4    Progressing - more replicas need to be updated
         1m02s   50%  2+4    Paused - CanaryPauseStep
            5m  > undo
            5m  100%  4+2    Progressing - waiting for traffic weights to be verified
            5m  100%  4+2    Healthy
         5m31s  100%  4+0    Healthy
      "
    `);
  });

  it("takes an undo after the end as a new update", async () => {
    expect(await story("n4 w25 p2m | undo@10m")).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Paused - CanaryPauseStep
         3m02s   25%  4+4    Progressing - waiting for all steps to complete
         3m04s  100%  4+4    Progressing - waiting for all steps to complete
         3m04s  100%  4+4    Progressing - waiting for traffic weights to be verified
         3m04s  100%  4+4    Healthy
         3m35s  100%  4+0    Healthy
           10m  > undo
           10m    0%  1+4    Progressing - more replicas need to be updated
        10m02s   25%  1+4    Progressing - more replicas need to be updated
        10m02s   25%  1+4    Paused - CanaryPauseStep
        12m02s   25%  4+4    Progressing - waiting for all steps to complete
        12m04s  100%  4+4    Progressing - waiting for all steps to complete
        12m04s  100%  4+4    Progressing - waiting for traffic weights to be verified
        12m04s  100%  4+4    Healthy
        12m35s  100%  4+0    Healthy
      "
    `);
  });

  it("rests while it is paused by hand", async () => {
    expect(await story("n4 w50 p2m w75 p2m | pause@2m resume@10m")).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  2+4    Progressing - more replicas need to be updated
         1m02s   50%  2+4    Progressing - more replicas need to be updated
         1m02s   50%  2+4    Paused - CanaryPauseStep
            2m  > pause
            2m   50%  2+4    Paused - manually paused
           10m  > resume
           10m   50%  3+4    Progressing - more replicas need to be updated
        10m02s   75%  3+4    Progressing - more replicas need to be updated
        10m02s   75%  3+4    Paused - CanaryPauseStep
        12m02s   75%  4+4    Progressing - waiting for all steps to complete
        12m04s  100%  4+4    Progressing - waiting for all steps to complete
        12m04s  100%  4+4    Progressing - waiting for traffic weights to be verified
        12m04s  100%  4+4    Healthy
        12m35s  100%  4+0    Healthy
      "
    `);
  });

  it("keeps the proportion when an autoscaler changes the size in the middle", async () => {
    expect(await story("n4 w50 p10m | scale=8@4m scale=2@8m")).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  2+4    Progressing - more replicas need to be updated
         1m02s   50%  2+4    Progressing - more replicas need to be updated
         1m02s   50%  2+4    Paused - CanaryPauseStep
            4m  > scale to 8
            4m   50%  4+8    Paused - CanaryPauseStep
            8m  > scale to 2
            8m   50%  1+2    Paused - CanaryPauseStep
        11m02s   50%  2+2    Progressing - waiting for all steps to complete
        11m04s  100%  2+2    Progressing - waiting for all steps to complete
        11m04s  100%  2+2    Progressing - waiting for traffic weights to be verified
        11m04s  100%  2+2    Healthy
        11m35s  100%  2+0    Healthy
      "
    `);
  });

  it("replaces pods one after the other on a restart", async () => {
    expect(await story("n4 w50 p10m | restart@20m")).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  2+4    Progressing - more replicas need to be updated
         1m02s   50%  2+4    Progressing - more replicas need to be updated
         1m02s   50%  2+4    Paused - CanaryPauseStep
        11m02s   50%  4+4    Progressing - waiting for all steps to complete
        11m04s  100%  4+4    Progressing - waiting for all steps to complete
        11m04s  100%  4+4    Progressing - waiting for traffic weights to be verified
        11m04s  100%  4+4    Healthy
        11m35s  100%  4+0    Healthy
           20m  > restart
           20m  100%  4+0    Progressing - rollout is restarting
        20m06s  100%  4+0    Progressing - updated replicas are still becoming available
        20m08s  100%  4+0    Healthy
      "
    `);
  });

  it("with dynamicStableScale moves pods along with the traffic, and traffic back only to pods that are there", async () => {
    expect(
      await story("n4 w25 p2m w75 p2m | abort@4m retry@8m", {
        strategy: { dynamicStableScale: true },
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+4    Progressing - more replicas need to be updated
         1m02s   25%  1+3    Paused - CanaryPauseStep
         3m02s   25%  3+3    Progressing - more replicas need to be updated
         3m04s   75%  3+3    Progressing - more replicas need to be updated
         3m04s   75%  3+1    Paused - CanaryPauseStep
            4m  > abort
            4m   75%  3+4    Degraded - RolloutAborted: Rollout aborted update to revision 2
         4m02s    0%  3+4    Degraded - RolloutAborted: Rollout aborted update to revision 2
         4m02s    0%  0+4    Degraded - RolloutAborted: Rollout aborted update to revision 2
            8m  > retry
            8m    0%  1+4    Progressing - more replicas need to be updated
         8m02s   25%  1+4    Progressing - more replicas need to be updated
         8m02s   25%  1+3    Paused - CanaryPauseStep
        10m02s   25%  3+3    Progressing - more replicas need to be updated
        10m04s   75%  3+3    Progressing - more replicas need to be updated
        10m04s   75%  3+1    Paused - CanaryPauseStep
        12m04s   75%  4+1    Progressing - waiting for all steps to complete
        12m06s  100%  4+1    Progressing - waiting for all steps to complete
        12m06s  100%  4+1    Progressing - waiting for traffic weights to be verified
        12m06s  100%  4+0    Healthy
      "
    `);
  });

  it("scales the canary apart from its weight", async () => {
    expect(await story("n5 s3 p1m s50% p1m sm w20 p1m")).toMatchInlineSnapshot(`
      "
            0m  100%  5+0    Progressing - updated replicas are still becoming available
         0m02s  100%  5+0    Healthy
            1m  > set image shop:v2
            1m    0%  3+5    Progressing - more replicas need to be updated
         1m02s    0%  3+5    Paused - CanaryPauseStep
         3m02s    0%  1+5    Progressing - more replicas need to be updated
         3m04s   20%  1+5    Progressing - more replicas need to be updated
         3m04s   20%  1+5    Paused - CanaryPauseStep
         4m04s   20%  5+5    Progressing - waiting for all steps to complete
         4m06s  100%  5+5    Progressing - waiting for all steps to complete
         4m06s  100%  5+5    Progressing - waiting for traffic weights to be verified
         4m06s  100%  5+5    Healthy
         4m37s  100%  5+0    Healthy
      "
    `);
  });

  it("gives testers a header route before anybody else meets the canary", async () => {
    expect(await story("n4", { strategy: headerRoute })).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         1m02s    0%  1+4    Paused - CanaryPauseStep
         2m02s    0%  2+4    Progressing - more replicas need to be updated
         2m04s   50%  2+4    Progressing - more replicas need to be updated
         2m04s   50%  2+4    Paused - CanaryPauseStep
         3m04s   50%  4+4    Progressing - waiting for all steps to complete
         3m06s  100%  4+4    Progressing - waiting for all steps to complete
         3m06s  100%  4+4    Progressing - waiting for traffic weights to be verified
         3m06s  100%  4+4    Healthy
         3m37s  100%  4+0    Healthy
      "
    `);
  });

  it("says so when pods never become ready", async () => {
    expect(
      await story("n4 w25 p2m", {
        ...secondVersion({ neverReady: true }),
        spec: { progressDeadlineSeconds: 60 },
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         2m01s    0%  1+4    Degraded - ProgressDeadlineExceeded: ReplicaSet "shop-76764fd48c" has timed out progressing.
      "
    `);
  });

  it("goes back when pods never become ready and progressDeadlineAbort is set", async () => {
    expect(
      await story("n4 w25 p2m", {
        ...secondVersion({ neverReady: true }),
        spec: { progressDeadlineSeconds: 60, progressDeadlineAbort: true },
      }),
    ).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+4    Progressing - more replicas need to be updated
         2m01s    0%  1+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "shop-76764fd48c" has timed out progressing.
         2m31s    0%  0+4    Degraded - RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "shop-76764fd48c" has timed out progressing.
      "
    `);
  });

  it("stops at a step plugin, which nobody runs, until a person decides", async () => {
    const steps = [{ setWeight: 50 }, { plugin: { name: "example/approve" } }];
    expect(await story("n2 | promote@20m", { strategy: { steps } })).toMatchInlineSnapshot(`
      "
            0m  100%  2+0    Progressing - updated replicas are still becoming available
         0m02s  100%  2+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+2    Progressing - more replicas need to be updated
         1m02s   50%  1+2    Progressing - more replicas need to be updated
         1m02s   50%  1+2    Progressing - step 2 is not carried out: nobody runs the step plugin example/approve here; promote to skip it, abort to go back
        11m03s   50%  1+2    Degraded - ProgressDeadlineExceeded: ReplicaSet "shop-76764fd48c" has timed out progressing.
           20m  > promote
           20m   50%  2+2    Progressing - waiting for all steps to complete
        20m02s  100%  2+2    Progressing - waiting for all steps to complete
        20m02s  100%  2+2    Progressing - waiting for traffic weights to be verified
        20m02s  100%  2+2    Healthy
        20m33s  100%  2+0    Healthy
      "
    `);
    expect(await story("n2 | abort@5m", { strategy: { steps } })).toContain("RolloutAborted");
  });
});
