import { describe, expect, it } from "vitest";
import { secondVersion, story } from "./story.ts";

describe("strategies without a router", () => {
  it("a basic canary keeps the share by the number of pods", async () => {
    expect(await story("basic n5 w20 p2m w60 p2m")).toMatchInlineSnapshot(`
      "
            0m  100%  5+0    Progressing - updated replicas are still becoming available
         0m02s  100%  5+0    Healthy
            1m  > set image shop:v2
            1m   20%  1+4    Progressing - more replicas need to be updated
         1m02s   20%  1+4    Paused - CanaryPauseStep
         3m02s   60%  3+3    Progressing - more replicas need to be updated
         3m04s   60%  3+2    Paused - CanaryPauseStep
         5m04s  100%  5+1    Progressing - updated replicas are still becoming available
         5m06s  100%  5+0    Healthy
      "
    `);
  });

  it("a basic canary goes back within its limits when aborted", async () => {
    expect(await story("basic n5 w40 p | abort@4m")).toMatchInlineSnapshot(`
      "
            0m  100%  5+0    Progressing - updated replicas are still becoming available
         0m02s  100%  5+0    Healthy
            1m  > set image shop:v2
            1m   40%  2+4    Progressing - more replicas need to be updated
         1m02s   40%  2+3    Paused - CanaryPauseStep
            4m  > abort
            4m    0%  1+5    Degraded - RolloutAborted: Rollout aborted update to revision 2
         4m02s    0%  0+5    Degraded - RolloutAborted: Rollout aborted update to revision 2
      "
    `);
  });

  it("a basic canary follows a change of size", async () => {
    expect(await story("basic n4 w50 p10m | scale=8@4m scale=2@8m")).toMatchInlineSnapshot(`
      "
            0m  100%  4+0    Progressing - updated replicas are still becoming available
         0m02s  100%  4+0    Healthy
            1m  > set image shop:v2
            1m   50%  2+3    Progressing - more replicas need to be updated
         1m02s   50%  2+2    Paused - CanaryPauseStep
            4m  > scale to 8
            4m   50%  4+4    Paused - CanaryPauseStep
            8m  > scale to 2
            8m   50%  1+1    Paused - CanaryPauseStep
        11m02s  100%  2+1    Progressing - old replicas are pending termination
        11m04s  100%  2+0    Healthy
      "
    `);
  });

  it("a rolling update replaces a few pods at a time", async () => {
    expect(await story("rolling n4")).toMatchInlineSnapshot(`
      "
            0m        4+0    Progressing - updated replicas are still becoming available
         0m02s        4+0    Healthy
            1m  > set image shop:v2
            1m        2+3    Progressing - more replicas need to be updated
         1m02s        4+1    Progressing - updated replicas are still becoming available
         1m04s        4+0    Healthy
      "
    `);
  });

  it("a rolling update of slow pods never has fewer than it may", async () => {
    expect(
      await story("rolling n5", {
        ...secondVersion({ startMs: 20_000 }),
        strategy: { maxSurge: 1, maxUnavailable: 0 },
      }),
    ).toMatchInlineSnapshot(`
      "
            0m        5+0    Progressing - updated replicas are still becoming available
         0m02s        5+0    Healthy
            1m  > set image shop:v2
            1m        1+5    Progressing - more replicas need to be updated
         1m20s        2+4    Progressing - more replicas need to be updated
         1m40s        3+3    Progressing - more replicas need to be updated
            2m        4+2    Progressing - more replicas need to be updated
         2m20s        5+1    Progressing - old replicas are pending termination
         2m40s        5+0    Healthy
      "
    `);
  });

  it("recreate stops all old pods before the first new one starts", async () => {
    expect(await story("recreate n3")).toMatchInlineSnapshot(`
      "
            0m        3+0    Progressing - updated replicas are still becoming available
         0m02s        3+0    Healthy
            1m  > set image shop:v2
            1m        3+0    Progressing - updated replicas are still becoming available
         1m02s        3+0    Healthy
      "
    `);
  });

  it("blue-green switches once the new version is complete", async () => {
    expect(await story("bluegreen n3")).toMatchInlineSnapshot(`
      "
            0m        3+0    Progressing - updated replicas are still becoming available
         0m02s        3+0    Healthy
            1m  > set image shop:v2
            1m        3+3    Progressing - active service cutover pending
         1m02s        3+3    Healthy
         1m32s        3+0    Healthy
      "
    `);
  });

  it("blue-green waits for people", async () => {
    expect(await story("bluegreen n3 | promote@5m", { strategy: { autoPromotionEnabled: false } }))
      .toMatchInlineSnapshot(`
      "
            0m        3+0    Progressing - updated replicas are still becoming available
         0m02s        3+0    Healthy
            1m  > set image shop:v2
            1m        3+3    Progressing - active service cutover pending
         1m02s        3+3    Paused - BlueGreenPause
            5m  > promote
            5m        3+3    Healthy
         5m30s        3+0    Healthy
      "
    `);
  });

  it("blue-green waits the given time", async () => {
    expect(await story("bluegreen n3", { strategy: { autoPromotionSeconds: 120 } }))
      .toMatchInlineSnapshot(`
      "
            0m        3+0    Progressing - updated replicas are still becoming available
         0m02s        3+0    Healthy
            1m  > set image shop:v2
            1m        3+3    Progressing - active service cutover pending
         1m02s        3+3    Paused - BlueGreenPause
         3m02s        3+3    Healthy
         3m32s        3+0    Healthy
      "
    `);
  });

  it("blue-green previews with fewer pods, and grows before it switches", async () => {
    expect(
      await story("bluegreen n4 | promote@5m", {
        strategy: { autoPromotionEnabled: false, previewReplicaCount: 1 },
      }),
    ).toMatchInlineSnapshot(`
      "
            0m        4+0    Progressing - updated replicas are still becoming available
         0m02s        4+0    Healthy
            1m  > set image shop:v2
            1m        1+4    Progressing - more replicas need to be updated
         1m02s        1+4    Paused - BlueGreenPause
            5m  > promote
            5m        4+4    Progressing - active service cutover pending
         5m02s        4+4    Healthy
         5m32s        4+0    Healthy
      "
    `);
  });

  it("blue-green goes back, and again forward", async () => {
    expect(
      await story("bluegreen n3 | abort@5m retry@9m promote@12m", {
        strategy: { autoPromotionEnabled: false },
      }),
    ).toMatchInlineSnapshot(`
      "
            0m        3+0    Progressing - updated replicas are still becoming available
         0m02s        3+0    Healthy
            1m  > set image shop:v2
            1m        3+3    Progressing - active service cutover pending
         1m02s        3+3    Paused - BlueGreenPause
            5m  > abort
            5m        3+3    Degraded - RolloutAborted: Rollout aborted update to revision 2
         5m30s        0+3    Degraded - RolloutAborted: Rollout aborted update to revision 2
            9m  > retry
            9m        3+3    Progressing - active service cutover pending
         9m02s        3+3    Paused - BlueGreenPause
           12m  > promote
           12m        3+3    Healthy
        12m30s        3+0    Healthy
      "
    `);
  });

  it("blue-green is back at once while the old pods are kept", async () => {
    expect(await story("bluegreen n3 | undo@80s", { strategy: { scaleDownDelaySeconds: 300 } }))
      .toMatchInlineSnapshot(`
      "
            0m        3+0    Progressing - updated replicas are still becoming available
         0m02s        3+0    Healthy
            1m  > set image shop:v2
            1m        3+3    Progressing - active service cutover pending
         1m02s        3+3    Healthy
         1m20s  > undo
         6m20s        3+0    Healthy
      "
    `);
  });
});
