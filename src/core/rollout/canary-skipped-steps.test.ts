import { describe, expect, it } from "vitest";
import { at, deploy, play } from "./testing/play.test-support.ts";
import { rolloutOf, routed } from "./testing/rollout-of.test-support.ts";
import type { ToyWorld } from "./testing/world.test-support.ts";

// v1 is there from the start; v2 comes at 10m and is promoted. Pods come one after the other.

const options = { podStaggerSeconds: 5 };
const v2 = at(600, deploy("web:v2"));
const line = "w20 p1 w80 p1";

describe("a routed canary whose steps are skipped", () => {
  it("goes back within the window as fast as its pods come, and no faster", () => {
    const rollout = rolloutOf(routed(line), { replicas: 5, rollbackWindowRevisions: 3 });
    const { transcript } = play(rollout, [v2, at(6000, deploy("web:v1"))], options);
    expect(transcript.slice(-7)).toMatchInlineSnapshot(`
      [
        "100m 0% · v1:0/5 v2:5/5 · step 4/4 · Progressing (waiting for all steps to complete)",
        "100m10s 20% · v1:1/5 v2:5/5 · step 4/4 · Progressing (waiting for all steps to complete)",
        "100m15s 40% · v1:2/5 v2:5/5 · step 4/4 · Progressing (waiting for all steps to complete)",
        "100m20s 60% · v1:3/5 v2:5/5 · step 4/4 · Progressing (waiting for all steps to complete)",
        "100m25s 80% · v1:4/5 v2:5/5 · step 4/4 · Progressing (waiting for all steps to complete)",
        "100m30s 0% · v1:5/5 v2:5/5 · step 4/4 · Healthy",
        "101m 0% · v1:5/5 · step 4/4 · Healthy",
      ]
    `);
  });

  it("keeps stable's pods while they are needed (dynamicStableScale)", () => {
    const strategy = routed(line, { dynamicStableScale: true });
    const rollout = rolloutOf(strategy, { replicas: 5, rollbackWindowRevisions: 3 });
    const { transcript } = play(rollout, [v2, at(6000, deploy("web:v1"))], options);
    expect(transcript.slice(-6)).toMatchInlineSnapshot(`
      [
        "100m 0% · v1:0/5 v2:5/5 · step 4/4 · Progressing (waiting for all steps to complete)",
        "100m10s 20% · v1:1/5 v2:4/4 · step 4/4 · Progressing (waiting for all steps to complete)",
        "100m15s 40% · v1:2/5 v2:3/3 · step 4/4 · Progressing (waiting for all steps to complete)",
        "100m20s 60% · v1:3/5 v2:2/2 · step 4/4 · Progressing (waiting for all steps to complete)",
        "100m25s 80% · v1:4/5 v2:1/1 · step 4/4 · Progressing (waiting for all steps to complete)",
        "100m30s 0% · v1:5/5 · step 4/4 · Healthy",
      ]
    `);
  });

  it("gets a skipped step's weight with its pods", () => {
    const skip = (world: ToyWorld): void => world.changeStatus({ currentStepIndex: 3 });
    const rollout = rolloutOf(routed("w20 p1 w80 p"), { replicas: 5 });
    const { transcript } = play(rollout, [v2, at(675, skip)], options);
    expect(transcript.slice(-5)).toMatchInlineSnapshot(`
      [
        "11m10s 20% · v1:5/5 v2:1/4 · step 2/4 · Progressing (more replicas need to be updated)",
        "11m15s 20% · v1:5/5 v2:1/4 · step 3/4 · Paused (CanaryPauseStep)",
        "11m25s 40% · v1:5/5 v2:2/4 · step 3/4 · Paused (CanaryPauseStep)",
        "11m30s 60% · v1:5/5 v2:3/4 · step 3/4 · Paused (CanaryPauseStep)",
        "11m35s 80% · v1:5/5 v2:4/4 · step 3/4 · Paused (CanaryPauseStep)",
      ]
    `);
  });
});

describe("a routed canary whose weight is lowered", () => {
  const dynamic = { dynamicStableScale: true };

  it("keeps the pods of its share until stable can take it: steps edited", () => {
    const edit = at(700, (world) => world.changeSpec({ strategy: routed("w20 p w40 p", dynamic) }));
    const rollout = rolloutOf(routed("w60 p", dynamic), { replicas: 5 });
    const { transcript } = play(rollout, [v2, edit], options);
    expect(transcript.slice(-4)).toMatchInlineSnapshot(`
      [
        "10m20s 60% · v1:2/2 v2:3/3 · step 1/2 · Paused (CanaryPauseStep)",
        "11m40s 60% · v1:2/4 v2:3/3 · step 0/4 · Progressing (traffic is held before canary weight 20: stable ReplicaSet has 2 of 4 needed replicas available)",
        "12m 60% · v1:3/4 v2:3/3 · step 0/4 · Progressing (traffic is held before canary weight 20: stable ReplicaSet has 3 of 4 needed replicas available)",
        "12m5s 20% · v1:4/4 v2:1/1 · step 1/4 · Paused (CanaryPauseStep)",
      ]
    `);
  });

  it("keeps the pods of its share until stable can take it: by its steps", () => {
    const rollout = rolloutOf(routed("w60 p1 w20 p", dynamic), { replicas: 5 });
    const { transcript } = play(rollout, [v2], options);
    expect(transcript.slice(-4)).toMatchInlineSnapshot(`
      [
        "10m20s 60% · v1:2/2 v2:3/3 · step 1/4 · Paused (CanaryPauseStep)",
        "11m20s 60% · v1:2/4 v2:3/3 · step 2/4 · Progressing (traffic is held before canary weight 20: stable ReplicaSet has 2 of 4 needed replicas available)",
        "11m40s 60% · v1:3/4 v2:3/3 · step 2/4 · Progressing (traffic is held before canary weight 20: stable ReplicaSet has 3 of 4 needed replicas available)",
        "11m45s 20% · v1:4/4 v2:1/1 · step 3/4 · Paused (CanaryPauseStep)",
      ]
    `);
  });

  it("is lowered at once where stable is complete", () => {
    const edit = at(700, (world) => world.changeSpec({ strategy: routed("w20 p w40 p") }));
    const { transcript } = play(rolloutOf(routed("w60 p"), { replicas: 5 }), [v2, edit], options);
    expect(transcript.slice(-2)).toMatchInlineSnapshot(`
      [
        "10m20s 60% · v1:5/5 v2:3/3 · step 1/2 · Paused (CanaryPauseStep)",
        "11m40s 20% · v1:5/5 v2:1/1 · step 1/4 · Paused (CanaryPauseStep)",
      ]
    `);
  });
});
