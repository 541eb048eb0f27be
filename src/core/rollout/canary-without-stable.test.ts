import { describe, expect, it } from "vitest";
import { promoteFully, resume } from "./testing/deeds.test-support.ts";
import { at, deploy, play, viewOf } from "./testing/play.test-support.ts";
import { canary, rolloutOf, routed } from "./testing/rollout-of.test-support.ts";
import type { ToyWorld } from "./testing/world.test-support.ts";

// v1 is there from the start; v2 comes at 10m, and then somebody deletes v1's ReplicaSet.

const v2 = at(600, deploy("web:v2"));

function deleteStable(world: ToyWorld): void {
  const { name } = world.replicaSetOf("web:v1")?.metadata ?? { name: "" };
  world.replicaSets.delete(name);
  world.pods.delete(name);
}

/** Without the invariants: half of the requests are lost by what was deleted. */
function goOn(world: ToyWorld): string {
  for (let passes = 0; passes < 10; passes += 1) {
    world.advanceTo(world.now + 5000);
    world.pass();
    world.settlePods();
  }
  return viewOf(world);
}

describe("a canary whose stable ReplicaSet is gone", () => {
  it("holds, until a person says that the new version is to be it", () => {
    const { world } = play(rolloutOf(routed("w50 p w80 p")), [v2], {}, 800);
    deleteStable(world);
    expect(goOn(world)).toMatchInlineSnapshot(
      `"50% · v2:2/2 · step 1/4 · Paused (CanaryPauseStep)"`,
    );
    resume(world);
    expect(goOn(world)).toMatchInlineSnapshot(
      `"50% · v2:4/4 · step 2/4 · Progressing (traffic is held before canary weight 50: there is no stable ReplicaSet)"`,
    );
    promoteFully(world);
    expect(goOn(world)).toMatchInlineSnapshot(`"0% · v2:4/4 · step 4/4 · Healthy"`);
    expect(world.rollout.status.stableRS).toBe(world.hashOfImage("web:v2"));
  });

  it("goes its way without a router", () => {
    const acts = [v2, at(900, deleteStable), at(1000, resume)];
    const { transcript } = play(rolloutOf(canary("w50 p")), acts);
    expect(transcript.slice(-3)).toMatchInlineSnapshot(`
      [
        "15m v2:2/4 · step 1/2 · Paused (CanaryPauseStep)",
        "15m10s v2:4/4 · step 1/2 · Paused (CanaryPauseStep)",
        "16m40s v2:4/4 · step 2/2 · Healthy",
      ]
    `);
  });
});

describe("a routed canary whose stable version serves nobody", () => {
  const broken = { brokenImages: ["web:v1"] };

  it("says what it waits for, and a person can promote the new version", () => {
    const acts = [v2, at(900, promoteFully)];
    const { transcript } = play(rolloutOf(routed("w50 p w80 p")), acts, broken);
    expect(transcript).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 4/4 · Progressing (updated replicas are still becoming available)",
        "10m v1:0/4 v2:0/2 · step 0/4 · Progressing (traffic is held before canary weight 0: stable ReplicaSet has 0 of 4 needed replicas available)",
        "10m10s v1:0/4 v2:2/2 · step 0/4 · Progressing (traffic is held before canary weight 50: stable ReplicaSet has 0 of 2 needed replicas available)",
        "15m v1:0/4 v2:2/4 · step 4/4 · Progressing (traffic is held before canary weight 0: stable ReplicaSet has 0 of 4 needed replicas available)",
        "15m10s 0% · v1:0/4 v2:4/4 · step 4/4 · Healthy",
        "15m40s 0% · v2:4/4 · step 4/4 · Healthy",
      ]
    `);
  });

  it("is replaced at once where there are no steps", () => {
    const { transcript } = play(rolloutOf(routed("")), [v2], broken);
    expect(transcript).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · Progressing (updated replicas are still becoming available)",
        "10m v1:0/4 v2:0/4 · Progressing (traffic is held before canary weight 0: stable ReplicaSet has 0 of 4 needed replicas available)",
        "10m10s 0% · v1:0/4 v2:4/4 · Healthy",
        "10m40s 0% · v2:4/4 · Healthy",
      ]
    `);
  });

  it("is replaced where the router confirms, too", () => {
    const { transcript } = play(rolloutOf(routed("")), [v2], { ...broken, acknowledgeSeconds: 2 });
    expect(transcript.at(-1)).toMatchInlineSnapshot(`"10m42s 0% · v2:4/4 · Healthy"`);
  });
});
